package main_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"proprio/db/dbtest"
)

// TestDiskFull runs the server on a small volume and fills it while eight clients write. Whoever cannot be served is told
// so (507 or 503, with Retry-After), what was acknowledged is there, reads go on, and when there is room again writes do, by
// themselves. The file is sound throughout.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	i := newInstallation(t, "")
	volume := smallVolume(t)
	i.where = []string{"--data", volume}
	i.command("company", "create", "Full", "--domain", "kill.example", "--assume-verified")
	c := newCaller(i.url+"/scim/v2", i.command("token", "create", "--company", "Full", "--connection", "idp"))
	c.http.Transport = toldWhen{t, http.DefaultTransport}
	running := i.serve()
	ballast := filepath.Join(volume, "ballast")
	kept := map[string]bool{}
	for round := range 3 {
		fill(t, ballast)
		for name := range writeUntilFull(t, c, round) {
			kept[name] = true
		}
		wantAnswering(t, i, c, kept)
		dbtest.Sound(t, volume)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("after%d@kill.example", round)
		c.must(t, "POST", "/Users", person(name), 201)
		kept[name] = true
		wantAnswering(t, i, c, kept)
	}
	running.kill()
	i.serve()
	wantAnswering(t, i, c, kept)
	dbtest.Sound(t, volume)
}

// toldWhen fails where somebody is refused and is not told when to come again.
type toldWhen struct {
	t   *testing.T
	way http.RoundTripper
}

func (w toldWhen) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.way.RoundTrip(req)
	if err != nil || resp.StatusCode < 500 {
		return resp, err
	}
	after := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(after); err != nil || seconds < 1 {
		w.t.Errorf("%s %s: %s with Retry-After %q", req.Method, req.URL.Path, resp.Status, after)
	}
	return resp, nil
}

// smallVolume is a folder on a volume of its own, of a few MiB. Only root may make one.
func smallVolume(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if os.Getuid() != 0 {
		t.Skip("a small volume can only be mounted by root; db.TestFullDisk fills a database without one")
	}
	out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs", dir).CombinedOutput()
	if err != nil {
		t.Skipf("no small volume can be mounted here (%v: %s); db.TestFullDisk fills a database without one", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// fill takes what room is left but for a MiB, so that the disk fills up while clients write.
func fill(t *testing.T, file string) {
	t.Helper()
	const left = 1 << 20
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for block := make([]byte, size); ; {
			if n, err := f.Write(block); err != nil || n < size {
				break
			}
		}
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err == nil {
		err = f.Truncate(size - left)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writeUntilFull creates people with eight clients until each was refused three times, and returns who was acknowledged.
func writeUntilFull(t *testing.T, c *caller, round int) map[string]bool {
	t.Helper()
	var mu sync.Mutex
	kept := map[string]bool{}
	var done sync.WaitGroup
	for client := range 8 {
		done.Go(func() {
			for n, refused := 0, 0; refused < 3 && n < 20000; n++ {
				name := fmt.Sprintf("r%dc%dn%d@kill.example", round, client, n)
				status, answer, err := c.do("POST", "/Users", person(name))
				switch {
				case err != nil:
					t.Errorf("POST %s: %v", name, err)
					return
				case status == http.StatusCreated:
					mu.Lock()
					kept[name] = true
					mu.Unlock()
				case status == http.StatusInsufficientStorage || status == http.StatusServiceUnavailable:
					refused++
				default:
					t.Errorf("POST %s: %d %v", name, status, answer)
					return
				}
			}
		})
	}
	done.Wait()
	if len(kept) == 0 {
		t.Errorf("round %d: nobody was acknowledged before the disk was full", round)
	}
	t.Logf("round %d: %d people were acknowledged before the disk was full", round, len(kept))
	return kept
}

// wantAnswering fails unless the server is ready and shows who was acknowledged, and nobody else.
func wantAnswering(t *testing.T, i *installation, c *caller, kept map[string]bool) {
	t.Helper()
	resp, err := http.Get(i.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("/readyz: %d; reads can be answered", resp.StatusCode)
	}
	users := byKey(t, c.all(t, "/Users"), "userName")
	for name := range kept {
		if users[name] == nil {
			t.Errorf("%s: acknowledged, but not there", name)
		}
	}
	if len(users) != len(kept) {
		t.Errorf("%d users, %d were acknowledged", len(users), len(kept))
	}
}
