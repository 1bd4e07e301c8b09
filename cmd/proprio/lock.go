package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// errLocked says that another process holds the lock of a file.
var errLocked = errors.New("locked by another process")

// claimData makes the data folder this process's own, as far as serving goes: SQLite is for one server process. Commands
// do not ask; they may run beside the server. The operating system gives the folder free when the process ends, however
// it ends; the lock's file stays.
func claimData(folder string) (free func() error, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	held, err := lockFile(filepath.Join(folder, "server.lock"))
	if errors.Is(err, errLocked) {
		if whole, err := filepath.Abs(folder); err == nil {
			folder = whole
		}
		return nil, fmt.Errorf("another proprio serve runs on the data folder %s; SQLite is for one server process: stop that one, "+
			"give this one a folder of its own with --data, or run both on Postgres with --database", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("claim data folder %s: %w", folder, err)
	}
	return held.Close, nil
}
