package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"proprio/audit"
	"proprio/ownership"
	"proprio/resources"
)

func (p *program) domainCmd() *cobra.Command {
	return group("domain", "Domains: what a company has proved to own",
		p.domainVerb("add DOMAIN", "Add a domain and print the DNS record that proves it", addDomain),
		p.domainVerb("check DOMAIN", "Look for the DNS record and verify the domain", (*ownership.Registrar).CheckDomain),
		p.domainVerb("remove DOMAIN", "Take a domain away; its users are judged again", removeDomain),
		p.domainListCmd())
}

func (p *program) domainVerb(use, short string, do domainAction) *cobra.Command {
	verb, _, _ := strings.Cut(use, " ")
	cmd := &cobra.Command{
		Use: use, Short: short, Args: names("DOMAIN"),
		Example: "  proprio domain " + verb + ` atelier-bremond.fr --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		domain, err := do(c.registrar, ctx, caller.Actor, caller.Company, args[0])
		if err != nil {
			return err
		}
		p.printDomain(cmd.Flag("company").Value.String(), domain)
		return nil
	})
}

func (p *program) domainListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List a company's domains", Args: names(),
		Example: `  proprio domain list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		domains, err := c.db.Domains(ctx, caller.Company)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, domains, domainOut, func(d ownership.Domain) {
			p.printDomain(cmd.Flag("company").Value.String(), d)
		})
	})
}

// domainAction is what a verb does to a company's domain.
type domainAction func(r *ownership.Registrar, ctx context.Context, by audit.Actor, company, name string) (ownership.Domain, error)

func addDomain(r *ownership.Registrar, ctx context.Context, by audit.Actor, company, name string) (ownership.Domain, error) {
	return r.AddDomain(ctx, by, company, name, false)
}

func removeDomain(r *ownership.Registrar, ctx context.Context, by audit.Actor, company, name string) (ownership.Domain, error) {
	return ownership.Domain{}, r.RemoveDomain(ctx, by, company, name)
}

// printDomain says where a domain stands, and what to do when it is not proved yet. A removed one has no name.
func (p *program) printDomain(company string, d ownership.Domain) {
	switch {
	case d.Name == "":
		fmt.Fprintln(p.stdout, "removed")
	case d.InForce():
		fmt.Fprintf(p.stdout, "domain %s verified\n", d.Name)
	default:
		fmt.Fprintf(p.stdout, "domain %s waits for this DNS record:\n  %s TXT %q\nthen run: proprio domain check %s --company %q\n",
			d.Name, ownership.ProofRecord(d.Name), d.Proof, d.Name, company)
	}
}
