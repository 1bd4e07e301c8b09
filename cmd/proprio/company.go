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

func (p *program) companyCmd() *cobra.Command {
	return group("company", "Companies: the tenants and owners", p.companyCreateCmd(), p.companyListCmd(), p.companySetCmd(),
		p.companySwitchCmd("suspend", "Refuse a company's connections, sign its admins out and stop all calls to its apps", true),
		p.companySwitchCmd("resume", "End the suspension of a company", false))
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
		return within(cmd.Context(), p.open, func(c *core) error { // the first company makes the database
			company, added, err := c.createCompany(cmd.Context(), p.actor(), args[0], domains, assume, ownership.OutsideMode(mode))
			for _, domain := range added {
				p.printDomain(company.Name, domain)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "company %s %s\n", company.ID, company.Name)
			return nil
		})
	}
	return cmd
}

// createCompany makes the company or finds it, and adds its domains.
func (c *core) createCompany(ctx context.Context, by audit.Actor, name string, domains []string, assume bool, mode ownership.OutsideMode) (ownership.Company, []ownership.Domain, error) {
	company, err := c.registrar.CreateCompany(ctx, by, name, mode)
	if err != nil {
		return company, nil, err
	}
	if mode != "" && company.OutsideDomain != mode {
		if err := c.registrar.SetOutsideDomain(ctx, by, company.ID, mode); err != nil {
			return company, nil, err
		}
	}
	added := make([]ownership.Domain, 0, len(domains))
	for _, name := range domains {
		domain, err := c.registrar.AddDomain(ctx, by, company.ID, name, assume)
		if err != nil {
			return company, added, err
		}
		added = append(added, domain)
	}
	return company, added, nil
}

func (c *core) companyByName(ctx context.Context, name string) (ownership.Company, error) {
	company, err := c.db.CompanyByName(ctx, name)
	if err != nil {
		return company, fmt.Errorf("company %q: %w (see proprio company list)", name, err)
	}
	return company, nil
}

func (p *program) companyListCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List the companies", Args: names(), Example: "  proprio company list --json"}
	asJSON := jsonFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			companies, err := c.db.Companies(cmd.Context())
			if err != nil {
				return err
			}
			return printList(p, *asJSON, companies, companyOut, func(c ownership.Company) {
				fmt.Fprintf(p.stdout, "%s\t%s\t%s\tsuspended=%t\tfeatures=%s\n",
					c.ID, c.Name, c.OutsideDomain, c.Suspended, strings.Join(c.Features.On(), ","))
			})
		})
	}
	return cmd
}

func (p *program) companySetCmd() *cobra.Command {
	var wanted []string
	cmd := &cobra.Command{
		Use: "set NAME", Args: names("NAME"),
		Short: "Turn optional parts of SCIM on or off for a company",
		Long: "Turn optional parts of SCIM on or off for a company. They follow drafts that may still change, so each is off at\n" +
			"first: roles (/Roles and /Entitlements), delta (what changed since a point in time), memberships (/GroupMemberships).",
		Example: `  proprio company set "Atelier Brémond" --feature roles=on --feature delta=on`,
	}
	cmd.Flags().StringArrayVar(&wanted, "feature", nil, "name=on or name=off, as often as wanted")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			company, err := c.companyByName(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			features, err := c.db.SetFeatures(cmd.Context(), p.actor(), company.ID, func(f *resources.Features) error {
				return setFeatures(f, wanted)
			})
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "company %s %s features=%s\n", company.ID, company.Name, strings.Join(features.On(), ","))
			return nil
		})
	}
	return cmd
}

// setFeatures applies settings of the form name=on.
func setFeatures(f *resources.Features, settings []string) error {
	if len(settings) == 0 {
		return fmt.Errorf("%w: name what to set: --feature name=on", errUsage)
	}
	for _, setting := range settings {
		name, value, _ := strings.Cut(setting, "=")
		if value != "on" && value != "off" {
			return fmt.Errorf("%w: --feature %s: the value is on or off", errUsage, setting)
		}
		if err := f.Set(name, value == "on"); err != nil {
			return fmt.Errorf("%w: --feature: %w", errUsage, err)
		}
	}
	return nil
}

func (p *program) companySwitchCmd(verb, short string, suspended bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " NAME", Short: short, Args: names("NAME"), Example: "  proprio company " + verb + ` "Atelier Brémond"`,
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withCore(cmd.Context(), func(c *core) error {
			company, err := c.companyByName(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := c.db.SetSuspended(cmd.Context(), p.actor(), company.ID, suspended); err != nil {
				return fmt.Errorf("company %s: %w", company.Name, err)
			}
			fmt.Fprintf(p.stdout, "company %s %s suspended=%t\n", company.ID, company.Name, suspended)
			return nil
		})
	}
	return cmd
}
