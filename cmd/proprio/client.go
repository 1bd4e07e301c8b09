package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"proprio/resources"
	"proprio/scim/oauth"
)

func (p *program) clientCmd() *cobra.Command {
	return group("client", "OAuth clients: identity providers that get access tokens by themselves",
		p.clientCreateCmd(), p.clientListCmd(), p.clientRotateCmd(), p.clientRevokeCmd(), p.clientRemoveCmd())
}

// clientFlags are how a client shows who it is. With none of them it gets a secret.
type clientFlags struct {
	connection, preset                string
	scopes                            []string
	keysFile, keysURL                 string
	issuer, audience, subject, tenant string
	entra                             struct{ authority, tenant, audience, subject string }
	private                           bool
}

func (p *program) clientCreateCmd() *cobra.Command {
	var flags clientFlags
	cmd := &cobra.Command{
		Use:   "create NAME",
		Short: "Register a client of a connection; prints its secret, or the client id where it has none",
		Long: "Register a client, and its connection when there is none of that name.\n\n" +
			"Without further flags the client gets a secret. It is printed alone on standard output and cannot be shown again;\n" +
			"the client id is printed on standard error, and by proprio client list.\n" +
			"With --jwks-file or --jwks-uri the client signs with a key of its own (private_key_jwt), with --entra-… or --issuer\n" +
			"another issuer signs for it: there is no secret then, and the client id is printed alone on standard output.",
		Example: `  proprio client create "Entra sync" --company "Atelier Brémond" --connection "Entra ID" --preset entra \
      --entra-tenant TENANT --entra-audience api://APP --entra-subject SUBJECT
  proprio client create "Okta sync" --company "Atelier Brémond" --connection Okta --preset okta
  proprio client create "HR" --company "Atelier Brémond" --connection HR --jwks-uri https://hr.example.fr/jwks.json`,
		Args: names("NAME"),
	}
	f := cmd.Flags()
	f.StringVar(&flags.connection, "connection", "", "the connection's name")
	f.StringVar(&flags.preset, "preset", "", "the identity provider of a new connection: "+presetNames())
	f.StringSliceVar(&flags.scopes, "scope", []string{oauth.ScopeSCIM}, "what its tokens may be for: "+strings.Join(oauth.Scopes(), ", "))
	f.StringVar(&flags.keysFile, "jwks-file", "", "file with the client's public keys (JWK Set), - for standard input")
	f.StringVar(&flags.keysURL, "jwks-uri", "", "address of the client's, or the issuer's, public keys (JWK Set)")
	f.StringVar(&flags.entra.tenant, "entra-tenant", "", "workload identity federation of Entra: the tenant's id")
	f.StringVar(&flags.entra.audience, "entra-audience", "", "the audience of Entra's tokens, exactly as in their claim aud")
	f.StringVar(&flags.entra.subject, "entra-subject", "", "the subject of Entra's tokens, exactly as in their claim sub")
	f.StringVar(&flags.entra.authority, "entra-authority", oauth.EntraAuthority, "where Entra issues tokens; national clouds have others")
	f.StringVar(&flags.issuer, "issuer", "", "another issuer signs for the client: the claim iss; its keys are discovered without --jwks-uri")
	f.StringVar(&flags.audience, "audience", "", "with --issuer: the claim aud")
	f.StringVar(&flags.subject, "subject", "", "with --issuer: the claim sub")
	f.StringVar(&flags.tenant, "tenant", "", "with --issuer: the claim tid, where it has one")
	f.BoolVar(&flags.private, "allow-private", false, "let the keys be on this machine or in a private network")
	return required(p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		client, err := p.clientOf(flags)
		if err != nil {
			return err
		}
		client.Name = args[0]
		client, secret, err := c.createClient(ctx, caller, client, flags.connection, flags.preset)
		if err != nil {
			return err
		}
		if secret == "" {
			fmt.Fprintln(p.stdout, client.ID)
			return nil
		}
		fmt.Fprintf(p.stderr, "client id: %s\n", client.ID)
		fmt.Fprintln(p.stdout, secret)
		return nil
	}), "connection")
}

// clientOf makes of the flags the one kind of client that they mean.
func (p *program) clientOf(f clientFlags) (oauth.Client, error) {
	entra := f.entra.tenant != "" || f.entra.audience != "" || f.entra.subject != ""
	federated := f.issuer != "" || f.audience != "" || f.subject != "" || f.tenant != ""
	own := f.keysFile != "" || f.keysURL != "" && !federated
	if entra && (federated || own) || federated && own {
		return oauth.Client{}, fmt.Errorf("%w: choose one: --entra-…, --issuer with --audience and --subject, or --jwks-…", errUsage)
	}
	c := oauth.Client{Method: oauth.MethodSecret}
	switch {
	case entra:
		c = oauth.Entra(f.entra.authority, f.entra.tenant, f.entra.audience, f.entra.subject)
	case federated:
		c = oauth.Client{Method: oauth.MethodFederated, Issuer: f.issuer, KeysURL: f.keysURL, Audience: f.audience,
			Subject: f.subject, Tenant: f.tenant}
	case own:
		c = oauth.Client{Method: oauth.MethodKey, KeysURL: f.keysURL}
	}
	c.Scopes, c.Private = f.scopes, f.private
	if f.keysFile != "" {
		keys, err := p.readSecret(f.keysFile)
		if err != nil {
			return c, fmt.Errorf("--jwks-file: %w", err)
		}
		c.Keys = keys
	}
	return c, nil
}

// createClient registers a client in the connection of that name, and makes the connection when there is none. The
// secret is empty where the client shows who it is in another way.
func (c *core) createClient(ctx context.Context, caller resources.Caller, client oauth.Client, connection, preset string) (made oauth.Client, secret string, err error) {
	client.ID, client.Company, client.Created = newID(), caller.Company, c.now()
	client, err = client.Normalize()
	if err != nil {
		return client, "", err
	}
	to, err := c.ensureConnection(ctx, caller, connection, preset)
	if err != nil {
		return client, "", err
	}
	client.Connection = to.ID
	if client.Method == oauth.MethodSecret {
		var kept oauth.Secret
		secret, kept = oauth.NewSecret(newID(), c.now())
		client.Secrets = []oauth.Secret{kept}
	}
	return client, secret, c.db.CreateClient(ctx, caller.Actor, client)
}

func (p *program) clientListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List a company's clients and their secrets", Args: names(),
		Example: `  proprio client list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		clients, err := c.db.ListClients(ctx, caller.Company)
		if err != nil {
			return err
		}
		named, err := c.connectionNames(ctx, caller.Company)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, clients, clientOut, func(c oauth.Client) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\t%s\t%s\n", c.ID, c.Name, named[c.Connection], c.Method, strings.Join(c.Scopes, " "))
			for _, s := range c.Secrets {
				fmt.Fprintf(p.stdout, "\tsecret %s\tcreated %s\n", s.ID, s.Created.Format("2006-01-02"))
			}
		})
	})
}

func (p *program) clientRotateCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "rotate NAME", Args: names("NAME"),
		Short: "Give a client a second secret, printed alone, once; the first stays in force until it is revoked",
		Example: `  proprio client rotate "Okta sync" --company "Atelier Brémond"
  proprio client revoke 01a20032-d3c7-79b4-992e-6bedaf7408f9 --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		client, err := c.findClient(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		secret, kept := oauth.NewSecret(newID(), c.now())
		if err := c.db.AddSecret(ctx, caller.Actor, caller.Company, client.ID, kept); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, secret)
		return nil
	})
}

func (p *program) clientRevokeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke SECRET-ID", Args: names("SECRET-ID"),
		Short:   "End a secret, and the access tokens got with it, at once (its id is in proprio client list)",
		Example: `  proprio client revoke 01a20032-d3c7-79b4-992e-6bedaf7408f9 --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		return c.db.RevokeSecret(ctx, caller.Actor, caller.Company, args[0])
	})
}

func (p *program) clientRemoveCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Remove a client; its access tokens end at once", Args: names("NAME"),
		Example: `  proprio client remove "Okta sync" --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		client, err := c.findClient(ctx, caller.Company, args[0])
		if err != nil {
			return err
		}
		return c.db.RemoveClient(ctx, caller.Actor, caller.Company, client.ID)
	})
}

// findClient finds a company's client by name or id.
func (c *core) findClient(ctx context.Context, company, name string) (oauth.Client, error) {
	clients, err := c.db.ListClients(ctx, company)
	if err != nil {
		return oauth.Client{}, err
	}
	i := slices.IndexFunc(clients, func(c oauth.Client) bool { return c.Name == name || c.ID == name })
	if i < 0 {
		return oauth.Client{}, fmt.Errorf("client %q: %w (see proprio client list)", name, resources.ErrNotFound)
	}
	return clients[i], nil
}

// clientJSON is what client list --json prints; see output.go.
type (
	clientJSON struct {
		ID         string             `json:"id"`
		Name       string             `json:"name"`
		Connection string             `json:"connection"` // its id
		Method     string             `json:"method"`
		Scopes     []string           `json:"scopes"`
		Keys       json.RawMessage    `json:"jwks,omitempty"`
		KeysURL    string             `json:"jwksUri,omitempty"`
		Issuer     string             `json:"issuer,omitempty"`
		Audience   string             `json:"audience,omitempty"`
		Subject    string             `json:"subject,omitempty"`
		Tenant     string             `json:"tenant,omitempty"`
		Private    bool               `json:"allowPrivate"`
		Created    time.Time          `json:"created"`
		LastUsed   time.Time          `json:"lastUsed,omitzero"`
		Secrets    []clientSecretJSON `json:"secrets"` // oldest first; never the secrets themselves
	}
	clientSecretJSON struct {
		ID       string    `json:"id"`
		Created  time.Time `json:"created"`
		LastUsed time.Time `json:"lastUsed,omitzero"`
	}
)

func clientOut(c oauth.Client) clientJSON {
	out := clientJSON{ID: c.ID, Name: c.Name, Connection: c.Connection, Method: string(c.Method), Scopes: c.Scopes,
		Keys: json.RawMessage(c.Keys), KeysURL: c.KeysURL, Issuer: c.Issuer, Audience: c.Audience, Subject: c.Subject,
		Tenant: c.Tenant, Private: c.Private, Created: c.Created, LastUsed: c.LastUsed, Secrets: make([]clientSecretJSON, len(c.Secrets))}
	for i, s := range c.Secrets {
		out.Secrets[i] = clientSecretJSON{ID: s.ID, Created: s.Created, LastUsed: s.LastUsed}
	}
	return out
}
