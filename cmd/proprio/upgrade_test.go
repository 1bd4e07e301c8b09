package main_test

import (
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// previousVersion is the commit of the version that is in use when this one is put in its place.
const previousVersion = "9bbbbc4"

// previous builds the previous version from the repository's history. Without the history the test is skipped.
func previous(t *testing.T) string {
	t.Helper()
	git := func(args ...string) ([]byte, error) { return exec.Command("git", args...).CombinedOutput() }
	if out, err := git("rev-parse", "--verify", "--quiet", previousVersion+"^{commit}"); err != nil {
		t.Skipf("skipped: the history that has the previous version %s is not here: %v %s", previousVersion, err, out)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "source.tar")
	top, err := git("rev-parse", "--show-toplevel")
	if err != nil {
		t.Fatalf("git: %v\n%s", err, top)
	}
	archive := exec.Command("git", "archive", "--output", source, previousVersion)
	archive.Dir = filepath.Clean(string(top[:len(top)-1])) // of the whole repository
	if out, err := archive.CombinedOutput(); err != nil {
		t.Fatalf("git archive: %v\n%s", err, out)
	}
	if out, err := exec.Command("tar", "-x", "-f", source, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	path := filepath.Join(dir, "previous")
	build := exec.Command("go", "build", "-o", path, "./cmd/proprio")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build of the previous version: %v\n%s", err, out)
	}
	return path
}

// TestCampaignUpgrade replaces two replicas of the previous version by this one, one after the other, while clients write
// and read through both: the new one migrates the database that the previous one serves, which goes on, and even starts
// again, on the new schema. What the previous one wrote meanwhile counts. Nothing is lost, and nobody sees an error but 503.
func TestCampaignUpgrade(t *testing.T) {
	t.Parallel()
	if !full() {
		t.Skip("skipped: PROPRIO_CAMPAIGN=full runs it, it builds the previous version")
	}
	c := newChaos(t, previous(t))
	writers := make([]*writer, 6)
	var done sync.WaitGroup
	for n := range writers {
		writers[n] = &writer{caller: c.caller, name: string(rune('a' + n)), people: 400}
		done.Go(writers[n].run)
	}
	const mixed = 4 * time.Second // both versions serve
	time.Sleep(mixed)
	before := c.schema()
	c.upgrade(0)
	if after := c.schema(); after <= before {
		t.Errorf("the schema was at %d and is at %d: nothing was migrated while the previous version served", before, after)
	}
	time.Sleep(mixed)
	c.disturb("kill", 1) // the previous version starts on the new schema
	time.Sleep(mixed)
	c.upgrade(1)
	done.Wait()
	for _, w := range writers {
		if w.err != nil {
			t.Error(w.err)
		}
	}
	for _, fault := range c.balance.faults {
		t.Error(fault)
	}
	t.Logf("%d requests; %d answered 503, %d lost with a stopped process", c.balance.sent.Load(), c.balance.busy, c.balance.lost)
	if t.Failed() {
		return
	}
	checkSource(t, c.caller, writers)
	c.checkTotals()
	c.checkRecord()
	checkDownstream(t, c.downstream, writers)
}

// upgrade stops a replica, and starts this version in its place.
func (c *chaos) upgrade(n int) {
	c.t.Helper()
	c.replicas[n].program = ""
	c.disturb("stop", n)
	c.replicas[n].unguarded("target") // the previous version has no guard to turn off
}

// schema is the number of the newest migration in place.
func (c *chaos) schema() (version int) {
	c.t.Helper()
	plain, err := sql.Open("postgres", c.cluster.URL)
	if err == nil {
		defer plain.Close()
		err = plain.QueryRow(`select max(version_id) from goose_db_version where is_applied`).Scan(&version)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return version
}

// checkTotals compares what lists say of how many there are with the rows.
func (c *chaos) checkTotals() {
	c.t.Helper()
	plain, err := sql.Open("postgres", c.cluster.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	defer plain.Close()
	for _, typ := range []string{"User", "Group"} {
		var rows float64
		if err := plain.QueryRow(`select count(*) from resources where type = $1`, typ).Scan(&rows); err != nil {
			c.t.Fatal(err)
		}
		for _, i := range c.replicas {
			said := newCaller(i.url+"/scim/v2", c.caller.token).must(c.t, "GET", "/"+typ+"s?count=0", nil, 200)
			if said["totalResults"] != rows {
				c.t.Errorf("%s says that there are %v of %s; %v are there", i.url, said["totalResults"], typ, rows)
			}
		}
	}
}
