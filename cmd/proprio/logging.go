package main

import (
	"fmt"
	"log/slog"
	"strings"
)

// newLogger makes the program's logger. Secrets and personal data do not come here: packages leave them out.
func newLogger(cfg Config, lines *lineBuffer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.LogLevel)); err != nil {
		return nil, fmt.Errorf("%w: --log-level %q: use debug, info, warn or error", errUsage, cfg.LogLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch cfg.LogFormat {
	case "text":
		return slog.New(urgentHandler{slog.NewTextHandler(lines, options), lines}), nil
	case "json":
		return slog.New(urgentHandler{slog.NewJSONHandler(lines, options), lines}), nil
	}
	return nil, fmt.Errorf("%w: --log-format %q: use text or json", errUsage, cfg.LogFormat)
}

func trimLine(s string) string { return strings.TrimRight(s, "\r\n\t ") }
