package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// TestDemoCheck plays the whole story as an outsider would, over HTTP: every step must be seen.
func TestDemoCheck(t *testing.T) {
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	cmd := exec.Command(path, "demo", "--check")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Everything was seen.") {
		t.Fatalf("%v\n%s", err, out)
	}
	if steps := regexp.MustCompile(`(?m)^   seen after`).FindAllString(string(out), -1); len(steps) != 8 {
		t.Errorf("%d steps were seen, want 8\n%s", len(steps), out)
	}
	if left, _ := filepath.Glob(temp + "/*"); len(left) > 0 {
		t.Errorf("the demo left %v behind", left)
	}
}

// TestDemoStops: Ctrl-C ends it cleanly and throws its data away.
func TestDemoStops(t *testing.T) {
	t.Parallel()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	cmd := exec.Command(path, "demo")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	told := &waitFor{words: "Now look for yourself", seen: make(chan struct{})}
	cmd.Stdout = told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-told.seen:
	case err := <-ended:
		t.Fatalf("the demo ended by itself: %v\n%s", err, told.text)
	}
	cmd.Process.Signal(syscall.SIGINT)
	if err := <-ended; err != nil {
		t.Errorf("exit: %v", err)
	}
	if left, _ := filepath.Glob(temp + "/*"); len(left) > 0 {
		t.Errorf("the demo left %v behind", left)
	}
}

// waitFor is a writer that tells when words have been written.
type waitFor struct {
	words string
	text  string
	seen  chan struct{}
}

func (w *waitFor) Write(p []byte) (int, error) {
	before := strings.Contains(w.text, w.words)
	w.text += string(p)
	if !before && strings.Contains(w.text, w.words) {
		close(w.seen)
	}
	return len(p), nil
}
