package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"proprio/db"
	"proprio/scim/gate"
)

// What is asked of the database for a scrape. Scrapers share an answer, however many there are and however often they
// come; one that is late is left out, and a scrape is never kept waiting by a database that is.
const (
	scrapeTime = 2 * time.Second
	queuesKept = 5 * time.Second
	censusKept = time.Minute
)

// collector tells Prometheus what the server's parts know of themselves.
type collector struct {
	entrance *entrance
	db       *db.DB
	data     string        // the folder
	patience time.Duration // with each question to the database
	queues   *kept[[]db.Queue]
	duties   *kept[[]db.Duty]
	census   *kept[db.Census]
	backup   *kept[time.Time] // when the newest shows the database; zero: none was made
	now      func() time.Time
}

func newCollector(i *instance) *collector {
	return &collector{
		entrance: i.entrance, db: i.db, data: i.data, patience: scrapeTime, now: i.now,
		queues: &kept[[]db.Queue]{ask: i.db.Queues, good: queuesKept, now: i.now},
		duties: &kept[[]db.Duty]{ask: i.db.Duties, good: queuesKept, now: i.now},
		census: &kept[db.Census]{ask: i.db.Census, good: censusKept, now: i.now},
		backup: &kept[time.Time]{ask: i.lastBackup, good: censusKept, now: i.now},
	}
}

// kept is an answer of the database that is good for a while.
type kept[T any] struct {
	ask  func(context.Context) (T, error)
	good time.Duration
	now  func() time.Time

	mu     sync.Mutex
	answer T
	at     time.Time // zero: there is none
	tried  time.Time
}

// get is the answer, asked for again when it is no longer good. There is none while the database does not answer; it is
// not asked again for as long as an answer would have been good.
func (k *kept[T]) get(patience time.Duration) (answer T, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := k.now(); k.tried.IsZero() || now.Sub(k.tried) >= k.good {
		k.tried, k.at = now, time.Time{}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		found, err := k.ask(ctx)
		if err == nil {
			k.answer, k.at = found, now
		}
	}
	return k.answer, !k.at.IsZero()
}

// gauge and counter are descriptions; docs/monitoring.md says more of each.
func gauge(name, help string, labels ...string) *metric {
	return &metric{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

func counter(name, help string, labels ...string) *metric {
	return &metric{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

type metric struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func (m *metric) send(to chan<- prometheus.Metric, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(m.desc, m.kind, value, labels...)
}

// Describe implements prometheus.Collector: what there is depends on the database, so nothing is promised.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	c.requests(to)
	c.connections(to)
	c.files(to)
	queues, ok := c.queues.get(c.patience)
	if ok {
		c.waiting(to, queues)
	}
	duties, held := c.duties.get(c.patience)
	if held {
		c.leases(to, duties)
	}
	census, counted := c.census.get(c.patience)
	if counted {
		counts(to, census)
	}
	backup, known := c.backup.get(c.patience)
	if known && !backup.IsZero() {
		gauge("proprio_backup_last_timestamp_seconds", "The moment that the newest backup shows, in Unix time.").
			send(to, float64(backup.UnixMicro())/1e6)
	}
	gauge("proprio_db_answers", "1 when the database answered what this scrape asked it; 0: what it tells is missing.").
		send(to, truth(ok && held && counted && known))
}

// requests are those at work and those that wait for their turn.
func (c *collector) requests(to chan<- prometheus.Metric) {
	gauge("proprio_http_requests_in_flight", "Requests under way on the main listener, waiting ones included.").
		send(to, float64(c.entrance.inFlight.Load()))
	slots := gauge("proprio_gate_slots", "Requests that may work at once.", "gate")
	working := gauge("proprio_gate_working", "Requests that work now.", "gate")
	waiting := gauge("proprio_gate_waiting", "Requests that wait for their turn.", "gate")
	waited := counter("proprio_gate_waited_total", "Requests that were let in after they had waited.", "gate")
	waitTime := counter("proprio_gate_wait_seconds_total", "How long those waited, together.", "gate")
	for name, g := range map[string]*gate.Gate{"scim": c.entrance.scim, "pages": c.entrance.pages, "polls": c.entrance.polls} {
		s := g.Stats()
		slots.send(to, float64(g.Slots()), name)
		working.send(to, float64(s.Busy), name)
		waiting.send(to, float64(s.Waiting), name)
		waited.send(to, float64(s.Waited), name)
		waitTime.send(to, s.WaitTime.Seconds(), name)
	}
}

// connections are those to the database.
func (c *collector) connections(to chan<- prometheus.Metric) {
	most := gauge("proprio_db_connections_max", "Connections that a pool may have.", "pool")
	open := gauge("proprio_db_connections", "Connections of a pool, by state.", "pool", "state")
	waits := counter("proprio_db_connection_waits_total", "Times that a connection was waited for.", "pool")
	waitTime := counter("proprio_db_connection_wait_seconds_total", "How long connections were waited for, together.", "pool")
	for _, p := range c.db.Pools() {
		most.send(to, float64(p.MaxOpenConnections), p.Name)
		open.send(to, float64(p.InUse), p.Name, "in_use")
		open.send(to, float64(p.Idle), p.Name, "idle")
		waits.send(to, float64(p.WaitCount), p.Name)
		waitTime.send(to, p.WaitDuration.Seconds(), p.Name)
	}
}
