package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"proprio/oidc"
	"proprio/resources"
)

func (p *program) issuerCmd() *cobra.Command {
	return group("issuer", "Issuers: the OpenID providers that admins sign in with", p.issuerAddCmd(), p.issuerListCmd(),
		p.issuerSwitchCmd("disable", "End the sessions that began at a provider and refuse sign-ins there", true),
		p.issuerSwitchCmd("enable", "Let admins sign in at a disabled provider again", false))
}

func (p *program) issuerAddCmd() *cobra.Command {
	var trust, secretFile string
	var issuer oidc.Issuer
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add or change an OpenID provider; prints the redirect address to register there",
		Example: `  proprio issuer add "Entra ID" --company "Atelier Brémond" --trust entra-tid --tenant TENANT \
      --url https://login.microsoftonline.com/TENANT/v2.0 --client-id ID --client-secret-file secret.txt
  proprio issuer add "Google" --company "Atelier Brémond" --trust google-hd \
      --url https://accounts.google.com --client-id ID --client-secret-file secret.txt
  proprio issuer add "Keycloak" --company "Atelier Brémond" \
      --url https://login.atelier-bremond.fr/realms/main --client-id ID --client-secret-file secret.txt`,
		Args: names("NAME"),
	}
	f := cmd.Flags()
	f.StringVar(&issuer.URL, "url", "", "the issuer, exactly as its discovery document says")
	f.StringVar(&issuer.ClientID, "client-id", "", "the client id that the provider gave")
	f.StringVar(&secretFile, "client-secret-file", "", "file with the client secret, - for standard input; empty: a public client")
	f.StringVar(&trust, "trust", string(oidc.TrustEmailVerified), "what proves the company: email_verified, google-hd, entra-tid or owns-domains")
	p.cfg.publicURLFlag(f)
	f.StringVar(&issuer.Tenant, "tenant", "", "the Entra tenant's id, with --trust entra-tid")
	f.BoolVar(&issuer.Private, "allow-private", false, "let the issuer be on this machine or in a private network")
	f.StringSliceVar(&issuer.Methods, "require-amr", nil, "one of these must be in the claim amr, such as mfa")
	f.DurationVar(&issuer.MaxAge, "max-age", 0, "how long ago a person may have signed in at the issuer; 0: no limit")
	return required(p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		issuer.Name, issuer.Trust = args[0], oidc.Trust(trust)
		if secretFile != "" {
			secret, err := p.readSecret(secretFile)
			if err != nil {
				return err
			}
			issuer.Secret = secret
		}
		stored, err := c.addIssuer(ctx, caller, issuer)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "issuer %s %s\nregister this redirect address there: %s\n", stored.ID, stored.Name,
			p.redirectAddress(stored))
		return nil
	}), "url", "client-id")
}

// redirectAddress is where the provider sends a browser back to.
func (p *program) redirectAddress(i oidc.Issuer) string {
	if p.cfg.PublicURL == "" {
		return "PUBLIC-URL" + oidc.CallbackPath(i.ID) + "\nPUBLIC-URL is what serve has as --public-url"
	}
	return strings.TrimRight(p.cfg.PublicURL, "/") + oidc.CallbackPath(i.ID)
}

// addIssuer adds an OpenID provider, or changes the one with that address, which stays disabled if somebody disabled it.
func (c *core) addIssuer(ctx context.Context, caller resources.Caller, issuer oidc.Issuer) (oidc.Issuer, error) {
	issuer.ID, issuer.Company, issuer.Created = newID(), caller.Company, c.now()
	issuer, err := issuer.Normalize()
	if err != nil {
		return oidc.Issuer{}, err
	}
	known, err := c.db.Issuers(ctx, caller.Company)
	if err != nil {
		return oidc.Issuer{}, err
	}
	for _, i := range known {
		if i.URL == issuer.URL {
			issuer.Disabled = i.Disabled
		}
	}
	return c.db.PutIssuer(ctx, oidcActor(caller.Actor), issuer)
}

func (p *program) issuerListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List a company's OpenID providers", Args: names(),
		Example: `  proprio issuer list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		issuers, err := c.db.Issuers(ctx, caller.Company)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, issuers, issuerOut, func(i oidc.Issuer) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\tdisabled=%t\n", i.ID, i.Name, i.URL, i.Trust, i.Disabled)
		})
	})
}

func (p *program) issuerSwitchCmd(verb, short string, disabled bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " NAME", Short: short, Args: names("NAME"),
		Example: "  proprio issuer " + verb + ` "Entra ID" --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		issuer, err := c.findIssuer(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		if err := c.db.SwitchIssuer(ctx, oidcActor(caller.Actor), issuer.Company, issuer.ID, disabled); err != nil {
			return fmt.Errorf("issuer %s: %w", issuer.Name, err)
		}
		fmt.Fprintf(p.stdout, "issuer %s %s disabled=%t\n", issuer.ID, issuer.Name, disabled)
		return nil
	})
}

// findIssuer finds a company's provider by name, or by id where several have one name.
func (c *core) findIssuer(ctx context.Context, company, name string) (oidc.Issuer, error) {
	issuers, err := c.db.Issuers(ctx, company)
	if err != nil {
		return oidc.Issuer{}, err
	}
	issuers = slices.DeleteFunc(issuers, func(i oidc.Issuer) bool { return i.Name != name && i.ID != name })
	switch len(issuers) {
	case 0:
		return oidc.Issuer{}, fmt.Errorf("issuer %q: %w (see proprio issuer list)", name, resources.ErrNotFound)
	case 1:
		return issuers[0], nil
	}
	return oidc.Issuer{}, fmt.Errorf("%w: issuer %q: several have that name; give the id (see proprio issuer list)", errUsage, name)
}
