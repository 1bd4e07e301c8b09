package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"proprio/db"
	"proprio/ownership"
	"proprio/resources"
)

func (p *program) companyCmd() *cobra.Command {
	return group("company", "Companies: the tenants and owners", p.companyCreateCmd(), p.companyListCmd())
}

func (p *program) companyCreateCmd() *cobra.Command {
	var domains []string
	var assume bool
	var mode string
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Create a company, or add domains to the one of that name",
		Example: `  proprio company create "Atelier Brémond" --domain atelier-bremond.fr
  proprio company create "Atelier Brémond" --domain atelier-bremond.fr --assume-verified --outside-domain hold`,
		Args: names("NAME"),
	}
	f := cmd.Flags()
	f.StringArrayVar(&domains, "domain", nil, "a DNS domain of the company; may be repeated")
	f.BoolVar(&assume, "assume-verified", false, "take the domains as proved, without a DNS record")
	f.StringVar(&mode, "outside-domain", "", "what happens to a user with an address outside the domains: reject or hold")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if m := ownership.OutsideMode(mode); mode != "" && m != ownership.OutsideReject && m != ownership.OutsideHold {
			return fmt.Errorf("%w: --outside-domain %q: use reject or hold", errUsage, mode)
		}
		return p.withDatabase(cmd.Context(), func(d *db.DB) error {
			return p.createCompany(cmd.Context(), d, args[0], domains, assume, ownership.OutsideMode(mode))
		})
	}
	return cmd
}

func (p *program) createCompany(ctx context.Context, d *db.DB, name string, domains []string, assume bool, mode ownership.OutsideMode) error {
	registrar := newRegistrar(d)
	company, err := registrar.CreateCompany(ctx, p.actor(), ownership.Company{Name: name, OutsideDomain: mode})
	if err != nil {
		return err
	}
	if mode != "" && company.OutsideDomain != mode {
		if err := registrar.SetOutsideDomain(ctx, p.actor(), company.ID, mode); err != nil {
			return err
		}
	}
	for _, name := range domains {
		domain, err := registrar.AddDomain(ctx, p.actor(), company.ID, name, assume)
		if err != nil {
			return err
		}
		p.printDomain(domain)
	}
	fmt.Fprintf(p.stdout, "company %s %s\n", company.ID, company.Name)
	return nil
}

func (p *program) companyListCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{Use: "list", Short: "List the companies", Args: names()}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.withDatabase(cmd.Context(), func(d *db.DB) error {
			companies, err := d.Companies(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return p.printJSON(companies)
			}
			for _, c := range companies {
				fmt.Fprintf(p.stdout, "%s\t%s\t%s\n", c.ID, c.Name, c.OutsideDomain)
			}
			return nil
		})
	}
	return cmd
}

// companyCaller finds a company by name, for commands that read or write its directory.
func (p *program) companyCaller(ctx context.Context, d *db.DB, name string) (resources.Caller, error) {
	company, err := d.CompanyByName(ctx, name)
	if err != nil {
		return resources.Caller{}, fmt.Errorf("company %q: %w (see proprio company list)", name, err)
	}
	return resources.Caller{Company: company.ID, Actor: p.actor()}, nil
}
