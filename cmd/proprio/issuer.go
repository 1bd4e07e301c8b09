package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"proprio/oidc"
	"proprio/resources"
)

func (p *program) issuerCmd() *cobra.Command {
	return group("issuer", "Issuers: the OpenID providers that admins sign in with", p.issuerAddCmd(), p.issuerListCmd())
}

func (p *program) issuerAddCmd() *cobra.Command {
	var trust, secretFile string
	var issuer oidc.Issuer
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add or change an OpenID provider; prints the redirect address to register there",
		Example: `  proprio issuer add "Entra ID" --company "Atelier Brémond" --trust entra-tid --tenant TENANT \
      --url https://login.microsoftonline.com/TENANT/v2.0 --client-id ID --client-secret-file secret.txt`,
		Args: names("NAME"),
	}
	f := cmd.Flags()
	f.StringVar(&issuer.URL, "url", "", "the issuer, exactly as its discovery document says")
	f.StringVar(&issuer.ClientID, "client-id", "", "the client id that the provider gave")
	f.StringVar(&secretFile, "client-secret-file", "", "file with the client secret, - for standard input; empty: a public client")
	f.StringVar(&trust, "trust", string(oidc.TrustEmailVerified), "what proves the company: email_verified, google-hd, entra-tid or owns-domains")
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
		fmt.Fprintf(p.stdout, "issuer %s %s\nregister this redirect address there: PUBLIC-URL%s\n",
			stored.ID, stored.Name, oidc.CallbackPath(stored.ID))
		return nil
	}), "url", "client-id")
}

func (p *program) issuerListCmd() *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List a company's OpenID providers", Args: names()}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		issuers, err := c.db.Issuers(ctx, caller.Company)
		for _, i := range issuers {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\tdisabled=%t\n", i.ID, i.Name, i.URL, i.Trust, i.Disabled)
		}
		return err
	})
}
