package main

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"proprio/db"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// lastBackup is the moment that the newest backup shows.
func (i *instance) lastBackup(ctx context.Context) (time.Time, error) {
	b, err := i.db.LastBackup(ctx)
	if errors.Is(err, resources.ErrNotFound) {
		err = nil
	}
	return b.Taken, err
}

// files are what the server has on the disk, and the room that is left.
func (c *collector) files(to chan<- prometheus.Metric) {
	if free, size, err := diskSpace(c.data); err == nil {
		gauge("proprio_disk_free_bytes", "What is left on the disk of the data folder.").send(to, float64(free))
		gauge("proprio_disk_size_bytes", "The size of that disk.").send(to, float64(size))
	}
	transactions, changes, counted := c.db.Writes()
	if !counted {
		return
	}
	counter("proprio_sqlite_transactions_total", "Transactions that SQLite committed.").send(to, float64(transactions))
	counter("proprio_sqlite_writes_total", "Changes in those transactions: those made at the same time share one.").send(to, float64(changes))
	for name, m := range map[string]*metric{
		"proprio.db":     gauge("proprio_sqlite_file_bytes", "The size of SQLite's file."),
		"proprio.db-wal": gauge("proprio_sqlite_wal_bytes", "The size of SQLite's write-ahead log."),
	} {
		if info, err := os.Stat(filepath.Join(c.data, name)); err == nil {
			m.send(to, float64(info.Size()))
		}
	}
}

// waiting is work that is to be done, and for how long the oldest of it has been.
func (c *collector) waiting(to chan<- prometheus.Metric, queues []db.Queue) {
	length := gauge("proprio_queue_length", "What waits in a queue, counted to 100000.", "queue")
	oldest := gauge("proprio_queue_oldest_seconds", "For how long the oldest in a queue has waited.", "queue")
	for _, q := range queues {
		length.send(to, float64(q.Waiting), q.Name)
		oldest.send(to, c.since(q.Oldest), q.Name)
	}
}

// since is how many seconds ago that was; 0 for no time, and for one that the clock of another replica has ahead.
func (c *collector) since(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return max(0, c.now().Sub(t).Seconds())
}

// leases say whether what one replica does for all is done.
func (c *collector) leases(to chan<- prometheus.Metric, duties []db.Duty) {
	held := gauge("proprio_duty_held", "1 while a replica does the duty.", "duty")
	lease := gauge("proprio_duty_lease_age_seconds", "Since when the replica that does the duty does it; 0 when none does.", "duty")
	late := gauge("proprio_duty_late_seconds", "For how long the duty has been due while no replica does it.", "duty")
	failed := gauge("proprio_duty_failed", "1 when the duty failed the last time.", "duty")
	finished := gauge("proprio_duty_last_finished_timestamp_seconds", "When the duty came to its end the last time, in Unix time.", "duty")
	for _, d := range duties {
		holds := d.Owner != "" && d.Until.After(c.now())
		held.send(to, truth(holds), d.Name)
		age := 0.0
		if holds {
			age = c.since(d.Started)
		}
		lease.send(to, age, d.Name)
		late.send(to, d.Late.Seconds(), d.Name)
		failed.send(to, truth(d.Outcome != ""), d.Name)
		if !d.Finished.IsZero() {
			finished.send(to, float64(d.Finished.UnixMicro())/1e6, d.Name)
		}
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// counts are how many there are of what, of all companies together: a label for each company would be a series for each,
// and tell whoever reads the metrics who they are.
func counts(to chan<- prometheus.Metric, c db.Census) {
	gauge("proprio_companies", "Companies.").send(to, float64(c.Companies))
	gauge("proprio_groups", "Groups.").send(to, float64(c.Groups))
	states(to, gauge("proprio_users", "Users, by state; those held are active or inactive besides.", "state"), c.Users,
		"active", "inactive", "held")
	states(to, gauge("proprio_accounts", "Accounts in apps that are not settled, by state, counted to 100000.", "state"), c.Accounts,
		string(push.StatePending), string(push.StatePartial), string(push.StateFailed))
	states(to, gauge("proprio_findings_open", "Findings that are open, by severity.", "severity"), c.Findings,
		string(ownership.Critical), string(ownership.High), string(ownership.Medium), string(ownership.Low))
	states(to, gauge("proprio_domains", "Domains, by state of their DNS proof.", "state"), c.Domains, "proved", "missing", "pending")
}

// states sends a number for each state, 0 for those that nothing is in: a series that is gone raises no alert.
func states(to chan<- prometheus.Metric, m *metric, counted map[string]int, known ...string) {
	for _, state := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(known, slices.Collect(maps.Keys(counted)))))) {
		m.send(to, float64(counted[state]), state)
	}
}
