package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"proprio/resources"
)

func (p *program) typeCmd() *cobra.Command {
	return group("type", "Resource types of a company's own, beside users and groups",
		p.typeAddCmd(), p.typeListCmd(), p.typeShowCmd(), p.typeRemoveCmd())
}

func (p *program) typeAddCmd() *cobra.Command {
	var replace bool
	cmd := &cobra.Command{
		Use: "add FILE", Short: "Serve a resource type that a JSON file defines", Args: names("FILE"),
		Long: "Serve a resource type that a JSON file defines (see docs/resource-types.md); - is standard input.\n" +
			"These come with the program and are added by name: " + strings.Join(resources.ShippedDefinitions(), ", ") + ".",
		Example: `  proprio type add printer.json --company "Atelier Brémond"
  proprio type add device --company "Atelier Brémond"`,
	}
	cmd.Flags().BoolVar(&replace, "replace", false, "put the definition in the place of the one of that name")
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		definition, err := p.readDefinition(args[0])
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		changed, err := c.db.SetDefinition(ctx, caller.Actor, caller.Company, definition, replace)
		if errors.Is(err, resources.ErrUniqueness) && !replace {
			return fmt.Errorf("%s: %w; --replace puts this one in its place", args[0], err)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", args[0], err)
		}
		state := "unchanged"
		if changed {
			state = "served within a second"
		}
		fmt.Fprintf(p.stdout, "type %s %s, %s\n", definition.Name(), definition.ResourceType.Endpoint, state)
		return nil
	})
}

// readDefinition takes the name of a definition that comes with the program, or of a file.
func (p *program) readDefinition(name string) (*resources.Definition, error) {
	if slices.Contains(resources.ShippedDefinitions(), name) {
		return resources.ShippedDefinition(name)
	}
	in := p.stdin
	if name != "-" {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no such file, and nothing of that name comes with the program, which has %s",
				strings.Join(resources.ShippedDefinitions(), ", "))
		}
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return nil, err
	}
	return resources.ParseDefinition(data)
}

// typeJSON is what --json prints of a resource type; see output.go.
type typeJSON struct {
	Name       string   `json:"name"`
	Endpoint   string   `json:"endpoint"`
	Schema     string   `json:"schema"`
	Extensions []string `json:"extensions"`
	Own        bool     `json:"own"` // the company's; else every company has it
}

func (p *program) typeListCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List the resource types that a company has", Args: names(),
		Example: `  proprio type list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		registry, err := c.db.Registry(ctx, caller.Company)
		if err != nil {
			return err
		}
		out := func(rt *resources.ResourceType) typeJSON {
			j := typeJSON{Name: rt.Name, Endpoint: rt.Endpoint, Schema: rt.Schema.ID, Extensions: []string{}, Own: rt.Own()}
			for _, e := range rt.Extensions {
				j.Extensions = append(j.Extensions, e.ID)
			}
			return j
		}
		company, err := c.db.Company(ctx, caller.Company)
		if err != nil {
			return err
		}
		served := slices.DeleteFunc(slices.Clone(registry.Types()), func(rt *resources.ResourceType) bool { return !rt.Served(company.Features) })
		return printList(p, *asJSON, served, out, func(rt *resources.ResourceType) {
			fmt.Fprintf(p.stdout, "%s\t%s\town=%t\t%s\n", rt.Name, rt.Endpoint, rt.Own(), rt.Description)
		})
	})
}

func (p *program) typeShowCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Print the definition of a company's own resource type, as JSON", Args: names("NAME"),
		Example: `  proprio type show Device --company "Atelier Brémond" > device.json`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		definitions, err := c.db.Definitions(ctx, caller.Company)
		if err != nil {
			return err
		}
		for _, d := range definitions {
			if d.Name() == args[0] {
				return p.printJSON(d)
			}
		}
		return fmt.Errorf("type %q: %w (see proprio type list)", args[0], resources.ErrNotFound)
	})
}

func (p *program) typeRemoveCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove NAME", Short: "Stop serving a resource type of which there are no resources", Args: names("NAME"),
		Example: `  proprio type remove Device --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		if err := c.db.RemoveDefinition(ctx, caller.Actor, caller.Company, args[0]); err != nil {
			return fmt.Errorf("type %q: %w", args[0], err)
		}
		if args[0] == resources.TypeUser || args[0] == resources.TypeGroup {
			fmt.Fprintf(p.stdout, "what the company added to type %s removed\n", args[0])
			return nil
		}
		fmt.Fprintf(p.stdout, "type %s removed\n", args[0])
		return nil
	})
}
