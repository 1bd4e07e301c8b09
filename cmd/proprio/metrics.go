package main

import (
	"maps"
	"net/http"
	"net/http/pprof"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what the second listener serves to Prometheus. docs/monitoring.md says what each of them means.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	refused  *prometheus.CounterVec
	series   atomic.Pointer[map[seriesKey]series] // of the requests seen so far: looking one up costs no allocation
}

// seriesKey is what requests are told apart by.
type seriesKey struct {
	route, method string
	code          int
}

type series struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "proprio_http_requests_total", Help: "Requests answered, by route, method and status code.",
		}, []string{"route", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "proprio_http_request_duration_seconds", Help: "Time from a request's headers to the end of its answer, by route and method.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "method"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "proprio_http_requests_refused_total", Help: "Requests refused before anything was done for them, by reason.",
		}, []string{"reason"}),
	}
	m.series.Store(&map[seriesKey]series{})
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "proprio_build_info", Help: "1; the labels say which build this is.",
		ConstLabels: prometheus.Labels{"version": version, "goversion": runtime.Version()},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.duration, m.refused, build, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// observe counts one request. route is a template.
func (m *metrics) observe(route, method string, code int, took time.Duration) {
	key := seriesKey{route, methodLabel(method), code}
	s, ok := (*m.series.Load())[key]
	if !ok {
		s = m.newSeries(key)
	}
	s.requests.Inc()
	s.duration.Observe(took.Seconds())
}

// newSeries makes the counters of requests that were not seen before. Routes, methods and status codes are few.
func (m *metrics) newSeries(key seriesKey) series {
	s := series{
		m.requests.WithLabelValues(key.route, key.method, strconv.Itoa(key.code)),
		m.duration.WithLabelValues(key.route, key.method),
	}
	for {
		before := m.series.Load()
		after := maps.Clone(*before)
		after[key] = s
		if m.series.CompareAndSwap(before, &after) {
			return s
		}
	}
}

// refuse counts a request that was not let in.
func (m *metrics) refuse(reason string) { m.refused.WithLabelValues(reason).Inc() }

// handler is everything the metrics listener serves. Profiles tell how the program spends its time and memory, and cost
// it both while they are taken: they are nowhere else.
func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
