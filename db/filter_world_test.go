package db_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"proprio/audit"
	"proprio/db"
	"proprio/resources"
	"proprio/resources/filter"
)

// world is a company's directory in a database and, the same, in memory.
type world struct {
	*db.DB
	caller   resources.Caller
	registry *resources.Registry
	views    map[string][]resources.View // by type, in the order of creation
}

func newWorld(d *db.DB) *world {
	return &world{
		DB:       d,
		caller:   resources.Caller{Company: uuid.NewString(), Connection: uuid.NewString()},
		registry: resources.NewRegistry(), views: map[string][]resources.View{},
	}
}

// object is a resource to be: a JSON document and what is kept beside it.
type object struct {
	typ        string
	id         string
	externalID string
	body       string
	members    []resources.Member
}

var epoch = time.Date(2026, 1, 31, 8, 0, 0, 123456000, time.UTC)

// add stores an object. Each is a minute younger than the one before.
func (w *world) add(t *testing.T, o object) string {
	t.Helper()
	if o.id == "" {
		o.id = uuid.NewString()
	}
	r := &resources.Resource{
		Type: o.typ, ID: o.id, ExternalID: o.externalID, Version: 1, Body: json.RawMessage(o.body), Members: o.members,
		Created: epoch.Add(time.Duration(len(w.views[o.typ])) * time.Minute),
	}
	r.LastModified = r.Created.Add(time.Hour)
	doc, err := resources.DecodeObject([]byte(o.body))
	if err != nil {
		t.Fatalf("%s: %v", o.body, err)
	}
	r.Index = w.registry.Type(o.typ).Index(doc)
	r.Index.PostFolded = "" // these documents are made at random, and two may name one post
	change := resources.Change{Action: audit.ActionCreate, Resource: r, SetExternalID: true, SetBody: true}
	if len(o.members) > 0 {
		change.Members = &resources.MemberChange{Add: o.members}
	}
	if _, err := w.Apply(t.Context(), w.caller, change); err != nil {
		t.Fatalf("store %s: %v", o.body, err)
	}
	w.views[o.typ] = append(w.views[o.typ], resources.View{Document: doc, Resource: r})
	return o.id
}

// link fills in memory what a read brings: the Groups of Users, and the names of members.
func (w *world) link() {
	byID := map[string]*resources.Resource{}
	for _, views := range w.views {
		for _, v := range views {
			byID[v.Resource.ID] = v.Resource
		}
	}
	for _, g := range w.views[resources.TypeGroup] {
		for i := range g.Resource.Members {
			m := &g.Resource.Members[i]
			of := byID[m.ID]
			m.Display = of.Index.DisplayName
			if m.Display == "" {
				m.Display = of.Index.UserName
			}
			of.Groups = append(of.Groups, resources.Ref{Type: resources.TypeGroup, ID: g.Resource.ID, Display: g.Resource.Index.DisplayName})
		}
	}
}

// find asks the database; the answer is ids in order.
func (w *world) find(t *testing.T, c resources.Caller, typ string, cond resources.Condition) []string {
	t.Helper()
	page, err := w.Find(t.Context(), c, resources.Query{Type: typ, Where: cond, StartIndex: 1, Count: 1000})
	if err != nil {
		t.Fatalf("find: %v", err)
	}
	if page.Total != len(page.Resources) {
		t.Fatalf("total %d, but %d resources", page.Total, len(page.Resources))
	}
	ids := make([]string, len(page.Resources))
	for i, r := range page.Resources {
		ids[i] = r.ID
	}
	return ids
}

// match asks Match; the answer is ids in order.
func (w *world) match(typ string, cond resources.Condition) []string {
	ids := []string{}
	for _, v := range w.views[typ] {
		if resources.Match(cond, v) {
			ids = append(ids, v.Resource.ID)
		}
	}
	return ids
}

// generator makes random documents and conditions out of few words, so that they meet often.
type generator struct {
	*rand.Rand
	ids   []string
	names []string // of resources whose unique attributes are made from them
}

// words hold letter cases, LIKE's wildcards, quotes, escapes, other scripts, sigmas, and code points that fold oddly.
var words = []string{
	"a", "A", "ab", "aB", "b", "Bob", "bob", "BOB%", "b_b", `b\b`, `it's`, `"quoted"`, "100%", "x' or '1'='1", "; drop table resources; --",
	"Éric", "éric", "ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ", "İstanbul", "i̇stanbul", "istanbul", "straße", "STRASSE", "日本", "😀", "😀a", "Ω", "work", "Work", "home", "bob@example.com",
	"BOB@Example.com", "eve@bücher.example", "eve@xn--bcher-kva.example", " spaced ", "0042", "42", "true", "?", "$1", "%s", "e\u0301ric",
}

var dates = []string{
	"2026-01-31T08:00:00Z", "2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00.123456Z", "2026-01-31T08:00:00.1234569Z", "2025-12-31T23:59:59.9Z",
	"2026-02-01T00:00:00-05:00", "2026-01-31T08:00:00", "2026-01-31T08:00:00.5", "0001-01-02T00:00:00+14:00", "9999-12-31T23:59:59Z",
}

func (g generator) word() string { return words[g.IntN(len(words))] }
func (g generator) chance(percent int) bool {
	return g.IntN(100) < percent
}

// value makes a value for an attribute; nil for none.
func (g generator) value(a *resources.Attribute, keep int) any {
	if !g.chance(keep) {
		return nil
	}
	if a.Multi {
		var list []any
		single := *a
		single.Multi = false
		for range g.IntN(3) {
			if v := g.value(&single, 100); v != nil {
				list = append(list, v)
			}
		}
		if list == nil {
			return nil
		}
		return list
	}
	switch a.Kind {
	case resources.KindComplex:
		m := map[string]any{}
		for _, s := range a.Sub {
			if v := g.value(s, 60); v != nil && s.Mutability != "readOnly" {
				m[s.Name] = v
			}
		}
		if len(m) == 0 {
			return nil
		}
		return m
	case resources.KindBoolean:
		return g.chance(50)
	case resources.KindInteger:
		return g.IntN(9) - 4
	case resources.KindDecimal:
		return float64(g.IntN(17)-8) / 4
	case resources.KindDateTime:
		return dates[g.IntN(len(dates))]
	case resources.KindBinary:
		return []string{"AAEC", "aaec", "Zm9v"}[g.IntN(3)]
	case resources.KindString, resources.KindReference:
		if a.Name == "value" && a.CaseExact {
			return g.ids[g.IntN(len(g.ids))]
		}
		return g.word()
	}
	panic(a.Kind)
}

// document makes a document in the schema's form.
func (g generator) document(rt *resources.ResourceType, name string) string {
	doc := map[string]any{"schemas": []any{rt.Schema.ID}}
	for _, a := range rt.Attributes() {
		switch a.Name {
		case "schemas", "id", "externalId", "meta", "groups", "members":
			continue
		}
		if v := g.value(a, 40); v != nil && a.Mutability != "readOnly" {
			doc[a.Name] = v
		}
	}
	if rt.Name == resources.TypeUser {
		doc["userName"] = name
	} else {
		doc["displayName"] = name
	}
	g.makeUnique(rt, rt.Attributes(), doc, name)
	for _, ext := range rt.Extensions {
		m := map[string]any{}
		for _, a := range rt.Extension(ext.ID) {
			if v := g.value(a, 50); v != nil && (a.Mutability != "readOnly" || a.Name == "hold") {
				m[a.Name] = v
			}
		}
		g.makeUnique(rt, rt.Extension(ext.ID), m, name)
		if len(m) > 0 {
			doc[ext.ID] = m
			doc["schemas"] = append(doc["schemas"].([]any), ext.ID)
		}
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// makeUnique makes the values differ that must, unless there is none.
func (g generator) makeUnique(rt *resources.ResourceType, attributes []*resources.Attribute, values map[string]any, name string) {
	for _, a := range attributes {
		if a.KeyedText() && values[a.Name] != nil {
			values[a.Name] = rt.Name + name
		}
	}
}

// filter makes a filter text over a type's attributes.
func (g generator) filter(rt *resources.ResourceType, depth int) string {
	if depth == 0 || g.chance(35) {
		return g.comparison(rt)
	}
	switch g.IntN(4) {
	case 0:
		return g.filter(rt, depth-1) + " and " + g.filter(rt, depth-1)
	case 1:
		return "(" + g.filter(rt, depth-1) + " or " + g.filter(rt, depth-1) + ")"
	case 2:
		return "not (" + g.filter(rt, depth-1) + ")"
	}
	return "not (not (" + g.filter(rt, depth-1) + ") or " + g.filter(rt, depth-1) + ")"
}

func (g generator) comparison(rt *resources.ResourceType) string {
	all := append([]*resources.Attribute{}, rt.Attributes()...)
	for _, ext := range rt.Extensions {
		all = append(all, rt.Extension(ext.ID)...)
	}
	a := all[g.IntN(len(all))]
	switch {
	case a.Kind != resources.KindComplex:
		return a.String() + " " + g.test(a)
	case g.chance(20):
		return a.String() + " " + []string{"pr", "eq null", "ne null"}[g.IntN(3)]
	case g.chance(50):
		s := a.Sub[g.IntN(len(a.Sub))]
		return s.String() + " " + g.test(s)
	}
	return a.String() + "[" + g.inside(a, 2) + "]"
}

func (g generator) inside(a *resources.Attribute, depth int) string {
	if depth == 0 || g.chance(40) {
		s := a.Sub[g.IntN(len(a.Sub))]
		return s.Name + " " + g.test(s)
	}
	switch g.IntN(3) {
	case 0:
		return g.inside(a, depth-1) + " and " + g.inside(a, depth-1)
	case 1:
		return "(" + g.inside(a, depth-1) + " or " + g.inside(a, depth-1) + ")"
	}
	return "not (" + g.inside(a, depth-1) + ")"
}

// test makes an operator with a value.
func (g generator) test(a *resources.Attribute) string {
	if g.chance(10) {
		return []string{"pr", "eq null", "ne null"}[g.IntN(3)]
	}
	ordering := []string{"eq", "eq", "ne", "gt", "ge", "lt", "le"}
	switch a.Kind {
	case resources.KindBoolean:
		return []string{"eq", "ne"}[g.IntN(2)] + " " + []string{"true", "false", `"True"`}[g.IntN(3)]
	case resources.KindBinary:
		return []string{"eq", "ne"}[g.IntN(2)] + " " + []string{`"AAEC"`, `"aaec"`}[g.IntN(2)]
	case resources.KindDateTime:
		at := dates[g.IntN(len(dates))]
		if g.chance(30) {
			at = epoch.Add(time.Duration(g.IntN(40)) * time.Minute).Format(time.RFC3339Nano)
		}
		return fmt.Sprintf("%s %q", ordering[g.IntN(len(ordering))], at)
	case resources.KindInteger:
		return fmt.Sprintf("%s %d", ordering[g.IntN(len(ordering))], g.IntN(9)-4)
	case resources.KindDecimal:
		return fmt.Sprintf("%s %v", ordering[g.IntN(len(ordering))], float64(g.IntN(17)-8)/4)
	}
	op := append(ordering, "co", "sw", "ew", "eq")[g.IntN(len(ordering)+4)]
	word := g.word()
	switch runes := []rune(word); {
	case a.KeyedText() && len(g.names) > 0:
		word = g.names[g.IntN(len(g.names))]
		if g.chance(30) {
			word = strings.ToUpper(word)
		}
	case a.CaseExact && g.chance(70):
		word = g.ids[g.IntN(len(g.ids))]
	case a.Name == "version":
		word = `W/"1"`
	case g.chance(5):
		word = ""
	case g.chance(25):
		from := g.IntN(len(runes))
		word = string(runes[from : from+1+g.IntN(len(runes)-from)])
	}
	b, err := json.Marshal(word)
	if err != nil {
		panic(err)
	}
	return op + " " + string(b)
}

// bind parses and binds a filter that must be good.
func (w *world) bind(t *testing.T, typ, text string) resources.Condition {
	t.Helper()
	e, err := filter.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	cond, err := w.registry.Type(typ).Bind(e)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return cond
}
