package dbtest

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// StartTied starts a process that gets a signal when this one ends, however it ends. More of cmd.SysProcAttr is kept.
//
// Linux sends that signal when the thread ends that started the process (prctl(2), PR_SET_PDEATHSIG), and a thread of Go
// ends with a goroutine that is locked to it. So all are started from one thread that never ends.
func StartTied(cmd *exec.Cmd, signal syscall.Signal) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = signal
	started := make(chan error)
	starter() <- func() { started <- cmd.Start() }
	return <-started
}

// starter is the thread: it does what it is given.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for do := range work {
			do()
		}
	}()
	return work
})
