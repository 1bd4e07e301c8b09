package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"proprio/audit"
	"proprio/resources"
)

// errUsage marks a wrong command line: exit status 2.
var errUsage = errors.New("wrong command line")

func exitCode(err error) int {
	if errors.Is(err, errUsage) || errors.Is(err, errCannotRun) || errors.Is(err, errUnwell) {
		return 2
	}
	return 1
}

// program is what every command shares.
type program struct {
	cfg    Config
	getenv func(string) string
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	lines  *lineBuffer // of the log
	log    *slog.Logger
	traces *traces // of the server; nil: none
}

// run is the whole program, so that tests can start it as main does.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	p := &program{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr, lines: &lineBuffer{w: stderr}}
	defer p.lines.Flush()
	root := p.rootCmd()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return root.ExecuteContext(ctx)
}

func (p *program) rootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:           "proprio",
		Short:         "A SCIM 2.0 identity-provisioning server: the company owns every account in its tools",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if err := fill(cmd, p.getenv); err != nil {
				return fmt.Errorf("%w: %w", errUsage, err)
			}
			log, err := newLogger(p.cfg, p.lines)
			p.log = log
			return err
		},
	}
	p.cfg.flags(root.PersistentFlags())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w (see %s --help)", errUsage, err, cmd.CommandPath())
	})
	root.AddCommand(
		p.serveCmd(), p.demoCmd(), p.companyCmd(), p.domainCmd(), p.connectionCmd(), p.tokenCmd(), p.streamCmd(), p.typeCmd(), p.roleCmd(), p.entitlementCmd(), p.removedCmd(), p.importCmd(), p.clientCmd(), p.appCmd(), p.taskCmd(), p.profileCmd(),
		p.adminCmd(), p.issuerCmd(), p.healthcheckCmd(), p.conformanceCmd(),
		p.backupCmd(), p.restoreCmd(), p.migrateCmd(), p.doctorCmd(),
	)
	return root
}

// group is a noun that holds verbs. An unknown verb is a mistake, not a call for help.
func group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, RunE: func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("%w: %s has no command %q (see %s --help)", errUsage, cmd.CommandPath(), args[0], cmd.CommandPath())
		}
		return cmd.Help()
	}}
	cmd.AddCommand(verbs...)
	return cmd
}

// names checks that a command got exactly its arguments.
func names(want ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(want) {
			return fmt.Errorf("%w: %s takes %s, not %d arguments (see %s --help)",
				errUsage, cmd.CommandPath(), cmp.Or(strings.Join(want, " "), "flags alone"), len(args), cmd.CommandPath())
		}
		return nil
	}
}

// required marks flags that a command cannot do without.
func required(cmd *cobra.Command, flags ...string) *cobra.Command {
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		for _, f := range flags {
			if v := cmd.Flag(f).Value.String(); v == "" || v == "[]" {
				return fmt.Errorf("%w: %s needs --%s (see %s --help)", errUsage, cmd.CommandPath(), f, cmd.CommandPath())
			}
		}
		return run(cmd, args)
	}
	return cmd
}

// withCore opens the database, which has to be there, for one command. The server may run at the same time.
func (p *program) withCore(ctx context.Context, do func(*core) error) error {
	return within(ctx, p.openExisting, do)
}

// within opens the database for one command.
func within(ctx context.Context, open func(context.Context) (*core, error), do func(*core) error) error {
	c, err := open(ctx)
	if err != nil {
		return err
	}
	defer c.close()
	return do(c)
}

// inCompany makes a command act in the company that --company names.
func (p *program) inCompany(cmd *cobra.Command, do func(ctx context.Context, c *core, caller resources.Caller, args []string) error) *cobra.Command {
	var company string
	cmd.Flags().StringVar(&company, "company", "", "the company's name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			found, err := c.companyByName(cmd.Context(), company)
			if err != nil {
				return err
			}
			return do(cmd.Context(), c, resources.Caller{Company: found.ID, Actor: p.actor()}, args)
		})
	}
	return required(cmd, "company")
}

// actor is who a command acts as, for the audit record.
func (p *program) actor() audit.Actor {
	name := p.getenv("SUDO_USER")
	if name == "" {
		name = p.getenv("USER")
	}
	return audit.Actor{Kind: audit.ActorCommand, Name: name}
}

// readSecret takes a secret from a file, or from standard input when the name is "-". Secrets are never arguments.
func (p *program) readSecret(path string) (string, error) {
	in := p.stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, 64<<10))
	if err != nil {
		return "", err
	}
	secret := trimLine(string(b))
	if secret == "" {
		return "", fmt.Errorf("%w: the secret in %s is empty", errUsage, path)
	}
	return secret, nil
}
