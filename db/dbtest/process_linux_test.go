package dbtest_test

import (
	"bufio"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"proprio/db/dbtest"
)

// A process outlives the goroutine and the thread that asked for it.
func TestStartTied_isNotTiedToAThread(t *testing.T) {
	cat := exec.Command("cat")
	in, err := cat.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cat.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	thread := onADyingThread(func() { err = dbtest.StartTied(cat, syscall.SIGKILL) })
	if err != nil {
		t.Fatal(err)
	}
	for syscall.Tgkill(syscall.Getpid(), thread, 0) == nil {
		time.Sleep(time.Millisecond)
	}
	if _, err := in.Write([]byte("alive\n")); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "alive\n" {
		t.Errorf("%q %v", line, err)
	}
	in.Close()
	if err := cat.Wait(); err != nil {
		t.Error(err)
	}
}

// onADyingThread does something on a thread that ends soon afterwards. The first thread of a process never ends, so it is
// kept busy when it comes up.
func onADyingThread(do func()) int {
	thread := make(chan int)
	var look func()
	look = func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if syscall.Gettid() == syscall.Getpid() {
			next := make(chan struct{})
			go func() { look(); close(next) }()
			<-next
			return
		}
		do()
		thread <- syscall.Gettid()
	}
	go look()
	return <-thread
}
