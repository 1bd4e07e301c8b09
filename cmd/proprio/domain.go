package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"proprio/db"
	"proprio/ownership"
)

func (p *program) domainCmd() *cobra.Command {
	return group("domain", "Domains: what a company has proved to own",
		p.domainVerb("add DOMAIN", "Add a domain and print the DNS record that proves it", addDomain),
		p.domainVerb("check DOMAIN", "Look for the DNS record and verify the domain", checkDomain),
		p.domainVerb("remove DOMAIN", "Take a domain away; its users are judged again", removeDomain),
		p.domainListCmd())
}

func (p *program) domainVerb(use, short string, do domainAction) *cobra.Command {
	var company string
	cmd := &cobra.Command{Use: use, Short: short, Args: names("DOMAIN")}
	cmd.Flags().StringVar(&company, "company", "", "the company's name")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withDatabase(cmd.Context(), func(d *db.DB) error {
			caller, err := p.companyCaller(cmd.Context(), d, company)
			if err != nil {
				return err
			}
			return do(cmd.Context(), p, d, caller, args[0])
		})
	}
	return required(cmd, "company")
}

func (p *program) domainListCmd() *cobra.Command {
	var company string
	cmd := &cobra.Command{Use: "list", Short: "List a company's domains", Args: names()}
	cmd.Flags().StringVar(&company, "company", "", "the company's name")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.withDatabase(cmd.Context(), func(d *db.DB) error {
			caller, err := p.companyCaller(cmd.Context(), d, company)
			if err != nil {
				return err
			}
			domains, err := d.Domains(cmd.Context(), caller.Company)
			for _, domain := range domains {
				p.printDomain(domain)
			}
			return err
		})
	}
	return required(cmd, "company")
}

func (p *program) printDomain(d ownership.Domain) {
	if !d.Verified.IsZero() {
		fmt.Fprintf(p.stdout, "domain %s verified\n", d.Name)
		return
	}
	fmt.Fprintf(p.stdout, "domain %s waits for this DNS record:\n  %s TXT %q\nthen run: proprio domain check %s\n",
		d.Name, ownership.RecordName(d.Name), d.Proof, d.Name)
}
