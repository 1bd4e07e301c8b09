package mapping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/types"

	"proprio/resources"
)

// Person is a User as rules see it. It serves one goroutine: what was laid out of it for one expression is kept for the next.
type Person struct {
	ID     string
	Doc    Object // its attributes, decoded with numbers as json.Number; without what no app may know
	Groups []resources.Ref

	seen   *View // whose view the values are; nil: none yet
	values map[string]any
	err    error
}

const (
	extensionName = "extension" // of the attributes of extensions, by URN
	groupsName    = "groups"    // of the Groups that hold the User
	meterName     = " meter"    // no expression can name it
	maxText       = 4096        // bytes of one text that an expression reads or makes
)

// withheld are attributes that expressions do not see: what is not the User's own, and what is too long to look into.
var withheld = []string{"schemas", "meta", "externalid", "groups", "members", "password", "photos"}

// View is what expressions see of the Users of a company: names with types, and how a person's values are laid out. It never
// changes and may be used by any number of goroutines.
type View struct {
	User  *resources.ResourceType
	types types.Map
	flat  map[string]*resources.Attribute            // by the name that stands alone
	byURN map[string]map[string]*resources.Attribute // extensions
}

// ViewOf makes the view of a User type.
func ViewOf(user *resources.ResourceType) *View {
	v := &View{User: user, types: types.Map{}, flat: map[string]*resources.Attribute{}, byURN: map[string]map[string]*resources.Attribute{}}
	for _, a := range user.Attributes() {
		v.add(a)
	}
	extensions := types.Map{}
	for _, ext := range user.Extensions {
		all := types.Map{}
		v.byURN[ext.ID] = map[string]*resources.Attribute{}
		for _, a := range user.Extension(ext.ID) {
			t, ok := typeOf(a)
			if !ok {
				continue
			}
			all[a.Name], v.byURN[ext.ID][a.Name] = t, a
			if _, taken := v.types[a.Name]; !taken {
				v.add(a)
			}
		}
		extensions[ext.ID] = all
	}
	v.types[extensionName] = extensions
	v.types[groupsName] = types.Array(types.String)
	v.types["email"] = types.String
	v.types[meterName] = types.TypeOf((*meter)(nil))
	return v
}

func (v *View) add(a *resources.Attribute) {
	if !a.Extension() && slices.Contains(withheld, strings.ToLower(a.Name)) {
		return
	}
	if t, ok := typeOf(a); ok {
		v.types[a.Name], v.flat[a.Name] = t, a
	}
}

// typeOf is the type of an attribute's values in expressions; false: it has none.
func typeOf(a *resources.Attribute) (types.Type, bool) {
	t := types.String
	switch {
	case a.Hidden || a.Kind == resources.KindBinary:
		return nil, false
	case a.Kind == resources.KindBoolean:
		t = types.Bool
	case a.Kind == resources.KindInteger:
		t = types.Int
	case a.Kind == resources.KindDecimal:
		t = types.Float64
	case a.Kind == resources.KindComplex:
		of := types.Map{}
		for _, sub := range a.Sub {
			if s, ok := typeOf(sub); ok {
				of[sub.Name] = s
			}
		}
		t = of
	}
	if a.Multi {
		t = types.Array(t)
	}
	return t, true
}

// values are a person laid out, once for all expressions.
func (v *View) values(p *Person) (map[string]any, error) {
	if p.seen != v {
		p.values, p.err = v.layOut(p)
		p.seen = v
	}
	return p.values, p.err
}

// layOut lays a person out. What the User does not have is there too, empty, so that no expression has to ask whether.
func (v *View) layOut(p *Person) (map[string]any, error) {
	values := make(map[string]any, len(v.types))
	for name, a := range v.flat {
		value, err := laidOut(a, Lookup(p.Doc, a.Keys()))
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	extensions := make(map[string]any, len(v.byURN))
	for urn, attributes := range v.byURN {
		all := make(map[string]any, len(attributes))
		for name, a := range attributes {
			value, err := laidOut(a, Lookup(p.Doc, a.Keys()))
			if err != nil {
				return nil, err
			}
			all[name] = value
		}
		extensions[urn] = all
	}
	groups := make([]any, len(p.Groups))
	for i, g := range p.Groups {
		groups[i] = g.Display
	}
	values[extensionName], values[groupsName], values["id"] = extensions, groups, p.ID
	values["email"] = primaryEmail(p.Doc)
	return values, nil
}

// laidOut is a value with the type that expressions expect of the attribute.
func laidOut(a *resources.Attribute, value any) (any, error) {
	if !a.Multi {
		return laidOutOne(a, value)
	}
	list, _ := value.([]any)
	out := make([]any, len(list))
	for i, one := range list {
		var err error
		if out[i], err = laidOutOne(a, one); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func laidOutOne(a *resources.Attribute, value any) (any, error) {
	switch a.Kind {
	case resources.KindBoolean:
		b, _ := value.(bool)
		return b, nil
	case resources.KindInteger:
		n, _ := value.(json.Number)
		whole, _ := n.Int64()
		return int(whole), nil
	case resources.KindDecimal:
		n, _ := value.(json.Number)
		f, _ := n.Float64()
		return f, nil
	case resources.KindComplex:
		m, _ := value.(Object)
		out := make(Object, len(a.Sub))
		for _, sub := range a.Sub {
			if _, ok := typeOf(sub); !ok {
				continue
			}
			v, err := laidOut(sub, m[sub.Name])
			if err != nil {
				return nil, err
			}
			out[sub.Name] = v
		}
		return out, nil
	}
	text, _ := value.(string)
	if len(text) > maxText {
		return nil, fmt.Errorf("%s of this User has %d bytes; expressions read texts of up to %d", a, len(text), maxText)
	}
	return text, nil
}

// primaryEmail is the address that the User is written to: the primary one, else the first.
func primaryEmail(doc Object) string {
	first := ""
	list, _ := doc["emails"].([]any)
	for _, v := range list {
		m, _ := v.(Object)
		value, _ := m["value"].(string)
		if m["primary"] == true {
			return value
		}
		if first == "" {
			first = value
		}
	}
	return first
}
