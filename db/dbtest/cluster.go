package dbtest

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Cluster is a Postgres server of one test, which may stop and start it. What it acknowledged is on the disk.
type Cluster struct {
	URL string

	t       testing.TB
	bin     string
	dir     string
	port    string
	account *syscall.Credential
	running *exec.Cmd
	ended   chan error
}

// NewCluster makes and starts a server, which ends with the test. Without Postgres the test is skipped, or fails when
// CI=true.
func NewCluster(t testing.TB) *Cluster {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Postgres is required when CI=true: %v", err)
		}
		t.Skipf("skipped: %v", err)
	}
	account, err := unprivileged()
	if err != nil {
		t.Fatal(err)
	}
	c := &Cluster{t: t, bin: bin, account: account}
	c.dir, err = os.MkdirTemp("", "proprio-pg-") // not t.TempDir, whose folders are root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(c.dir) })
	c.port = c.freePort()
	c.URL = "postgres://proprio@127.0.0.1:" + c.port + "/postgres?" + url.Values{"sslmode": {"disable"}}.Encode()
	c.initialize()
	t.Cleanup(func() { c.Stop(syscall.SIGQUIT) })
	c.Start()
	return c
}

func (c *Cluster) freePort() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func (c *Cluster) initialize() {
	c.t.Helper()
	if c.account != nil {
		if err := os.Chown(c.dir, int(c.account.Uid), int(c.account.Gid)); err != nil {
			c.t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(context.Background(), filepath.Join(c.bin, "initdb"), "-D", filepath.Join(c.dir, "data"),
		"-U", "proprio", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.Dir, cmd.SysProcAttr = c.dir, &syscall.SysProcAttr{Credential: c.account}
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("initdb: %v\n%s", err, out)
	}
}

// Start starts the server and returns when it takes connections.
func (c *Cluster) Start() {
	c.t.Helper()
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), "-D", filepath.Join(c.dir, "data"), "-p", c.port,
		"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+c.dir, "-c", "max_connections=100")
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.account, Setsid: true}
	if err := StartTied(cmd, syscall.SIGQUIT); err != nil {
		c.t.Fatalf("start Postgres: %v", err)
	}
	c.running, c.ended = cmd, make(chan error, 1)
	go func() { c.ended <- cmd.Wait() }()
	if err := answer(c.URL, c.ended, time.Minute); err != nil {
		said, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		c.t.Fatalf("the Postgres server did not start: %v: %s", err, said)
	}
}

// Stop ends the server: with SIGINT it closes properly, with SIGQUIT it breaks off and recovers at the next start.
func (c *Cluster) Stop(how syscall.Signal) {
	c.t.Helper()
	if c.running == nil {
		return
	}
	if err := c.running.Process.Signal(how); err != nil {
		c.t.Errorf("stop Postgres: %v", err)
		return
	}
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		c.t.Errorf("stop Postgres: %v", fmt.Errorf("it did not end within a minute"))
	}
	c.running = nil
}
