package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"proprio/resources"
)

// roleCmd and entitlementCmd keep the values that roles and entitlements of Users may have, which identity providers
// read at /Roles and /Entitlements where the company turned the feature roles on.
func (p *program) roleCmd() *cobra.Command {
	return p.grantCmd(resources.TypeRole, "role", "Roles that users may have, as identity providers read them")
}

func (p *program) entitlementCmd() *cobra.Command {
	return p.grantCmd(resources.TypeEntitlement, "entitlement", "Entitlements that users may have, as identity providers read them")
}

func (p *program) grantCmd(typ, word, short string) *cobra.Command {
	return group(word, short, p.grantSetCmd(typ, word), p.grantListCmd(typ, word), p.grantRemoveCmd(typ, word))
}

func (p *program) grantSetCmd(typ, word string) *cobra.Command {
	var display, kind string
	var contains []string
	var limit int
	var unsupported bool
	cmd := &cobra.Command{
		Use: "set VALUE", Short: "Create a " + word + ", or put another description in the place of the one it has", Args: names("VALUE"),
		Example: fmt.Sprintf("  proprio %s set admin --company \"Atelier Brémond\" --display Administrator --limit 3 --contains editor", word),
	}
	f := cmd.Flags()
	f.StringVar(&display, "display", "", "a name for people")
	f.StringVar(&kind, "type", "", "what it is for")
	f.StringArrayVar(&contains, "contains", nil, "another one whose rights this one grants; may be repeated")
	f.IntVar(&limit, "limit", 0, "how many users may have it; 0: any number")
	f.BoolVar(&unsupported, "unsupported", false, "it is not in use any more")
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		if limit < 0 {
			return fmt.Errorf("%w: --limit %d: it is a number of users, or 0 for any number", errUsage, limit)
		}
		in := resources.Input{
			"value": args[0], "supported": !unsupported, "limitedAssignmentsPermitted": limit > 0, "contains": values(contains),
		}
		if display != "" {
			in["display"] = display
		}
		if kind != "" {
			in["type"] = kind
		}
		if limit > 0 {
			in["totalAssignmentsPermitted"] = json.Number(fmt.Sprint(limit))
		}
		return c.setGrant(ctx, caller, typ, args[0], in)
	})
}

func values(of []string) []any {
	list := make([]any, len(of))
	for i, v := range of {
		list[i] = map[string]any{"value": v}
	}
	return list
}

// setGrant creates or replaces a role or an entitlement, and tells those that it contains.
func (c *core) setGrant(ctx context.Context, caller resources.Caller, typ, value string, in resources.Input) error {
	all, err := c.grants(ctx, caller, typ)
	if err != nil {
		return err
	}
	old, document := findGrant(all, value)
	contains, _ := in["contains"].([]any)
	for _, part := range grantValues(contains) {
		if found, _ := findGrant(all, part); found == nil || resources.Fold(part) == resources.Fold(value) {
			return fmt.Errorf("%w: --contains %s: there is no other one of that value", errUsage, part)
		}
	}
	var result *resources.Result
	if old == nil {
		result, err = c.directory.Create(ctx, caller, typ, in)
	} else {
		in["containedBy"] = document["containedBy"]
		result, err = c.directory.Replace(ctx, caller, typ, old.ID, resources.Precondition{}, in)
	}
	if err != nil {
		return err
	}
	return errors.Join(c.setContained(ctx, caller, all, value, grantValues(contains)), ignoredError(result))
}

// containers are the values of those that contain the one of that value.
func containers(all []*resources.Resource, value string) (values []string) {
	for _, r := range all {
		g := grantOut(r)
		if slices.ContainsFunc(g.Contains, func(v string) bool { return resources.Fold(v) == resources.Fold(value) }) {
			values = append(values, g.Value)
		}
	}
	return values
}

func ignoredError(result *resources.Result) error {
	if len(result.Ignored) == 0 {
		return nil
	}
	return fmt.Errorf("not known: %v", result.Ignored)
}

// setContained makes containedBy of the others say what contains of one says.
func (c *core) setContained(ctx context.Context, caller resources.Caller, all []*resources.Resource, value string, contained []string) error {
	for _, other := range all {
		document, err := other.Document()
		if err != nil {
			return err
		}
		name, _ := document["value"].(string)
		list, _ := document["containedBy"].([]any)
		has := slices.Contains(grantValues(list), value)
		wanted := slices.ContainsFunc(contained, func(v string) bool { return resources.Fold(v) == resources.Fold(name) })
		if has == wanted {
			continue
		}
		parents := slices.DeleteFunc(grantValues(list), func(v string) bool { return v == value })
		if wanted {
			parents = append(parents, value)
		}
		_, err = c.directory.Modify(ctx, caller, other.Type, other.ID, resources.Precondition{}, []resources.Operation{
			resources.OperationOn(resources.OpReplace, "containedBy", values(parents)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// grantValues are the values of a list of roles or entitlements.
func grantValues(list []any) []string {
	var all []string
	for _, e := range list {
		object, _ := e.(map[string]any)
		if v, ok := object["value"].(string); ok {
			all = append(all, v)
		}
	}
	return all
}

// grants are all roles or all entitlements of a company.
func (c *core) grants(ctx context.Context, caller resources.Caller, typ string) ([]*resources.Resource, error) {
	var all []*resources.Resource
	for {
		page, err := c.db.Find(ctx, caller, resources.Query{Type: typ, StartIndex: len(all) + 1, Count: 1000, With: resources.With{Used: true}})
		if err != nil {
			return nil, err
		}
		all = append(all, page.Resources...)
		if len(page.Resources) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
}

// findGrant finds one by its value, in any letter case.
func findGrant(all []*resources.Resource, value string) (*resources.Resource, resources.Document) {
	for _, r := range all {
		document, err := r.Document()
		if name, _ := document["value"].(string); err == nil && resources.Fold(name) == resources.Fold(value) {
			return r, document
		}
	}
	return nil, nil
}

// grantJSON is what --json prints of a role or an entitlement.
type grantJSON struct {
	ID        string   `json:"id"`
	Value     string   `json:"value"`
	Display   string   `json:"display,omitempty"`
	Type      string   `json:"type,omitempty"`
	Supported bool     `json:"supported"`
	Contains  []string `json:"contains"`
	Used      int      `json:"used"` // users in force who have it
}

func grantOut(r *resources.Resource) grantJSON {
	document, err := r.Document()
	if err != nil {
		return grantJSON{ID: r.ID}
	}
	text := func(name string) string { v, _ := document[name].(string); return v }
	supported, _ := document["supported"].(bool)
	contains, _ := document["contains"].([]any)
	return grantJSON{
		ID: r.ID, Value: text("value"), Display: text("display"), Type: text("type"), Supported: supported,
		Contains: append([]string{}, grantValues(contains)...), Used: r.Used,
	}
}

func (p *program) grantListCmd(typ, word string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "List them, and how many users have each", Args: names(),
		Example: "  proprio " + word + ` list --company "Atelier Brémond" --json`,
	}
	asJSON := jsonFlag(cmd)
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, _ []string) error {
		all, err := c.grants(ctx, caller, typ)
		if err != nil {
			return err
		}
		return printList(p, *asJSON, all, grantOut, func(r *resources.Resource) {
			g := grantOut(r)
			fmt.Fprintf(p.stdout, "%s\t%s\tsupported=%t\tusers=%d\n", g.Value, g.Display, g.Supported, g.Used)
		})
	})
}

func (p *program) grantRemoveCmd(typ, word string) *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove VALUE", Short: "Remove it from what identity providers read; users who have it keep it", Args: names("VALUE"),
		Example: "  proprio " + word + ` remove admin --company "Atelier Brémond"`,
	}
	return p.inCompany(cmd, func(ctx context.Context, c *core, caller resources.Caller, args []string) error {
		all, err := c.grants(ctx, caller, typ)
		if err != nil {
			return err
		}
		found, _ := findGrant(all, args[0])
		if found == nil {
			return fmt.Errorf("there is no %s %q (see proprio %s list)", word, args[0], word)
		}
		if parents := containers(all, args[0]); len(parents) > 0 {
			return fmt.Errorf("%s %q is contained in %s: set those without --contains %s first", word, args[0], strings.Join(parents, ", "), args[0])
		}
		if err := c.setContained(ctx, caller, all, args[0], nil); err != nil {
			return err
		}
		return c.directory.Remove(ctx, caller, typ, found.ID, resources.Precondition{})
	})
}
