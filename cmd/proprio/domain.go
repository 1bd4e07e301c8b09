package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"proprio/audit"
	"proprio/ownership"
)

func (p *program) domainCmd() *cobra.Command {
	return group("domain", "Domains: what a company has proved to own",
		p.domainVerb("add DOMAIN", "Add a domain and print the DNS record that proves it", addDomain),
		p.domainVerb("check DOMAIN", "Look for the DNS record and verify the domain", (*ownership.Registrar).CheckDomain),
		p.domainVerb("remove DOMAIN", "Take a domain away; its users are judged again", removeDomain),
		p.domainListCmd())
}

func (p *program) domainVerb(use, short string, do domainAction) *cobra.Command {
	var company string
	cmd := &cobra.Command{Use: use, Short: short, Args: names("DOMAIN")}
	cmd.Flags().StringVar(&company, "company", "", "the company's name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			caller, err := p.companyCaller(cmd.Context(), c, company)
			if err != nil {
				return err
			}
			domain, err := do(c.registrar, cmd.Context(), caller.Actor, caller.Company, args[0])
			if err != nil {
				return err
			}
			p.printDomain(company, domain)
			return nil
		})
	}
	return required(cmd, "company")
}

func (p *program) domainListCmd() *cobra.Command {
	var company string
	cmd := &cobra.Command{Use: "list", Short: "List a company's domains", Args: names()}
	cmd.Flags().StringVar(&company, "company", "", "the company's name")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			caller, err := p.companyCaller(cmd.Context(), c, company)
			if err != nil {
				return err
			}
			domains, err := c.db.Domains(cmd.Context(), caller.Company)
			for _, domain := range domains {
				p.printDomain(company, domain)
			}
			return err
		})
	}
	return required(cmd, "company")
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
