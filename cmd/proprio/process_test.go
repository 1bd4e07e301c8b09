package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"proprio/db/dbtest"
)

// binary builds the program once for the tests that run it as a process of its own.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "proprio-test-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "proprio")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// full says whether the campaigns run whole (in CI) or with small counts.
func full() bool { return os.Getenv("PROPRIO_CAMPAIGN") == "full" }

// installation is one place where Proprio keeps its data, as a user would have it.
type installation struct {
	t       testing.TB
	program string   // its path; empty: the one that is tested
	where   []string // --data DIR [--database DSN]
	listen  string
	url     string
}

func newInstallation(t testing.TB, database string) *installation {
	t.Helper()
	i := &installation{t: t, where: []string{"--data", t.TempDir()}, listen: freeAddress(t)}
	if database != "" {
		i.where = append(i.where, "--database", database)
	}
	i.url = "http://" + i.listen
	return i
}

// path is where the program is.
func (i *installation) path() string {
	i.t.Helper()
	if i.program != "" {
		return i.program
	}
	path, err := binary()
	if err != nil {
		i.t.Fatal(err)
	}
	return path
}

// command runs an administrator's command and returns its standard output.
func (i *installation) command(args ...string) string {
	i.t.Helper()
	out, err := i.try(args...)
	if err != nil {
		i.t.Fatalf("proprio %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (i *installation) try(args ...string) (string, error) {
	i.t.Helper()
	cmd := exec.Command(i.path(), append(args, i.where...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%w: %s", err, stderr.String())
	}
	return strings.TrimSpace(stdout.String()), nil
}

// server is a running `proprio serve`.
type server struct {
	cmd  *exec.Cmd
	log  *bytes.Buffer
	once sync.Once
}

// serve starts the server and waits until it is ready.
func (i *installation) serve(more ...string) *server {
	i.t.Helper()
	s := &server{log: new(bytes.Buffer)}
	args := append([]string{"serve", "--listen", i.listen, "--log-level", "warn"}, i.where...)
	s.cmd = exec.Command(i.path(), append(args, more...)...)
	s.cmd.Stderr = s.log
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		i.t.Fatal(err)
	}
	if err := dbtest.StartTied(s.cmd, syscall.SIGKILL); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(s.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "listening on ") {
		s.kill()
		i.t.Fatalf("the server did not start: %q %v\n%s", line, err, s.log)
	}
	go io.Copy(io.Discard, stdout)
	i.await(s)
	return s
}

func (i *installation) await(s *server) {
	i.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if resp, err := http.Get(i.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.kill()
	i.t.Fatalf("the server is not ready\n%s", s.log)
}

// kill ends the server as a power cut would, by its process id.
func (s *server) kill() {
	s.once.Do(func() {
		s.cmd.Process.Signal(syscall.SIGKILL)
		s.cmd.Wait()
	})
}

// stop asks the server to end, as a service manager does.
func (s *server) stop() error { return s.cmd.Process.Signal(syscall.SIGTERM) }

// wait is how the server ended.
func (s *server) wait() (err error) {
	s.once.Do(func() { err = s.cmd.Wait() })
	return err
}

// ports counts those that freeAddress has looked at.
var ports = sync.OnceValue(func() *atomic.Int64 {
	n := new(atomic.Int64)
	n.Store(10_000 + rand.Int64N(10_000))
	return n
})

// freeAddress is where nobody listens. Its port is below those that a system gives out by itself, so that nobody gets it
// before it is used, or while its server is away.
func freeAddress(t testing.TB) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", ports().Add(1))
		l, err := net.Listen("tcp", address)
		switch {
		case err == nil:
			l.Close()
			return address
		case !errors.Is(err, syscall.EADDRINUSE):
			t.Fatal(err)
		}
	}
}
