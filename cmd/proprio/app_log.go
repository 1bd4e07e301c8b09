package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"proprio/push"
)

// attemptJSON is one exchange with an app. Secrets were hidden when it was kept.
type attemptJSON struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	ObjectType string    `json:"objectType,omitempty"`
	ObjectID   string    `json:"objectId,omitempty"`
	Name       string    `json:"name,omitempty"` // userName or displayName; none: it was about no single object
	Action     string    `json:"action"`
	Why        string    `json:"why,omitempty"`
	Method     string    `json:"method"`
	URL        string    `json:"url"`
	Status     int       `json:"status"` // 0: no answer
	Request    string    `json:"request,omitempty"`
	Response   string    `json:"response,omitempty"`
	Duration   float64   `json:"durationSeconds"`
	Outcome    string    `json:"outcome"`         // ok, or what went wrong
	Class      string    `json:"class,omitempty"` // what the failure needs; none: it did not fail, or others followed
	Next       time.Time `json:"next,omitzero"`   // when it is tried again, or looked at
}

func attemptOut(a push.Attempt) attemptJSON {
	return attemptJSON{ID: a.ID, At: a.At, ObjectType: a.ObjectType, ObjectID: a.ObjectID, Name: a.ObjectName, Action: a.Action, Why: a.Why,
		Method: a.Method, URL: a.URL, Status: a.Status, Request: string(a.Request), Response: string(a.Response),
		Duration: a.Duration.Seconds(), Outcome: a.Outcome, Class: string(a.Class), Next: a.Next}
}

func (p *program) appLogCmd() *cobra.Command {
	var q push.AttemptQuery
	cmd := &cobra.Command{
		Use: "log NAME", Short: "List the exchanges with an app, newest first: for whom, why, and what came of it",
		Example: `  proprio app log "Cadence CRM" --user marie
  proprio app log "Cadence CRM" --failed --json`,
	}
	asJSON := jsonFlag(cmd)
	f := cmd.Flags()
	f.StringVar(&q.Name, "user", "", "only those about persons or groups whose name holds this")
	f.StringVar(&q.Action, "action", "", "only those made for this: create, update, deactivate, members, …")
	f.BoolVar(&q.Failed, "failed", false, "only those that were refused or not answered")
	f.StringVar(&q.Before, "before", "", "only those older than the one of this id")
	f.IntVar(&q.Limit, "limit", 50, "how many at most, up to 1000")
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		if q.Limit < 1 || q.Limit > 1000 {
			return fmt.Errorf("%w: --limit %d: want 1 to 1000", errUsage, q.Limit)
		}
		attempts, err := c.db.Attempts(ctx, app.Company, app.ID, q)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, attempts, attemptOut, func(a push.Attempt) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\t%s %s\t%d\t%s\t%s\t%s\n", a.At.Format(time.RFC3339), dash(a.ObjectName), a.Action, dash(a.Why),
				a.Method, a.URL, a.Status, a.Duration.Round(time.Millisecond), a.Outcome, nextStep(a))
		})
	})
}

// nextStep says what follows an exchange: what is needed, and when it is tried again.
func nextStep(a push.Attempt) string {
	step := string(a.Class)
	if !a.Next.IsZero() {
		step = strings.TrimSpace(step + " next at " + a.Next.Format(time.RFC3339))
	}
	return dash(step)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// classes are the classes of failures that --class takes.
func classes() []string {
	var out []string
	for _, c := range []push.Class{push.ClassTransient, push.ClassNeedsData, push.ClassNeedsAdmin, push.ClassUnsupported, push.ClassGone} {
		out = append(out, string(c))
	}
	return out
}

func (p *program) appRetryCmd() *cobra.Command {
	var class string
	var users, groups []string
	cmd := &cobra.Command{
		Use: "retry NAME", Short: "Try again at once what failed: all of it, one class, or some persons and groups",
		Example: `  proprio app retry "Cadence CRM"
  proprio app retry "Cadence CRM" --class needs-admin
  proprio app retry "Cadence CRM" --user marie@atelier.fr`,
	}
	cmd.Flags().StringVar(&class, "class", "", "only what failed for this: "+strings.Join(classes(), ", "))
	cmd.Flags().StringArrayVar(&users, "user", nil, "only this userName; may be repeated")
	cmd.Flags().StringArrayVar(&groups, "group", nil, "only this group (by displayName); may be repeated")
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		if class != "" && !slices.Contains(classes(), class) {
			return fmt.Errorf("%w: --class %q is none of %s", errUsage, class, strings.Join(classes(), ", "))
		}
		if class != "" && len(users)+len(groups) > 0 {
			return fmt.Errorf("%w: --class is for all of a class: leave out --user and --group", errUsage)
		}
		var n int
		var err error
		if len(users)+len(groups) > 0 {
			n, err = p.retryNamed(ctx, c, app, users, groups)
		} else {
			n, err = c.db.RetryFailed(ctx, p.actor(), app.Company, app.ID, push.Class(class), c.now())
		}
		if err == nil {
			fmt.Fprintf(p.stdout, "%d accounts and groups are tried again; see proprio app status\n", n)
		}
		return err
	})
}

// retryNamed sends some persons and groups again. All are found before any is sent.
func (p *program) retryNamed(ctx context.Context, c *core, app push.App, users, groups []string) (int, error) {
	var rows []push.Account
	add := func(name string, group bool) error {
		kind, id, err := c.objectNamed(ctx, app, name, group)
		if err != nil {
			return err
		}
		found, err := c.db.AccountsIn(ctx, app.Company, app.ID, kind, []string{id})
		if err != nil {
			return err
		}
		row, known := found[id]
		if !known {
			return fmt.Errorf("%s %q was never to be in this app: see proprio app provision --dry-run", kind, name)
		}
		rows = append(rows, row)
		return nil
	}
	for _, name := range users {
		if err := add(name, false); err != nil {
			return 0, err
		}
	}
	for _, name := range groups {
		if err := add(name, true); err != nil {
			return 0, err
		}
	}
	for i, row := range rows {
		if err := c.db.RetryAccount(ctx, p.actor(), app.Company, row.ID, c.now()); err != nil {
			return i, err
		}
	}
	return len(rows), nil
}

func (p *program) appTestCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "test NAME", Short: "Read a little from an app, and say what is in the way; changes nothing",
		Example: `  proprio app test "Cadence CRM" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.onApp(cmd, func(ctx context.Context, c *core, app push.App) error {
		probe, err := c.engine.Try(ctx, app)
		if err != nil {
			return err
		}
		switch {
		case *asJSON:
			err = p.printJSON(probe)
		case probe.Problem == push.ProblemNone:
			where := ""
			if probe.More {
				where = "on the first page "
			}
			_, err = fmt.Fprintf(p.stdout, "it answers as it should: %s%d users, %d groups\n", where, probe.Users, probe.Groups)
		}
		if err == nil && probe.Problem != push.ProblemNone {
			return fmt.Errorf("%s: %s", probe.Problem, probe.Words)
		}
		return err
	})
}
