package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// watched is where a log goes, with the number of writes that it took.
type watched struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes++
	return w.text.Write(b)
}

func (w *watched) lines() (lines, writes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.text.String(), "\n"), w.writes
}

func (w *watched) want(t *testing.T, when string, lines, writes int) {
	t.Helper()
	if l, n := w.lines(); l != lines || n != writes {
		t.Errorf("%s: %d lines in %d writes, want %d in %d", when, l, n, lines, writes)
	}
}

// Lines are written together, soon; a warning is written at once, with what came before it.
func TestLog_IsWrittenInPartsAndSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &watched{}
		buffer := &lineBuffer{w: w}
		log, err := newLogger(Config{LogLevel: "info", LogFormat: "text"}, buffer)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			log.Info("request")
		}
		w.want(t, "at once", 0, 0)
		time.Sleep(logPause)
		synctest.Wait()
		w.want(t, "after the pause", 3, 1)
		log.Info("request")
		log.With("a", 1).WithGroup("g").Warn("refused", "b", 2)
		w.want(t, "after a warning", 5, 2)
		log.Info(strings.Repeat("x", logBuffer))
		w.want(t, "when much waits", 6, 3)
		log.Info("the last one")
		time.Sleep(logPause)
		synctest.Wait()
		w.want(t, "after another pause", 7, 4)
		log.Info("at the end")
		buffer.Flush()
		w.want(t, "after the end", 8, 5)
		if got := w.text.String(); !strings.Contains(got, "msg=refused a=1 g.b=2") {
			t.Errorf("the log is %q", got)
		}
	})
}

// Whatever ends the program, its log is whole.
func TestLog_IsWholeWhenTheProgramEnds(t *testing.T) {
	t.Parallel()
	w := &watched{}
	func() {
		defer func() { _ = recover() }()
		buffer := &lineBuffer{w: w}
		defer buffer.Flush()
		slog.New(slog.NewTextHandler(buffer, nil)).Info("before")
		panic("the end")
	}()
	w.want(t, "after a panic", 1, 1)
}

// BenchmarkLog is a request's line.
func BenchmarkLog(b *testing.B) {
	log, err := newLogger(Config{LogLevel: "info", LogFormat: "text"}, &lineBuffer{w: &watched{}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		log.Info("scim", "request", "0f0e", "method", "GET", "route", "/Users/{id}", "status", 200, "duration", time.Millisecond)
	}
}
