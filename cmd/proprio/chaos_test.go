package main_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"
	"time"

	"proprio/db/dbtest"
)

// TestCampaignChaos runs two replicas on one Postgres while clients write and read through both. One replica after the
// other is killed or told to stop, and started again; Postgres is broken off and closed, and started again. Every error is
// a 503 with Retry-After, or a connection to the process that was killed. While one replica is away the other one writes;
// within ten seconds of the end of a replica or of Postgres, its start among them, all works again. Afterwards every
// acknowledged write is there, none twice, the record tells each version of each resource once, and the app downstream
// holds the same.
func TestCampaignChaos(t *testing.T) {
	t.Parallel()
	people, pause, rounds := 180, 300, []string{"kill", "break off"}
	if full() {
		people, pause = 4000, 3000
		for range 3 {
			rounds = append(rounds, "stop", "close", "kill", "break off")
		}
	}
	c := newChaos(t, "")
	writers := make([]*writer, 6)
	var done sync.WaitGroup
	for n := range writers {
		writers[n] = &writer{caller: c.caller, name: fmt.Sprintf("w%d", n), people: people / len(writers)}
		done.Go(writers[n].run)
	}
	for n, what := range rounds {
		time.Sleep(time.Duration(rand.IntN(pause)) * time.Millisecond) // anywhere in the work
		c.disturb(what, n%2)
	}
	done.Wait()
	for _, w := range writers {
		if w.err != nil {
			t.Error(w.err)
		}
	}
	for _, fault := range c.balance.faults {
		t.Error(fault)
	}
	t.Logf("%d requests; %d answered 503, %d lost with a killed process; slowest recovery %s", c.balance.sent.Load(),
		c.balance.busy, c.balance.lost, c.slowest.Round(time.Millisecond))
	if t.Failed() {
		for n, r := range c.running {
			said := fmt.Sprint(r.log)
			t.Logf("replica %d said at last: %s", n, said[max(0, len(said)-6000):])
		}
		return
	}
	checkSource(t, c.caller, writers)
	c.checkRecord()
	checkDownstream(t, c.downstream, writers)
}

// chaos is two replicas on one Postgres, and an app downstream.
type chaos struct {
	t          *testing.T
	cluster    *dbtest.Cluster
	replicas   [2]*installation
	running    [2]*server
	balance    *balance
	caller     *caller // through the balance
	downstream *caller
	slowest    time.Duration // of the recoveries
}

// newChaos starts replicas of a program; empty: of the one that is tested.
func newChaos(t *testing.T, program string) *chaos {
	c := &chaos{t: t, cluster: dbtest.NewCluster(t)}
	first := newInstallation(t, c.cluster.URL)
	first.program = program
	second := *first // one database, one keyset
	second.listen = freeAddress(t)
	second.url = "http://" + second.listen
	c.replicas = [2]*installation{first, &second}
	first.command("company", "create", "Chaos", "--domain", "kill.example", "--assume-verified")
	token := first.command("token", "create", "--company", "Chaos", "--connection", "idp")
	app, calm := newFlakyApp(t)
	calm.Store(true) // what happens here is trouble enough
	first.addApp("Chaos", "target", app.url, appToken)
	if program == "" {
		first.unguarded("target")
	}
	c.downstream = newCaller(app.url, appToken)
	for n, i := range c.replicas {
		c.running[n] = i.serve()
	}
	c.balance = newBalance(first.listen, second.listen)
	c.caller = newCaller("http://balance/scim/v2", token)
	c.caller.http.Transport = c.balance
	return c
}

// disturb does one thing to a replica or to Postgres, and waits until all works again. While a replica is away, the other
// one serves.
func (c *chaos) disturb(what string, n int) {
	c.t.Helper()
	i, other := c.replicas[n], c.replicas[1-n]
	var gone time.Time
	switch what {
	case "kill", "stop":
		c.balance.down(i.listen, true)
		if what == "kill" {
			c.running[n].kill()
		} else {
			c.drain(n)
		}
		gone = time.Now()
		c.t.Logf("%s: the other replica writes after %s", what, c.works(other, gone).Round(time.Millisecond))
		c.running[n] = i.serve()
		c.balance.down(i.listen, false)
	case "break off":
		c.cluster.Stop(syscall.SIGQUIT)
		gone = time.Now()
		c.cluster.Start()
	case "close":
		c.cluster.Stop(syscall.SIGINT)
		gone = time.Now()
		c.cluster.Start()
	}
	c.works(i, gone)
	took := c.works(other, gone)
	c.slowest = max(c.slowest, took)
	c.t.Logf("%s: works again after %s", what, took.Round(time.Millisecond))
}

// drain tells a replica to stop, and waits until it has.
func (c *chaos) drain(n int) {
	c.t.Helper()
	if err := c.running[n].stop(); err != nil {
		c.t.Fatal(err)
	}
	if err := c.running[n].wait(); err != nil {
		c.t.Errorf("a replica that was told to stop ended with %v\n%s", err, c.running[n].log)
	}
}

// works waits until a replica reads and writes, ten seconds from a moment at most, and returns how long that took.
func (c *chaos) works(i *installation, from time.Time) time.Duration {
	c.t.Helper()
	direct := newCaller(i.url+"/scim/v2", c.caller.token)
	for {
		probe, err := direct.find("/Users", "userName", "probe@kill.example")
		var status int
		switch {
		case err == nil && probe == nil:
			status, _, err = direct.do("POST", "/Users", person("probe@kill.example"))
		case err == nil:
			status, _, err = direct.do("DELETE", "/Users/"+probe["id"].(string), nil)
		}
		took := time.Since(from)
		if took > 10*time.Second {
			c.t.Fatalf("%s does not write ten seconds after what was done to it or to the other: %d %v", i.url, status, err)
		}
		if err == nil && status == 204 {
			return took
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// checkRecord compares the record with the resources: each version of each is told once, and the last one is in place.
func (c *chaos) checkRecord() {
	c.t.Helper()
	plain, err := sql.Open("postgres", c.cluster.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	defer plain.Close()
	for what, query := range map[string]string{
		"versions told twice": `select count(*) from (select 1 from audit_entries where version > 0
			and action <> 'remove' group by company_id, object_id, version having count(*) > 1) twice`,
		"resources whose versions are not all told": `select count(*) from resources r where r.version <> (select count(distinct version)
			from audit_entries e where e.company_id = r.company_id and e.object_id = r.id and e.version > 0)`,
		"resources without a beginning": `select count(*) from resources r where not exists (select 1
			from audit_entries e where e.company_id = r.company_id and e.object_id = r.id and e.action = 'create')`,
		"removals told twice": `select count(*) from (select 1 from audit_entries where action = 'remove'
			group by company_id, object_id having count(*) > 1) twice`,
		"leases of duties that nobody holds": `select count(*) from duties
			where owner <> '' and lease_until < extract(epoch from clock_timestamp()) * 1000000 - 5000000`,
	} {
		var n int
		if err := plain.QueryRow(query).Scan(&n); err != nil {
			c.t.Fatal(err)
		}
		if n != 0 {
			c.t.Errorf("%s: %d", what, n)
		}
	}
}
