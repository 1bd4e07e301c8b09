package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"proprio/resources"
	"proprio/resources/load"
)

// importer is one run of proprio import.
type importer struct {
	*program
	connection, typ, format string
	update, dryRun, asJSON  bool
	started, told           time.Time // when it began, and when it last said how far it is
	ignored                 map[string]int
}

func (p *program) importCmd() *cobra.Command {
	im := &importer{program: p, ignored: map[string]int{}}
	cmd := &cobra.Command{
		Use: "import [FILE]", Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%w: %s takes one FILE, or reads standard input", errUsage, cmd.CommandPath())
			}
			return nil
		},
		Short: "Bring users or groups of a file into a company's directory",
		Long: "Bring users or groups of a file, or of standard input, into a company's directory. The file is a table (CSV) whose\n" +
			"first row names attributes of SCIM, a JSON list, or one JSON object a line. Each row meets the rules that a request\n" +
			"over SCIM meets. Who is there already, by userName or externalId, is told and left as is, or merged with --update;\n" +
			"so an import that was broken off is started again. The server may run meanwhile. See docs/import.md.",
		Example: "  proprio import people.csv --company \"Atelier Brémond\" --dry-run\n" +
			"  proprio import people.csv --company \"Atelier Brémond\" --update\n" +
			"  proprio import groups.json --company \"Atelier Brémond\" --type Group",
	}
	f := cmd.Flags()
	f.StringVar(&im.connection, "connection", "", "the connection whose externalIds and settings the file has")
	f.StringVar(&im.typ, "type", resources.TypeUser, "what the rows are: User or Group")
	f.StringVar(&im.format, "format", "", "how the file is written: "+strings.Join(load.Formats(), ", ")+" (by its beginning)")
	f.BoolVar(&im.update, "update", false, "merge rows into users and groups that are there")
	f.BoolVar(&im.dryRun, "dry-run", false, "tell what would become of each row, and change nothing")
	f.BoolVar(&im.asJSON, "json", false, "tell it as JSON, one object a line, and the totals last")
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		return im.run(ctx, c, caller, args)
	})
}

func (im *importer) run(ctx context.Context, c *core, caller resources.Caller, args []string) error {
	if im.typ != resources.TypeUser && im.typ != resources.TypeGroup {
		return fmt.Errorf("%w: --type %s: it is %s or %s", errUsage, im.typ, resources.TypeUser, resources.TypeGroup)
	}
	if im.format != "" && !slices.Contains(load.Formats(), im.format) {
		return fmt.Errorf("%w: --format %s: the formats are %s", errUsage, im.format, strings.Join(load.Formats(), ", "))
	}
	registry, err := c.db.Registry(ctx, caller.Company)
	if err != nil {
		return err
	}
	if im.connection != "" {
		found, _, err := c.connection(ctx, caller.Company, im.connection)
		if err != nil {
			return err
		}
		caller.Connection, caller.Switches = found.ID, found.Switches
	}
	in := im.stdin
	if len(args) == 1 && args[0] != "-" {
		file, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	return im.load(ctx, c, caller, registry.Type(im.typ), in)
}

func (im *importer) load(ctx context.Context, c *core, caller resources.Caller, rt *resources.ResourceType, in io.Reader) error {
	source, err := load.Open(in, rt, load.Format(im.format), func(note string) { fmt.Fprintln(im.stderr, note) })
	if err != nil {
		return err
	}
	im.started = c.now()
	loader := &load.Loader{
		Directory: c.directory, Caller: caller, Type: rt, Update: im.update, DryRun: im.dryRun,
		Tell: im.tell, Progress: func(t load.Totals) { im.progress(c.now(), t) },
	}
	totals, err := loader.Load(ctx, source)
	im.sum(totals, c.now())
	switch {
	case err != nil && ctx.Err() != nil && im.dryRun:
		return fmt.Errorf("stopped after %d rows of a dry run: nothing was changed", totals.Rows)
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped after %d rows: what is told as created or updated is kept; run the same import again to go on", totals.Rows)
	case err != nil:
		return fmt.Errorf("the import was broken off after %d rows: %w; start it again: what is in stays in", totals.Rows, err)
	case totals.Refused > 0:
		return fmt.Errorf("%d were refused; correct them and start the import again: what is in stays in", totals.Refused)
	}
	return nil
}

// tell prints what became of a row: of each in a dry run, else of those that an administrator has to look at.
func (im *importer) tell(t load.Told) {
	for _, path := range t.Ignored {
		if _, known := im.ignored[path]; known || len(im.ignored) < maxIgnored {
			im.ignored[path]++
		}
	}
	if !im.dryRun && t.Fate != load.Refused && t.Hold == "" {
		return
	}
	if im.asJSON {
		im.line(t)
		return
	}
	fmt.Fprintf(im.stdout, "line %d\t%s\t%s", t.Line, t.Fate, t.Name)
	switch {
	case t.Attribute != "" && !strings.HasPrefix(t.Detail, t.Attribute):
		fmt.Fprintf(im.stdout, "\t%s: %s", t.Attribute, t.Detail)
	case t.Detail != "":
		fmt.Fprintf(im.stdout, "\t%s", t.Detail)
	case t.Hold != "":
		fmt.Fprintf(im.stdout, "\ton hold: %s", t.Hold)
	}
	fmt.Fprintln(im.stdout)
}

// maxIgnored bounds the attributes that are told of as not known.
const maxIgnored = 100

// progressInterval is how often an import says how far it is.
const progressInterval = time.Second

func (im *importer) progress(now time.Time, t load.Totals) {
	if now.Sub(im.told) < progressInterval {
		return
	}
	im.told = now
	rate := float64(t.Rows-t.Waiting) / max(now.Sub(im.started).Seconds(), 0.001)
	fmt.Fprintf(im.stderr, "%d rows read: %d created, %d wait for others, %d refused (%.0f a second)\n", t.Rows, t.Created, t.Waiting, t.Refused, rate)
}

// sum prints the totals.
func (im *importer) sum(t load.Totals, now time.Time) {
	for _, path := range slices.Sorted(maps.Keys(im.ignored)) {
		why := "no schema of the company has it"
		if path == "externalId" {
			why = "it belongs to a connection; name that with --connection"
		}
		fmt.Fprintf(im.stderr, "not read: %s (%d rows): %s\n", path, im.ignored[path], why)
	}
	if im.asJSON {
		im.line(struct {
			Totals load.Totals `json:"totals"`
			DryRun bool        `json:"dryRun"`
		}{t, im.dryRun})
		return
	}
	would := ""
	if im.dryRun {
		would = "nothing was changed; it would be: "
	}
	fmt.Fprintf(im.stdout, "%s%d rows in %s: %d created, %d updated, %d unchanged, %d there already, %d refused; %d on hold\n", would,
		t.Rows, now.Sub(im.started).Round(time.Millisecond), t.Created, t.Updated, t.Unchanged, t.There, t.Refused, t.Held)
}

// line prints one JSON object.
func (im *importer) line(v any) {
	e := json.NewEncoder(im.stdout)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // standard output is gone: the exit status tells the rest
}
