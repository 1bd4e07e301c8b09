package push

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"proprio/push/mapping"
	"proprio/resources"
	"proprio/scim/client"
)

// judgeScope notes in a User's standing whether the app's expression takes it in.
func (j *job) judgeScope(ctx context.Context, r *resources.Resource, s *Standing) error {
	if j.app.Settings.Scope == "" || r.Type != resources.TypeUser {
		return nil
	}
	rules, err := j.rulebook.of(ctx, j.app)
	broken, ok := isFailure(err)
	if err != nil && !ok {
		return err
	}
	s.scoped = map[string]scoped{j.app.ID: scopedBy(rules, broken, j.read(r))}
	return nil
}

// wantedUser is the document for the app, by the app's own rules.
func (j *job) wantedUser(ctx context.Context, r *resources.Resource, managerRemote string) (fields, error) {
	j.kept, j.cleared = nil, false
	rules, err := j.rulebook.of(ctx, j.app)
	if err != nil {
		return nil, err
	}
	if !rules.Maps() {
		return wantedUser(j.profile, j.read(r), managerRemote, nil)
	}
	return wantedUser(j.profile, j.read(r), managerRemote, func(doc fields) ([][]string, error) { return j.mapped(ctx, rules, j.read(r), doc) })
}

// mapped changes a document by the app's rules. It returns the keys of what an account that is there keeps.
func (j *job) mapped(ctx context.Context, rules *mapping.Compiled, r *reading, doc fields) ([][]string, error) {
	person, err := r.person()
	if err != nil {
		return nil, err
	}
	creating := !j.account.There()
	out, err := rules.Apply(doc, person, creating)
	j.kept, j.cleared = out.Kept, out.Cleared
	if err != nil {
		return nil, needs(ClassNeedsData, "%v. What the app holds stays as it is: change the rule, or the person's data", err)
	}
	if rules.Sets("userName", "emails") {
		err = j.ofTheCompany(ctx, doc)
	}
	if creating {
		return nil, err
	}
	return out.Kept, err
}

// among says whether a path leads to an attribute that is under some keys.
func among(kept [][]string, path string) bool {
	return slices.ContainsFunc(kept, func(keys []string) bool {
		name := strings.Join(keys, ".")
		return path == name || strings.HasPrefix(path, name+".")
	})
}

// ofTheCompany refuses addresses that a rule made in a domain that is none of the company's: an account under such an
// address would not be the company's.
func (j *job) ofTheCompany(ctx context.Context, doc fields) error {
	if j.rulebook.Domains == nil {
		return nil
	}
	domains, err := j.rulebook.Domains(ctx, j.app.Company)
	if err != nil {
		return fmt.Errorf("the company's domains: %w", err)
	}
	for _, path := range []string{"userName", "emails.value"} {
		for _, value := range valuesAt(client.Document(doc), path) {
			if path == "userName" && !strings.Contains(value, "@") {
				continue
			}
			if domain, ok := resources.AddressDomain(value); !ok || !slices.Contains(domains, domain) {
				return needs(ClassNeedsData, "the app's mapping makes the address %q, which is in none of the company's domains (%s): "+
					"change the mapping", shortened(value), strings.Join(domains, ", "))
			}
		}
	}
	return nil
}

// settled is what is wanted of an account that is there: of what it keeps as it is, what it is known to hold.
func (j *job) settled(want, known fields) fields {
	for _, path := range j.kept {
		if value := mapping.Lookup(known, path); value != nil {
			mapping.Set(want, path, value)
		} else {
			mapping.Remove(want, path)
		}
	}
	if !among(j.kept, "name.formatted") {
		formatName(j.profile, want)
	}
	if len(j.kept) > 0 {
		want["schemas"] = schemasOf(want)
	}
	return want
}

// asThere is what is wanted, with what the account keeps as it is the way the app shows it, for a PUT.
func (j *job) asThere(want fields, remote client.Document) fields {
	if len(j.kept) == 0 {
		return want
	}
	out := resources.Clone(want).(fields)
	for _, path := range j.kept {
		if shown := shownAt(remote, path); shown != nil {
			mapping.Set(out, path, shown)
		} else {
			mapping.Remove(out, path)
		}
	}
	out["schemas"] = schemasOf(out)
	return out
}

// foundIn is what of a wanted document an account that was found in the app holds already, and what it keeps.
func (j *job) foundIn(remote client.Document, want fields) fields {
	known := held(want, remote)
	for _, path := range j.kept {
		if shown := shownAt(remote, path); shown != nil {
			mapping.Set(known, path, shown)
		}
	}
	return known
}

// shownAt is what a resource shows under keys, in whatever letter case it writes them.
func shownAt(remote client.Document, keys []string) any {
	shown := remote.Get(keys[0])
	for _, key := range keys[1:] {
		m, _ := shown.(fields)
		shown = client.Document(m).Get(key)
	}
	return shown
}

// sendable is a document without what is to be removed.
func (j *job) sendable(doc fields) fields {
	if !j.cleared {
		return doc
	}
	out := withoutNil(doc).(fields)
	for key, value := range out {
		if part, ok := value.(fields); ok && len(part) == 0 {
			delete(out, key)
		}
	}
	out["schemas"] = schemasOf(out)
	return out
}

// trimmed are operations whose values hold neither what is to be removed, which has operations of its own, nor what the
// account keeps as it is.
func (j *job) trimmed(ops []client.Operation) []client.Operation {
	if !j.cleared && len(j.kept) == 0 {
		return ops
	}
	out := ops[:0]
	for _, op := range ops {
		if value, ok := op.Value.(fields); ok {
			left := withoutNil(value).(fields)
			for _, path := range j.kept {
				if op.Path == "" {
					mapping.Remove(left, path)
				}
			}
			if op.Value = left; len(left) == 0 {
				continue
			}
		}
		out = append(out, op)
	}
	return out
}

// withoutVain are operations without those that remove what the app is not known to hold: some apps refuse them where there
// is nothing (RFC 7644 §3.12, noTarget).
func withoutVain(ops []client.Operation, known fields) []client.Operation {
	return slices.DeleteFunc(slices.Clone(ops), func(op client.Operation) bool {
		urn, name, extended := extensionPath(op.Path)
		keys := strings.Split(op.Path, ".")
		if extended {
			keys = append([]string{urn}, strings.Split(name, ".")...)
		}
		return op.Op == "remove" && mapping.Lookup(known, keys) == nil
	})
}

// withoutNil is a value without what is nil in it.
func withoutNil(value any) any {
	m, ok := value.(fields)
	if !ok {
		return value
	}
	out := fields{}
	for key, v := range m {
		if v = withoutNil(v); v != nil {
			out[key] = v
		}
	}
	return out
}
