package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"proprio/scim/conformance"
)

// conformanceFlags are what the command is asked for.
type conformanceFlags struct {
	conformance.Options
	tokenFile, secondFile string
	json, html, lang      string
	list                  bool
}

func (p *program) conformanceCmd() *cobra.Command {
	var c conformanceFlags
	cmd := &cobra.Command{
		Use:   "conformance",
		Short: "Judge any SCIM 2.0 server: one verdict per requirement of the standards",
		Long: `Judge any SCIM 2.0 server from outside: one verdict per requirement of RFC 7643, 7644, 9865 and 9967 and of the
profile that --profile names, and warnings where clients in use expect more than the standards ask.

The suite makes Users and Groups under names of its own, touches nothing else, and deletes them again, also when it is
interrupted. The last line of the text report is for scripts.

Exit status: 0 no requirement that must be met was missed, 1 some were, 2 the suite could not run.`,
		Example: `  proprio conformance --url https://id.example.com/scim/v2 --token-file token.txt --domain example.com
  proprio conformance --url http://127.0.0.1:8080/scim/v2 --token-file - --html report.html --only 'R4*,P*'
  proprio conformance --list --profile interop`,
		Args: names(),
		RunE: func(cmd *cobra.Command, _ []string) error { return p.conformance(cmd.Context(), c) },
	}
	f := cmd.Flags()
	f.StringVar(&c.URL, "url", "", "the SCIM base address, such as https://id.example.com/scim/v2")
	f.StringVar(&c.Token, "token", "", "bearer token; --token-file and PROPRIO_TOKEN keep it out of the process list")
	f.StringVar(&c.tokenFile, "token-file", "", "file with the bearer token, - for standard input")
	f.StringVar(&c.secondFile, "second-token-file", "", "file with the token of another tenant of the same server, to judge that they are apart")
	f.StringVar(&c.Domain, "domain", "example.com", "domain of the user names that the suite makes")
	f.StringVar(&c.Profile, "profile", conformance.ProfileRFC, "rfc, interop, ipsie-al1 or ipsie-al2")
	f.StringSliceVar(&c.Only, "only", nil, "requirements to judge, by id or pattern: R41,P*")
	f.BoolVar(&c.ReadOnly, "read-only", false, "write nothing: judge discovery and reads alone")
	f.DurationVar(&c.Timeout, "timeout", 30*time.Second, "how long to wait for an answer")
	f.StringVar(&c.json, "json", "", "write the report as JSON to this file, - for standard output instead of the text")
	f.StringVar(&c.html, "html", "", "write the report as one HTML page to this file")
	f.StringVar(&c.lang, "lang", conformance.English, "language of the text and the page: en or fr")
	f.BoolVar(&c.list, "list", false, "print the requirements and stop")
	return cmd
}

// errCannotRun marks a suite that judged nothing: exit status 2.
var errCannotRun = errors.New("the suite could not run")

// errNotConformant is the verdict as an exit status; the report says what is wrong.
var errNotConformant = errors.New("requirements that must be met were missed")

func (p *program) conformance(ctx context.Context, c conformanceFlags) error {
	if !slices.Contains([]string{conformance.English, conformance.French}, c.lang) {
		return fmt.Errorf("%w: --lang is en or fr, not %q", errUsage, c.lang)
	}
	if c.list {
		wanted, err := conformance.Select(c.Profile, c.Only)
		if err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
		return conformance.WriteList(p.stdout, c.lang, wanted)
	}
	if err := p.conformanceSecrets(&c); err != nil {
		return err
	}
	report, err := conformance.Run(ctx, c.Options)
	if err != nil {
		return fmt.Errorf("%w: %w", errCannotRun, err)
	}
	if err := p.writeConformance(report, c); err != nil {
		return fmt.Errorf("%w: its report: %w", errCannotRun, err)
	}
	if report.Failed() {
		return errNotConformant
	}
	return nil
}

// conformanceSecrets reads the tokens from where they are.
func (p *program) conformanceSecrets(c *conformanceFlags) (err error) {
	for _, secret := range []struct {
		file string
		to   *string
	}{{c.tokenFile, &c.Token}, {c.secondFile, &c.SecondToken}} {
		if secret.file == "" {
			continue
		}
		if *secret.to, err = p.readSecret(secret.file); err != nil {
			return fmt.Errorf("%w: %w", errUsage, err)
		}
	}
	switch {
	case c.URL == "":
		return fmt.Errorf("%w: proprio conformance needs --url (see proprio conformance --help)", errUsage)
	case c.Token == "":
		return fmt.Errorf("%w: proprio conformance needs --token-file, PROPRIO_TOKEN, PROPRIO_TOKEN_FILE or --token", errUsage)
	}
	return nil
}

func (p *program) writeConformance(report *conformance.Report, c conformanceFlags) error {
	text := func(w io.Writer) error { return report.WriteText(w, c.lang) }
	if c.json == "-" {
		text = report.WriteJSON
	} else if c.json != "" {
		if err := writeFile(c.json, report.WriteJSON); err != nil {
			return err
		}
	}
	if c.html != "" {
		if err := writeFile(c.html, func(w io.Writer) error { return report.WriteHTML(w, c.lang) }); err != nil {
			return err
		}
	}
	return text(p.stdout)
}

// writeFile makes a file, and says so when it could not be written whole.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
