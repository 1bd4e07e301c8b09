package dbtest

import (
	"database/sql"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// postgres is a running server.
type postgres struct {
	url   string
	alive io.Closer // the watchdog's input; nil for a shared server. Held, because a collected file is a closed one
}

// server returns the Postgres server of this test binary, started on first use.
var server = sync.OnceValues(func() (*postgres, error) {
	shared := os.Getenv("PROPRIO_TEST_POSTGRES")
	if shared != "" {
		return &postgres{url: shared}, nil
	}
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	account, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "proprio-pg-")
	if err != nil {
		return nil, err
	}
	pg, err := start(bin, dir, account)
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return pg, nil
})

// binaries finds the folder with postgres and initdb.
func binaries() (string, error) {
	candidates, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	found, err := exec.LookPath("initdb")
	if err == nil {
		candidates = append(candidates, filepath.Dir(found))
	}
	for i := len(candidates) - 1; i >= 0; i-- {
		_, err1 := os.Stat(filepath.Join(candidates[i], "postgres"))
		_, err2 := os.Stat(filepath.Join(candidates[i], "initdb"))
		if err1 == nil && err2 == nil {
			return candidates[i], nil
		}
	}
	return "", fmt.Errorf("no postgres and initdb in PATH or /usr/lib/postgresql, and PROPRIO_TEST_POSTGRES is not set")
}

// unprivileged is the account to run the server as when the tests run as root, which Postgres refuses; nil otherwise.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("tests run as root, and there is no account postgres or nobody to run Postgres as")
}

// watchdog makes the cluster, runs the server and waits on its input, a pipe that only the test binary holds open. The
// pipe closes when that process ends, also when it is killed; then the server is stopped and its folder removed. QUIT
// stops it at once, but the shell starts it with QUIT ignored: before it listens to signals, TERM ends it. Nothing outlives
// the server, so nothing is flushed to the disk: tests wait for each other, not for that.
const watchdog = `"$1/initdb" -D "$2/data" -U proprio -A trust -E UTF8 --locale=C --no-sync >"$2/log" 2>&1 </dev/null || exit 1
"$1/postgres" -D "$2/data" -c listen_addresses= -c "unix_socket_directories=$2" \
	-c max_connections=200 -c shared_buffers=64MB -c fsync=off -c full_page_writes=off -c log_min_messages=fatal >"$2/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -TERM $pid
kill -QUIT $pid
wait $pid
rm -rf "$2"`

func start(bin, dir string, account *syscall.Credential) (*postgres, error) {
	if account != nil {
		err := os.Chown(dir, int(account.Uid), int(account.Gid))
		if err != nil {
			return nil, err
		}
	}
	guard := exec.Command("/bin/sh", "-c", watchdog, "sh", bin, dir)
	guard.SysProcAttr = &syscall.SysProcAttr{Credential: account, Setsid: true}
	guard.Dir = dir
	alive, err := guard.StdinPipe()
	if err != nil {
		return nil, err
	}
	err = guard.Start()
	if err != nil {
		return nil, fmt.Errorf("start Postgres: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- guard.Wait() }()
	dsn := "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"proprio"}, "sslmode": {"disable"}}.Encode()
	err = answer(dsn, ended, time.Minute)
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		_ = alive.Close()
		return nil, fmt.Errorf("the Postgres server did not start: %w: %s", err, log)
	}
	return &postgres{dsn, alive}, nil
}

// answer waits until the server takes a connection, or has ended.
func answer(dsn string, ended <-chan error, patience time.Duration) error {
	conn, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer conn.Close()
	late := time.After(patience)
	for {
		err = conn.Ping()
		if err == nil {
			return nil
		}
		select {
		case exit := <-ended:
			return fmt.Errorf("it ended: %v", exit)
		case <-late:
			return err
		case <-time.After(20 * time.Millisecond):
		}
	}
}
