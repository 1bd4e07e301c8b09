package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// How long a line of the log may wait for others to be written with, and how many bytes wait at most.
const (
	logPause  = 100 * time.Millisecond
	logBuffer = 64 << 10
)

// lineBuffer writes lines of the log together: a busy server writes thousands in a second, and each write is a call of
// the system. Whoever ends the program flushes it.
type lineBuffer struct {
	w io.Writer

	mu    sync.Mutex
	lines []byte
	timer *time.Timer // runs while lines wait
}

// Write takes a line.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line...)
	switch {
	case len(b.lines) >= logBuffer:
		return len(line), b.flush()
	case len(b.lines) > len(line): // the timer runs for one before
	case b.timer == nil:
		b.timer = time.AfterFunc(logPause, b.Flush)
	default:
		b.timer.Reset(logPause)
	}
	return len(line), nil
}

// Flush writes the lines that wait.
func (b *lineBuffer) Flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.flush() // where the log cannot be written, nobody can be told
}

func (b *lineBuffer) flush() error {
	if len(b.lines) == 0 {
		return nil
	}
	_, err := b.w.Write(b.lines)
	b.lines = b.lines[:0]
	return err
}

// urgentHandler flushes with every warning and error: they are what is looked for when a program has died.
type urgentHandler struct {
	slog.Handler
	buffer *lineBuffer
}

// Handle implements slog.Handler.
func (h urgentHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level >= slog.LevelWarn {
		h.buffer.Flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (h urgentHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return urgentHandler{h.Handler.WithAttrs(attrs), h.buffer}
}

// WithGroup implements slog.Handler.
func (h urgentHandler) WithGroup(name string) slog.Handler {
	return urgentHandler{h.Handler.WithGroup(name), h.buffer}
}
