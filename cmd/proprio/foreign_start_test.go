package main_test

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"proprio/db/dbtest"
)

// foreignServer is a SCIM server that is not ours, run as a process of its own.
type foreignServer struct {
	name  string
	start func(t *testing.T) (base string)
}

const foreignToken = "token-of-the-foreign-server"

var foreignServers = []foreignServer{
	{"scimmy-routers", startScimmy},
	{"scim2-server", startScim2Server},
	{"scim-sdk", startScimSDK},
}

func startScimmy(t *testing.T) string {
	cmd := exec.Command("node", "server.mjs")
	cmd.Dir = component(t, "PROPRIO_TEST_SCIMMY", "a copy of testdata/scimmy after npm install")
	return startListening(t, cmd) + "/scim/v2"
}

// The Java virtual machine is kept small, and compiles little: it lives for a few seconds.
func startScimSDK(t *testing.T) string {
	jar := component(t, "PROPRIO_TEST_SCIM_SDK", "the path of scim-sdk.jar, which mvn package makes of a copy of testdata/scim-sdk")
	return startListening(t, exec.Command("java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
		"-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-jar", jar))
}

// startListening starts a server that takes the token from SCIM_TOKEN, says where it listens, and ends with its standard input.
func startListening(t *testing.T, cmd *exec.Cmd) (address string) {
	t.Helper()
	cmd.Env = append(os.Environ(), "SCIM_TOKEN="+foreignToken)
	cmd.Stderr = t.Output()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, cmd)
	t.Cleanup(func() { stdin.Close() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if !ok {
		t.Fatalf("%s did not start: %q %v", cmd, line, err)
	}
	return address
}

func startScim2Server(t *testing.T) string {
	program := component(t, "PROPRIO_TEST_SCIM2_SERVER", "the path of scim2-server")
	address := freeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(program, "--hostname", "127.0.0.1", "--port", port, "--bearer-token", foreignToken))
	base := "http://" + address + "/v2"
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		resp, err := http.Get(base + "/ServiceProviderConfig")
		if err == nil {
			resp.Body.Close()
			return base
		}
		if time.Now().After(deadline) {
			t.Fatalf("scim2-server did not start: %v", err)
		}
	}
}

// component names something outside Go that a test needs. Without it the test is skipped, or fails in CI.
func component(t *testing.T, variable, what string) string {
	t.Helper()
	path := os.Getenv(variable)
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not set; it is required in CI: %s", variable, what)
		}
		t.Skipf("skipped: set %s to %s", variable, what)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return absolute
}

// run starts a process that dies with the test.
func run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := dbtest.StartTied(cmd, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
}
