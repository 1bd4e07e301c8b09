package mapping

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"proprio/resources"
)

// Effect is what a rule did to a person's document.
type Effect string

// The effects.
const (
	EffectSet     Effect = "set"     // the attribute has the rule's value
	EffectCleared Effect = "cleared" // the value is empty: the attribute is removed in the app
	EffectKept    Effect = "kept"    // what the app has stays: the value is empty, or was for the creation only
	EffectFailed  Effect = "failed"
)

// Step is what one rule did.
type Step struct {
	Rule   string `json:"rule"`   // its place in the settings: "mapping[0]"
	Target string `json:"target"` // the attribute in the app
	Source string `json:"source"` // where the value comes from, in words
	When   string `json:"when"`
	Effect Effect `json:"effect"`
	Value  any    `json:"value,omitempty"`
	Error  string `json:"error,omitempty"`
}

// Outcome is what the rules made of a document.
type Outcome struct {
	Steps []Step
	// Kept are the keys of attributes of which an account that is there keeps what it has. In the document they have the
	// value for a new account, or are not there.
	Kept [][]string
	// Cleared says that some attribute in the document is nil: it is to be removed in the app.
	Cleared bool

	made int // bytes that expressions have made so far
}

// InScope says whether a person belongs in the app. why names the expression that decided; an error says that it failed
// on this person, and where.
func (c *Compiled) InScope(p *Person) (in bool, why string, err error) {
	if c == nil || c.scope == nil {
		return true, "", nil
	}
	var out any
	values, err := c.view.values(p)
	if err != nil {
		err = fmt.Errorf("on this person: %w", err)
	} else {
		out, err = c.scope.run(values)
	}
	if err != nil {
		return false, "", fmt.Errorf("the app's scope (%s) failed %w", shortened(c.scope.text), err)
	}
	in, _ = out.(bool)
	return in, shortened(c.scope.text), nil
}

// Maps says whether any rule changes a document.
func (c *Compiled) Maps() bool { return c != nil && (len(c.attributes) > 0 || c.roles != nil) }

// Sets says whether a rule sets an attribute of the core schema, or a part of it.
func (c *Compiled) Sets(names ...string) bool {
	return slices.ContainsFunc(c.attributes, func(a attribute) bool { return slices.Contains(names, a.target.keys[0]) })
}

// Apply changes the document that an app is sent of a person. creating says that the person has no account there. The
// error is that of the first rule that failed on this person; the others are applied nevertheless.
func (c *Compiled) Apply(doc Object, p *Person, creating bool) (Outcome, error) {
	var o Outcome
	values, err := c.view.values(p)
	if err != nil {
		return o, err
	}
	var errs []error
	for _, a := range c.attributes {
		if err := o.apply(a, doc, p, values, creating); err != nil {
			errs = append(errs, err)
		}
	}
	if c.roles != nil {
		errs = append(errs, o.give(c.roles, doc, p, values))
	}
	return o, errors.Join(errs...)
}

func (o *Outcome) apply(a attribute, doc Object, p *Person, values map[string]any, creating bool) error {
	step := Step{Rule: a.at, Target: a.target.path, Source: a.source(), When: WhenAlways, Effect: EffectSet}
	defer func() { o.Steps = append(o.Steps, step) }()
	if a.When == WhenCreation {
		step.When = WhenCreation
		o.Kept = append(o.Kept, a.target.keys)
		if !creating {
			step.Effect = EffectKept
			Remove(doc, a.target.keys)
			return nil
		}
	}
	value, err := o.value(a, p, values)
	switch {
	case err != nil:
		step.Effect, step.Error = EffectFailed, err.Error()
		return fmt.Errorf("the mapping of %s (%s) failed %w", a.target.path, a.at, err)
	case value != nil:
		step.Value = value
		Set(doc, a.target.keys, value)
	case a.Clear:
		step.Effect = EffectCleared
		o.Cleared = true
		Set(doc, a.target.keys, nil)
	default:
		step.Effect = EffectKept
		Remove(doc, a.target.keys)
		if a.When != WhenCreation {
			o.Kept = append(o.Kept, a.target.keys)
		}
	}
	return nil
}

// value is what a rule gives a person, in the target's form; nil: it is empty.
func (o *Outcome) value(a attribute, p *Person, values map[string]any) (any, error) {
	var value any
	var err error
	switch {
	case a.from != nil:
		value = Lookup(p.Doc, a.from.keys)
		if len(a.from.keys) == 1 && a.from.keys[0] == "id" {
			value = p.ID
		}
	case a.expression != nil:
		if value, err = a.expression.run(values); err != nil {
			return nil, err
		}
		if o.made += bytesOf(value, maxMade); o.made > maxMade {
			return nil, fmt.Errorf("on this person: with this one the app's expressions make more than %d KiB: have it make less", maxMade>>10)
		}
	default:
		return resources.Clone(a.constant), nil // documents are changed
	}
	if value, err = a.target.shape(value); err != nil {
		return nil, fmt.Errorf("on this person: %w", err)
	}
	return value, nil
}

// source says in words where a rule's value comes from.
func (a attribute) source() string {
	switch {
	case a.from != nil:
		return "from " + a.from.path
	case a.expression != nil:
		return "expression " + shortened(a.expression.text)
	}
	return "constant"
}

// give sets the product's role attribute.
func (o *Outcome) give(r *roles, doc Object, p *Person, values map[string]any) error {
	step := Step{Rule: "roles", Target: r.target.path, When: WhenAlways, Effect: EffectSet}
	defer func() { o.Steps = append(o.Steps, step) }()
	given, err := r.of(p, values)
	if err != nil {
		step.Effect, step.Error = EffectFailed, err.Error()
		return err
	}
	var sources []string
	for _, g := range given {
		sources = append(sources, g.at)
	}
	step.Source = "no role applies"
	if step.Value = r.shape(given); step.Value == nil {
		step.Effect, o.Cleared = EffectCleared, true
		Set(doc, r.target.keys, nil)
		return nil
	}
	step.Source = strings.Join(sources, ", ")
	Set(doc, r.target.keys, step.Value)
	return nil
}

// shortened is an expression as far as a line takes it.
func shortened(text string) string {
	const most = 120
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
