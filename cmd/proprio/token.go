package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"proprio/resources"
	"proprio/scim"
	"proprio/scim/oauth"
)

func (p *program) tokenCmd() *cobra.Command {
	return group("token", "Bearer tokens of the identity providers' connections", p.tokenCreateCmd(), p.tokenRevokeCmd())
}

func (p *program) tokenCreateCmd() *cobra.Command {
	var connection, preset string
	var scopes []string
	var lifetime time.Duration
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Create a token, and its connection when there is none of that name; prints the token alone, once",
		Long: "Create a token. It is printed alone on standard output and cannot be shown again: only its hash is kept.\n" +
			"A connection has at most two tokens in force, so that one can be rotated while the other works.",
		Example: `  proprio token create --company "Atelier Brémond" --connection "Entra ID" --preset entra`,
		Args:    names(),
	}
	f := cmd.Flags()
	f.StringVar(&connection, "connection", "", "the connection's name")
	f.StringVar(&preset, "preset", "", "the identity provider: "+presetNames())
	f.StringSliceVar(&scopes, "scope", []string{scim.Scope}, "what the token is for: "+strings.Join(oauth.Scopes(), ", "))
	f.DurationVar(&lifetime, "expires-in", 0, "how long the token is valid, such as 4380h; 0: until it is revoked")
	return required(p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		token, err := c.createToken(ctx, caller, connection, preset, lifetime, scopes...)
		if err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, token)
		return nil
	}), "connection")
}

// createToken makes a token in the connection of that name, and the connection when there is none.
func (c *core) createToken(ctx context.Context, caller resources.Caller, connection, preset string, lifetime time.Duration, scopes ...string) (string, error) {
	for _, scope := range scopes {
		if !slices.Contains(oauth.Scopes(), scope) {
			return "", fmt.Errorf("%w: --scope %q: use %s", errUsage, scope, strings.Join(oauth.Scopes(), ", "))
		}
	}
	if lifetime < 0 {
		return "", fmt.Errorf("%w: --expires-in %s: must not be negative", errUsage, lifetime)
	}
	made, err := c.ensureConnection(ctx, caller, connection, preset)
	if err != nil {
		return "", err
	}
	token, hash := resources.NewToken()
	t := resources.Token{Company: caller.Company, Connection: made.ID, Scopes: scopes}
	if lifetime > 0 {
		t.Expires = c.now().Add(lifetime)
	}
	return token, c.db.CreateToken(ctx, caller.Actor, t, hash)
}

// ensureConnection gives the connection of that name; it makes it when there is none.
func (c *core) ensureConnection(ctx context.Context, caller resources.Caller, name, preset string) (resources.Connection, error) {
	switches, err := resources.PresetSwitches(preset)
	if err != nil {
		return resources.Connection{}, fmt.Errorf("%w: --preset: %w", errUsage, err)
	}
	return c.db.CreateConnection(ctx, caller.Actor, resources.Connection{
		Company: caller.Company, Name: name, Preset: preset, Switches: switches,
	})
}

func (p *program) tokenRevokeCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "revoke ID", Short: "End a token at once (its id is in proprio connection list)", Args: names("ID"),
		Example: `  proprio token revoke 01a20032-d3c7-79b4-992e-6bedaf7408f9 --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		return c.db.RevokeToken(ctx, caller.Actor, caller.Company, args[0])
	})
}
