package resources_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"proprio/resources"
)

var update = flag.Bool("update", false, "write docs/connections.md")

// The catalogue has every switch once, and each sets a field of its own.
func TestSwitches_catalogue(t *testing.T) {
	t.Parallel()
	var all resources.Switches
	fields := reflect.TypeFor[resources.Switches]()
	seen := map[string]bool{}
	for _, s := range resources.AllSwitches() {
		value := "on"
		if s.IsNumber() {
			value = "7"
		}
		before := all
		if err := all.Set(strings.ToUpper(s.Name), value); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
		if all == before || s.Value(all) != value {
			t.Errorf("%s=%s is not kept: it is %s", s.Name, value, s.Value(all))
		}
		if seen[s.Name] || s.On == "" || s.Rule == "" || !s.IsNumber() && s.Off == "" || s.IsNumber() != (s.Default > 0) {
			t.Errorf("%s is twice, or lacks a word", s.Name)
		}
		seen[s.Name] = true
	}
	if len(seen) != fields.NumField() {
		t.Errorf("the catalogue has %d switches, the type %d", len(seen), fields.NumField())
	}
	for i := range fields.NumField() {
		if name, _, _ := strings.Cut(fields.Field(i).Tag.Get("json"), ","); !seen[name] {
			t.Errorf("the catalogue lacks %q", name)
		}
	}
	data, err := json.Marshal(all)
	var back resources.Switches
	if err != nil || json.Unmarshal(data, &back) != nil || back != all {
		t.Errorf("switches do not survive JSON: %s, %v", data, err)
	}
}

func TestSwitches_Set(t *testing.T) {
	t.Parallel()
	var s resources.Switches
	for name, value := range map[string]string{
		"noSuchSwitch": "on", "": "on", "reviveInactive": "maybe", "interop": "", "massLossCount": "many", "massLossShare": "0", "massRemovalShare": "101", "massRemovalCount": "-1",
	} {
		if err := s.Set(name, value); !errors.Is(err, resources.ErrInvalidValue) || s != (resources.Switches{}) {
			t.Errorf("%s=%s: %v, %+v", name, value, err, s)
		}
	}
	if err := s.Set("noSuchSwitch", "on"); !strings.Contains(err.Error(), "strictAttributes") {
		t.Errorf("the error does not list the switches: %v", err)
	}
	for _, step := range []struct{ name, value, want string }{
		{"interop", "ON", "on"}, {"interop", "off", "off"}, {"interop", "true", "on"}, {"interop", "false", "off"},
		{"massLossCount", "200", "200"}, {"massLossCount", "15", "15"},
	} {
		if err := s.Set(step.name, step.value); err != nil {
			t.Fatal(err)
		}
		for _, x := range resources.AllSwitches() {
			if x.Name == step.name && x.Value(s) != step.want {
				t.Errorf("%s=%s is %s", step.name, step.value, x.Value(s))
			}
		}
	}
	if s != (resources.Switches{}) {
		t.Errorf("everything at its default is not the zero value: %+v", s)
	}
}

// A preset sets documented switches, says why, and nothing more; the ones that are promised are there.
func TestPresets(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, p := range resources.AllPresets() {
		names[p.Name] = true
		got, err := resources.PresetSwitches(strings.ToUpper(p.Name))
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		var want resources.Switches
		for _, set := range p.Settings {
			before := want
			if err := want.Set(set.Switch, set.Value); err != nil || set.Why == "" || want == before {
				t.Errorf("%s: %+v sets nothing, or does not say why: %v", p.Name, set, err)
			}
		}
		if got != want || p.Title == "" || p.Says == "" {
			t.Errorf("%s sets %+v, says %+v", p.Name, got, want)
		}
	}
	for name := range strings.FieldsSeq("entra okta google onelogin jumpcloud ping cyberark sailpoint rippling authentik generic") {
		if !names[name] {
			t.Errorf("there is no preset %s", name)
		}
	}
	if s, err := resources.PresetSwitches(""); err != nil || s != (resources.Switches{}) {
		t.Errorf("no preset: %+v, %v", s, err)
	}
	if _, err := resources.PresetSwitches("azure"); !errors.Is(err, resources.ErrInvalidValue) || !strings.Contains(err.Error(), "entra, okta") {
		t.Errorf("an unknown preset: %v", err)
	}
}

// docs/connections.md is what the catalogue and the presets say.
func TestSwitches_documented(t *testing.T) {
	t.Parallel()
	path, want := filepath.Join("..", "docs", "connections.md"), connectionsPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the code says (%v); go test ./resources -run documented -update writes it", path, err)
	}
}

func connectionsPage() string {
	var b strings.Builder
	b.WriteString(connectionsHead)
	b.WriteString("\n| Preset | Identity provider | Sets |\n|---|---|---|\n")
	for _, p := range resources.AllPresets() {
		var sets []string
		for _, s := range p.Settings {
			sets = append(sets, "`"+s.Switch+"="+s.Value+"`")
		}
		if sets == nil {
			sets = []string{"nothing: all switches at their default"}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.Title, strings.Join(sets, ", "))
	}
	for _, p := range resources.AllPresets() {
		fmt.Fprintf(&b, "\n### %s: %s\n\n%s", p.Name, p.Title, wrap(p.Says, ""))
		for i, s := range p.Settings {
			if i == 0 {
				b.WriteString("\n")
			}
			b.WriteString(wrap("- `"+s.Switch+"="+s.Value+"`: "+s.Why, "  "))
		}
	}
	b.WriteString(connectionsSwitches)
	for _, s := range resources.AllSwitches() {
		if s.IsNumber() {
			fmt.Fprintf(&b, "\n### %s\n\n%s", s.Name, wrap(fmt.Sprintf("%s A number; default %d. (%s)", s.On, s.Default, s.Rule), ""))
			continue
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s%s", s.Name, wrap("- off, the default: "+s.Off, "  "), wrap("- on: "+s.On+" ("+s.Rule+")", "  "))
	}
	b.WriteString(connectionsTail)
	return b.String()
}

// wrap breaks a paragraph into lines; those after the first are indented.
func wrap(text, indent string) string {
	const width = 120
	var b strings.Builder
	length := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case length+1+len(word) > width:
			b.WriteString("\n" + indent)
			length = len(indent)
		default:
			b.WriteByte(' ')
			length++
		}
		b.WriteString(word)
		length += len(word)
	}
	return b.String() + "\n"
}

const connectionsHead = `# Connections: presets and switches

A connection is one identity provider of one company. Identity providers differ in how they speak SCIM. Most of what they
send is understood whatever they are; where an answer has to be chosen, the connection has a switch. A preset sets switches
and does nothing else.

` + "```sh" + `
proprio token create --company "Atelier Brémond" --connection "Okta" --preset okta
proprio connection set "Okta" --company "Atelier Brémond" --switch reviveInactive=off --switch massLossCount=200
proprio connection show "Okta" --company "Atelier Brémond"
proprio connection list --company "Atelier Brémond" --json
` + "```" + `

A change is in force with the next request and is on record. This page is written from the code.

## Presets
`

const connectionsSwitches = `
## Switches

A value is ` + "`on`, `off`" + ` or a number. In brackets stands the section of the RFC, or the test in package ` + "`scim`" + ` that proves both
positions (` + "`TestQ51_…`" + `): Q for what clients send, H for hazards, Row for points where sources disagree.
`

const connectionsTail = `
## When a connection is held

A connection that took away too many Users and Groups (allowMassLoss) is refused further losses, and nothing else, until
somebody has looked. ` + "`proprio connection show`" + ` and the connection's page in the console say so. If it was meant:

` + "```sh" + `
proprio connection resume "Okta" --company "Atelier Brémond"
` + "```" + `

The identity provider repeats what was refused by itself. If it was not meant, mend its assignment first.

## Which client it is

Proprio recognises the client behind a connection by a header, by its User-Agent, or by requests that only this client
sends, and shows it with ` + "`proprio connection show`" + ` and in the console, beside the preset. No behaviour hangs on it: a client
that is taken for another is not treated as another. When it is not the one that the preset is for, look which is right.

The same places list the attributes that the connection sends and Proprio does not know, with the number of requests.
`
