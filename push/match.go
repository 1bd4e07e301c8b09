package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"proprio/push/mapping"
	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// maxRemoteID bounds the ids that are believed.
const maxRemoteID = 512

// matchAttribute is what a resource is looked for by.
func matchAttribute(p profiles.Profile, objectType string) string {
	if objectType == resources.TypeGroup {
		return p.Match.Group
	}
	return p.Match.User
}

func (j *job) matchAttribute() string { return matchAttribute(j.profile, j.account.ObjectType) }

// matchValue is the value of the match attribute in a document of ours; where it is not there, the object's name.
func (j *job) matchValue(doc fields) string {
	name, sub, complex := strings.Cut(j.matchAttribute(), ".")
	value := doc[name]
	if list, ok := value.([]any); ok && complex && len(list) > 0 {
		value = mapping.Lookup(fields{name: primary(list)}, []string{name, sub})
	}
	if s, ok := value.(string); ok && s != "" {
		return s
	}
	return j.account.ObjectName
}

// lookUp finds resources by an attribute, compared without letter case whatever the app's own comparison is. An app
// that ignores the filter lists everything, and only what matches counts.
func (j *job) lookUp(ctx context.Context, attribute, value string) ([]client.Document, error) {
	var found []client.Document
	err := j.client.Each(ctx, j.endpoint(), client.ListOptions{
		Filter: attribute + " eq " + quote(value), PageSize: j.profile.Paging.Size,
	}, func(d client.Document) error {
		if matches(d, attribute, value) {
			found = append(found, d)
		}
		return nil
	})
	if err != nil {
		return nil, judge(err, onCollection)
	}
	return found, nil
}

func matches(d client.Document, attribute, value string) bool {
	folded := resources.FoldUserName(value)
	return slices.ContainsFunc(valuesAt(d, attribute), func(s string) bool { return resources.FoldUserName(s) == folded })
}

// valuesAt are the texts at an attribute, or at a sub-attribute of each of its values.
func valuesAt(d client.Document, attribute string) []string {
	name, sub, complex := strings.Cut(attribute, ".")
	if !complex {
		return []string{d.Text(name)}
	}
	var values []string
	for _, v := range d.Values(name) {
		values = append(values, v.Text(sub))
	}
	return values
}

// quote writes a filter's string (RFC 7644 §3.4.2.2: JSON rules), without the escapes that only HTML needs.
func quote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}

// ensure finds the account's resource in the app or creates it. After it account.RemoteID is set, or err says why not.
// Nothing is created without a look-up before, of the one or of all (census): an earlier attempt may have had its effect
// without its answer being heard. found is the resource when it was there already.
func (j *job) ensure(ctx context.Context, value string, body fields) (found client.Document, err error) {
	if j.account.ObjectType == resources.TypeUser && !j.census.claim(value) {
		return nil, &failure{class: ClassTransient, words: "another of that name is just being sent", skipped: true}
	}
	found, err = j.find(ctx, value)
	if found != nil || err != nil {
		return found, err
	}
	if j.account.ObjectType == resources.TypeGroup && j.profile.Groups.NoCreate {
		return nil, needs(ClassNeedsAdmin, "%s creates no groups over this interface: make the group %q there", j.profile.Title, value)
	}
	if err := j.ledger.begin(ctx, j.account.ID, value); err != nil {
		return nil, err
	}
	j.account.Begun = value
	j.doing("create")
	doc, err := j.client.Create(ctx, j.endpoint(), body)
	if err != nil {
		return j.notCreated(ctx, value, err)
	}
	if err := usable(doc.ID()); err != nil {
		return nil, err
	}
	j.account.RemoteID, j.account.Origin, j.account.Begun = doc.ID(), OriginCreated, ""
	return nil, nil
}

// find looks for a resource that this account may take: one it made without hearing the answer, one left by a removed
// object, or one that was always there.
func (j *job) find(ctx context.Context, value string) (client.Document, error) {
	j.doing("look up")
	begun := j.account.Begun
	if begun != "" && resources.FoldUserName(begun) != resources.FoldUserName(value) {
		docs, err := j.lookUp(ctx, j.matchAttribute(), begun)
		if err != nil {
			return nil, err
		}
		if len(docs) > 0 {
			return j.adopt(ctx, begun, docs, true)
		}
	}
	if begun == "" && j.account.ObjectType == resources.TypeUser && j.census.absent(value, j.now) {
		return nil, nil
	}
	docs, err := j.lookUp(ctx, j.matchAttribute(), value)
	if err != nil || len(docs) == 0 {
		return nil, err
	}
	return j.adopt(ctx, value, docs, resources.FoldUserName(begun) == resources.FoldUserName(value))
}

// notCreated reads a refused or unheard creation.
func (j *job) notCreated(ctx context.Context, value string, err error) (client.Document, error) {
	var answer *client.Error
	if !errors.As(err, &answer) {
		return nil, judge(err, onObject) // it may have been created: Begun stays
	}
	if answer.Status < 500 && answer.Status != http.StatusRequestTimeout {
		j.account.Begun = "" // it was not
	}
	switch answer.Status {
	case http.StatusConflict:
		return j.conflict(ctx, value, answer)
	case http.StatusNotFound:
		return nil, judge(err, onCollection)
	}
	return nil, judge(err, onObject)
}

// conflict follows a 409. The look-up before found nobody, so the app compares differently than it searches, or holds
// what it does not show; it is looked for once more in the ways there are.
func (j *job) conflict(ctx context.Context, value string, answer *client.Error) (client.Document, error) {
	type try struct{ attribute, value string }
	tries := []try{{j.matchAttribute(), value}}
	if lower := strings.ToLower(value); lower != value {
		tries = append(tries, try{j.matchAttribute(), lower})
	}
	if j.profile.Match.ExternalID {
		tries = append(tries, try{"externalId", j.account.ObjectID})
	}
	j.doing("look up")
	for _, t := range tries {
		docs, err := j.lookUp(ctx, t.attribute, t.value)
		if err != nil {
			return nil, err
		}
		if len(docs) > 0 {
			return j.adopt(ctx, value, docs, false)
		}
	}
	f := judge(answer, onObject)
	f.words += ". The app says that it has it already but does not show it: look for a deactivated or hidden " +
		strings.ToLower(j.account.ObjectType) + " named " + value + " there, or for another field that must be unique"
	return nil, f
}

// adopt decides whether a resource found in the app may be this account's. begun says that a creation under this name
// was begun after a look-up had found nobody.
func (j *job) adopt(ctx context.Context, value string, docs []client.Document, begun bool) (client.Document, error) {
	kind := strings.ToLower(j.account.ObjectType)
	if len(docs) > 1 {
		return nil, needs(ClassNeedsAdmin, "the app holds %d %ss named %q: leave one of them there, then retry", len(docs), kind, value)
	}
	doc := docs[0]
	if err := usable(doc.ID()); err != nil {
		return nil, err
	}
	owner, err := j.store.AccountByRemoteID(ctx, j.account.Company, j.account.App, j.account.ObjectType, doc.ID())
	if err != nil && !errors.Is(err, resources.ErrNotFound) {
		return nil, err
	}
	if owner.ID != j.account.ID { // nobody's, or somebody's who left
		if err := j.undecided(ctx, doc); err != nil {
			return nil, err
		}
	}
	externalID := doc.Text("externalId")
	switch {
	case err == nil && owner.ID != j.account.ID && owner.Wish == WishActive:
		return nil, needs(ClassNeedsData, "the app's %s %q already belongs to %s: two of the directory cannot share it",
			kind, value, owner.ObjectName)
	case err == nil && owner.ID != j.account.ID:
		j.former, j.account.Origin, j.account.Written = owner, owner.Origin, owner.Written
	case externalID == j.account.ObjectID, begun && externalID == "":
		j.account.Origin = OriginCreated
	case j.app.LinkExisting:
		j.account.Origin = OriginLinked
	default:
		return nil, needs(ClassNeedsAdmin, "the app already holds a %s %q (id %s) that was not made here. Decide: let this app "+
			"link existing accounts, which puts it under the directory's control, or rename or remove it in the app", kind, value, doc.ID())
	}
	j.account.RemoteID, j.account.Begun = doc.ID(), ""
	j.changed = append(j.changed, "link")
	return doc, nil
}

// recognise makes sure, after the app's address changed, that the known id is still this account. An app that was moved
// has it; another app may have somebody else under it, who must not be touched: then it is looked for by name, as new.
func (j *job) recognise(ctx context.Context) error {
	if !j.account.Moved || j.account.RemoteID == "" {
		j.account.Moved = false
		return nil
	}
	written, err := decodeFields(j.account.Written)
	if err != nil {
		return err
	}
	j.doing("look up")
	doc, err := j.client.Get(ctx, j.endpoint(), j.account.RemoteID)
	switch {
	case err == nil && (doc.Text("externalId") == j.account.ObjectID || matches(doc, j.matchAttribute(), j.matchValue(written))):
		j.account.Moved = false
		return nil
	case err != nil:
		f := judge(err, onObject)
		if gone, check := j.gone(ctx, f); check != nil {
			return check
		} else if !gone {
			return f
		}
	}
	_ = j.absent()
	j.state, j.account.Moved = StateConfirmed, false
	return nil
}

// usable refuses ids that cannot be kept or put in an address.
func usable(id string) error {
	if id == "" || id == "." || id == ".." || len(id) > maxRemoteID || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f || r == '�' }) {
		return needs(ClassUnsupported, "the app gives an id that cannot be used: %q", shortened(id))
	}
	return nil
}

func shortened(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
