package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"proprio/db"
)

// How a check ends. The exit status of doctor is that of the worst.
const (
	healthOK   = "ok"
	healthWarn = "warn"
	healthFail = "fail"
)

// errUnwell says that a check failed: exit status 2. Warnings are exit status 1.
var errUnwell = errors.New("not well")

// finding is what doctor says of one thing; its names are those of --json.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"` // ok, warn, fail
	Found  string `json:"found"`
	Advice string `json:"advice,omitempty"` // what to do about it
}

func (p *program) doctorCmd() *cobra.Command {
	var deep bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look whether the database and what it stands on are well, while the server runs",
		Long: `Look whether the database and what it stands on are well: disk, clock, write-ahead log, connections, indexes, keyset, backups,
totals, waiting work, duties, the credentials of apps, apps in private networks. Nothing is changed. The server may run.

Exit status: 0 all is well, 1 there are warnings, 2 something is wrong.`,
		Example: "  proprio doctor --data /var/lib/proprio",
		Args:    names(),
	}
	cmd.Flags().BoolVar(&deep, "deep", false, "SQLite: compare every index with its table, which takes longer")
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		findings := p.examine(cmd.Context(), deep)
		if *asJSON {
			if err := p.printJSON(findings); err != nil {
				return err
			}
		} else {
			for _, f := range findings {
				fmt.Fprintf(p.stdout, "%-4s  %-10s  %s\n", f.State, f.Check, f.Found)
				if f.Advice != "" {
					fmt.Fprintf(p.stdout, "%18s→ %s\n", "", f.Advice)
				}
			}
		}
		return verdict(findings)
	}
	return cmd
}

// verdict is the error that the findings amount to.
func verdict(findings []finding) error {
	count := map[string]int{}
	for _, f := range findings {
		count[f.State]++
	}
	switch {
	case count[healthFail] > 0:
		return fmt.Errorf("%w: %d of %d checks failed, %d warn", errUnwell, count[healthFail], len(findings), count[healthWarn])
	case count[healthWarn] > 0:
		return fmt.Errorf("%d of %d checks warn", count[healthWarn], len(findings))
	}
	return nil
}

// patient is what is examined.
type patient struct {
	d    *db.DB
	data string
	deep bool
	// older: the schema is that of an older version, which may lack what is looked at.
	older   bool
	bounds  bounds
	space   func(folder string) (free, size int64, err error) // of a folder's disk
	now     func() time.Time
	private privateApps // that the console may make
}

// examine makes every check. One that cannot be made has failed; the others are made all the same.
func (p *program) examine(ctx context.Context, deep bool) []finding {
	c, err := p.databaseConfig()
	if err != nil {
		return []finding{{"keyset", healthFail, err.Error(), "see PROPRIO_KEYSET_FILE"}}
	}
	x := patient{data: p.cfg.Data, deep: deep, bounds: usualBounds(), space: diskSpace, now: time.Now, private: p.cfg.PrivateApps}
	x.d, err = db.Inspect(c)
	if err != nil {
		return []finding{{"database", healthFail, err.Error(), "see --data and --database"}, x.disk()}
	}
	defer x.d.Close()
	found := []finding{x.database(ctx)}
	if found[0].State == healthFail {
		return append(found, x.disk())
	}
	have, want, _ := x.d.Schema(ctx)
	x.older = have < want
	checks := []func(context.Context) finding{x.schema, x.clock, x.keyset, x.indexes, x.totals, x.backups, x.waiting, x.duties, x.credentials, x.privateApps}
	found = append(found, x.disk())
	if x.d.Postgres() {
		checks = append(checks, x.serverWAL, x.sessions, x.bloat)
	} else {
		found = append(found, x.wal())
		checks = append(checks, x.file)
	}
	for _, check := range checks {
		found = append(found, check(ctx))
	}
	return found
}

// fine, beware and wrong are findings.
func fine(check, found string, args ...any) finding {
	return finding{Check: check, State: healthOK, Found: fmt.Sprintf(found, args...)}
}

func beware(check, advice, found string, args ...any) finding {
	return finding{check, healthWarn, fmt.Sprintf(found, args...), advice}
}

func wrong(check, advice, found string, args ...any) finding {
	return finding{check, healthFail, fmt.Sprintf(found, args...), advice}
}

// unable is a check that could not be made.
func (x patient) unable(check string, err error) finding {
	if x.older {
		return beware(check, "start the server of this version once", "not looked at: the schema is older than this program")
	}
	return wrong(check, "see the error", "cannot be looked at: %v", err)
}
