package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"proprio/audit"
	"proprio/oidc"
	"proprio/resources"
)

func (p *program) adminCmd() *cobra.Command {
	return group("admin", "Admins: who may sign in to the console", p.adminAddCmd(), p.adminListCmd(), p.adminRebindCmd(),
		p.adminSwitchCmd("disable", "End somebody's sessions and refuse their sign-ins", true),
		p.adminSwitchCmd("enable", "Let a disabled admin sign in again", false))
}

func (p *program) adminAddCmd() *cobra.Command {
	var role string
	cmd := &cobra.Command{
		Use:   "add ADDRESS",
		Short: "List somebody who may sign in; their first sign-in binds the address to their identity at the issuer",
		Long: `List somebody who may sign in; their first sign-in binds the address to their identity at the issuer.
Somebody who is listed stays as they are, but gets the role that --role names.`,
		Example: `  proprio admin add karim.haddad@atelier-bremond.fr --company "Atelier Brémond"
  proprio admin add anne.roux@atelier-bremond.fr --company "Atelier Brémond" --role auditor`,
		Args: names("ADDRESS"),
	}
	cmd.Flags().StringVar(&role, "role", string(oidc.RoleAdmin), "admin, or auditor (sees, but cannot act)")
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		admin, err := c.addAdmin(ctx, caller, args[0], oidc.Role(role))
		if err != nil {
			return err
		}
		was := admin.Role
		if cmd.Flags().Changed("role") && role != "" && was != oidc.Role(role) {
			admin.Role = oidc.Role(role)
			if err := c.db.SetAdmin(ctx, oidcActor(caller.Actor), admin); err != nil {
				return fmt.Errorf("admin %s: %w", admin.Address, err)
			}
			fmt.Fprintf(p.stdout, "admin %s %s %s (was %s)\n", admin.ID, admin.Address, admin.Role, was)
			return nil
		}
		fmt.Fprintf(p.stdout, "admin %s %s %s\n", admin.ID, admin.Address, admin.Role)
		return nil
	})
}

// addAdmin lists somebody who may sign in.
func (c *core) addAdmin(ctx context.Context, caller resources.Caller, address string, role oidc.Role) (oidc.Admin, error) {
	admin, err := oidc.Admin{ID: newID(), Company: caller.Company, Address: address, Role: role, Created: c.now()}.Normalize()
	if err != nil {
		return oidc.Admin{}, err
	}
	return c.db.CreateAdmin(ctx, oidcActor(caller.Actor), admin)
}

// oidcActor is an actor as package oidc knows it.
func oidcActor(a audit.Actor) oidc.Actor { return oidc.Actor{Admin: a.ID, Name: a.Name} }

func (p *program) adminListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List who may sign in", Args: names(),
		Example: `  proprio admin list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		admins, err := c.db.Admins(ctx, caller.Company)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, admins, adminOut, func(a oidc.Admin) {
			fmt.Fprintf(p.stdout, "%s\t%s\t%s\tbound=%t\tdisabled=%t\n", a.ID, a.Address, a.Role, a.Bound(), a.Disabled)
		})
	})
}

func (p *program) adminRebindCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rebind ADDRESS",
		Short:   "Forget the identity an admin is bound to, after asking the person; the next sign-in binds anew",
		Example: `  proprio admin rebind karim.haddad@atelier-bremond.fr --company "Atelier Brémond"`,
		Args:    names("ADDRESS"),
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		folded, ok := oidc.FoldAddress(args[0])
		if !ok {
			return fmt.Errorf("%w: %q is not an e-mail address", errUsage, args[0])
		}
		admin, err := c.db.Rebind(ctx, oidcActor(caller.Actor), caller.Company, folded)
		if err != nil {
			return fmt.Errorf("admin %s: %w", args[0], err)
		}
		fmt.Fprintf(p.stdout, "admin %s %s will bind at the next sign-in\n", admin.ID, admin.Address)
		return nil
	})
}

func (p *program) adminSwitchCmd(verb, short string, disabled bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: verb + " ADDRESS", Short: short, Args: names("ADDRESS"),
		Example: "  proprio admin " + verb + ` karim.haddad@atelier-bremond.fr --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		folded, ok := oidc.FoldAddress(args[0])
		if !ok {
			return fmt.Errorf("%w: %q is not an e-mail address", errUsage, args[0])
		}
		admin, err := c.db.AdminByAddress(ctx, caller.Company, folded)
		if err != nil {
			return fmt.Errorf("admin %s: %w (see proprio admin list)", args[0], err)
		}
		admin.Disabled = disabled
		if err := c.db.SetAdmin(ctx, oidcActor(caller.Actor), admin); err != nil {
			return fmt.Errorf("admin %s: %w", args[0], err)
		}
		fmt.Fprintf(p.stdout, "admin %s %s disabled=%t\n", admin.ID, admin.Address, disabled)
		return nil
	})
}
