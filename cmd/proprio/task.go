package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"proprio/audit"
	"proprio/oidc"
	"proprio/push/manual"
	"proprio/push/profiles"
	"proprio/resources"
)

func (p *program) taskCmd() *cobra.Command {
	return group("task", "Tasks: what people have to do in apps without an interface",
		p.taskListCmd(), p.taskShowCmd(),
		p.taskCloseCmd("done", "Close a task that has been done, with the proof", "proof", "what was done and what shows it",
			func(c *core) closeTask { return c.desk.Done }),
		p.taskCloseCmd("refuse", "Close a task that is not going to be done, with the reason", "reason", "why it cannot be done",
			func(c *core) closeTask { return c.desk.Refuse }))
}

// taskJSON is a task as --json prints it; its names stay.
type taskJSON struct {
	ID          string          `json:"id"`
	App         string          `json:"app"` // its name
	ObjectType  string          `json:"objectType"`
	ObjectID    string          `json:"objectId"`
	ObjectName  string          `json:"objectName"`
	Action      manual.Action   `json:"action"`
	State       manual.State    `json:"state"`
	Lines       []manual.Line   `json:"lines"`
	Why         string          `json:"why"`
	Responsible string          `json:"responsible,omitempty"`
	Menu        *profiles.Text  `json:"menu,omitempty"`
	Steps       []profiles.Text `json:"steps,omitempty"`
	WantedProof string          `json:"wantedProof,omitempty"` // text, screenshot or export
	Revision    int64           `json:"revision"`
	Opened      time.Time       `json:"opened"`
	Due         time.Time       `json:"due"`
	Closed      time.Time       `json:"closed,omitzero"`
	ClosedBy    string          `json:"closedBy,omitempty"`
	Proof       string          `json:"proof,omitempty"`
	Reference   string          `json:"reference,omitempty"`
	Noted       string          `json:"noted,omitempty"`
	ConfirmedAt time.Time       `json:"confirmedAt,omitzero"`
	Told        int             `json:"told,omitempty"` // of its lateness: 1 the responsible person, 2 the administrators
}

func (c *core) taskOut(t manual.Task) taskJSON {
	out := taskJSON{ID: t.ID, App: t.AppName, ObjectType: t.ObjectType, ObjectID: t.ObjectID, ObjectName: t.ObjectName, Action: t.Action,
		State: t.StateAt(c.now()), Lines: t.Lines, Why: t.Why, Responsible: t.Responsible, Revision: t.Revision, Opened: t.Opened, Due: t.Due,
		Closed: t.Closed, ClosedBy: t.ClosedBy, Proof: t.Proof, Reference: t.Reference, Noted: t.Noted, ConfirmedAt: t.ConfirmedAt, Told: t.Step}
	if profile, ok := c.engine.Profiles.Get(t.Profile); ok && profile.ByHand() {
		procedure := profile.Manual.Procedure(string(t.Action))
		out.Menu, out.Steps, out.WantedProof = &procedure.Menu, procedure.Steps, procedure.Proof
	}
	return out
}

func (p *program) taskListCmd() *cobra.Command {
	var app, state string
	cmd := &cobra.Command{
		Use: "list", Short: "List tasks: open ones first, by what is due", Args: names(),
		Example: `  proprio task list --company "Atelier Brémond" --state late --json`,
	}
	cmd.Flags().StringVar(&app, "app", "", "only of this app")
	cmd.Flags().StringVar(&state, "state", "", "only in this state: open (late ones among them), late, done, confirmed, refused, withdrawn")
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		q := manual.Query{State: manual.State(state), Now: c.now()}
		if err := q.State.Check(); err != nil {
			return fmt.Errorf("%w: --state: %w", errUsage, err)
		}
		if app != "" {
			found, err := c.db.AppByName(ctx, caller.Company, app)
			if err != nil {
				return err
			}
			q.App = found.ID
		}
		tasks, err := c.allTasks(ctx, caller.Company, q)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, tasks, c.taskOut, func(t manual.Task) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\t%s\tdue %s\t%s\n", t.ID, t.StateAt(c.now()), t.Action, t.ObjectName, t.AppName,
				t.Due.Format(time.DateOnly), cmp.Or(t.Responsible, "nobody"))
		})
	})
}

// taskPage is how many tasks are read at once.
const taskPage = 1000

// allTasks reads all tasks that a query selects. One that is closed meanwhile moves to another page: it is told once.
func (c *core) allTasks(ctx context.Context, company string, q manual.Query) ([]manual.Task, error) {
	var all []manual.Task
	told := map[string]bool{}
	for q.Limit = taskPage; ; q.Offset += taskPage {
		page, err := c.db.Tasks(ctx, company, q)
		if err != nil {
			return nil, err
		}
		for _, t := range page {
			if !told[t.ID] {
				told[t.ID] = true
				all = append(all, t)
			}
		}
		if len(page) < taskPage {
			return all, nil
		}
	}
}

func (p *program) taskShowCmd() *cobra.Command {
	var french bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "Say what a task asks for, step by step", Args: names("ID"),
		Example: `  proprio task show 01a2037c-33d8-7f2f-bc09-d6dbbb32a73e --company "Atelier Brémond" --french`,
	}
	cmd.Flags().BoolVar(&french, "french", false, "menus and steps in French")
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		t, err := c.db.Task(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		out := c.taskOut(t)
		if *asJSON {
			return p.printJSON(out)
		}
		language := "en"
		if french {
			language = "fr"
		}
		p.printTask(out, language)
		return nil
	})
}

func (p *program) printTask(t taskJSON, language string) {
	say := func(format string, args ...any) { fmt.Fprintf(p.stdout, format+"\n", args...) }
	say("%s %s in %s: %s", t.Action, t.ObjectName, t.App, t.State)
	say("  for %s, due %s, revision %d", cmp.Or(t.Responsible, "nobody"), t.Due.Format(time.RFC3339), t.Revision)
	say("  because %s", t.Why)
	for _, l := range t.Lines {
		switch {
		case l.Before == l.After, l.Before == "":
			say("  %s: %s", l.Attribute, l.After)
		case l.After == "":
			say("  %s: not %s any more", l.Attribute, l.Before)
		default:
			say("  %s: %s in the place of %s", l.Attribute, l.After, l.Before)
		}
	}
	if t.Menu != nil {
		say("  where: %s", t.Menu.In(language))
		for i, s := range t.Steps {
			say("  %d. %s", i+1, s.In(language))
		}
		say("  proof: %s", t.WantedProof)
	}
	if t.Proof != "" {
		say("  %s on %s by %s: %s %s", t.State, t.Closed.Format(time.RFC3339), cmp.Or(t.ClosedBy, "Proprio"), t.Proof, t.Reference)
	}
	if t.Noted != "" {
		say("  noted: %s", t.Noted)
	}
}

// closeTask is what ends a task.
type closeTask func(ctx context.Context, by audit.Actor, company, id string, c manual.Closing) (manual.Task, error)

func (p *program) taskCloseCmd(verb, short, flag, meaning string, act func(*core) closeTask) *cobra.Command {
	var closing manual.Closing
	cmd := &cobra.Command{
		Use: verb + " ID", Short: short, Args: names("ID"),
		Example: `  proprio task ` + verb + ` 01a2037c-33d8-7f2f-bc09-d6dbbb32a73e --company "Atelier Brémond" --` + flag + ` "…"`,
	}
	f := cmd.Flags()
	f.StringVar(&closing.Proof, flag, "", meaning)
	f.StringVar(&closing.Reference, "reference", "", "name of a file or a screenshot that shows it")
	f.StringVar(&closing.By, "by", "", "who did it; default: who runs this command")
	f.Int64Var(&closing.Revision, "revision", 0, "of the task as you read it: one that changed since is not closed")
	return required(p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		by := closing
		by.By = cmp.Or(by.By, caller.Actor.Name, "command line")
		t, err := act(c)(ctx, caller.Actor, caller.Company, args[0], by)
		if err == nil {
			fmt.Fprintf(p.stdout, "task %s %s\n", t.ID, t.State)
		}
		return err
	}), flag)
}

// taskTerms are an app's own.
func (c *core) taskTerms(ctx context.Context, company, app string) (manual.Terms, error) {
	found, err := c.db.App(ctx, company, app)
	return found.Settings.Tasks.Terms(), err
}

// adminAddresses are those of a company's administrators who may act.
func (c *core) adminAddresses(ctx context.Context, company string) ([]string, error) {
	admins, err := c.db.Admins(ctx, company)
	var addresses []string
	for _, a := range admins {
		if !a.Disabled && a.Role == oidc.RoleAdmin {
			addresses = append(addresses, a.Address)
		}
	}
	return addresses, err
}
