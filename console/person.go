package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"proprio/audit"
	"proprio/ownership"
	"proprio/resources"
)

const timelineLength = 30

// personPage is one User: who it is, where it has accounts, what happened to it.
type personPage struct {
	personRow
	Facts    []fact
	Groups   []resources.Ref
	Holdings []holding
	Others   []App // in which the person has no account
	Timeline []audit.Entry
	Raw      string
	Version  int64
}

// fact is one attribute in words: the message attr.Key, and its values.
type fact struct {
	Key    string
	Values []string
	Person string    // id of the User it names; empty when it names none
	At     time.Time // of a date that could be read; then Values is empty
}

// holding is one person's account in one app: what Proprio pushes there, what the app itself says, or both.
type holding struct {
	App      App
	Account  *Account
	Observed *ownership.ObservedAccount
}

// person shows one User.
func (c *Console) person(v *visit) error {
	ctx := v.r.Context()
	r, err := c.Store.Get(ctx, v.caller(), resources.TypeUser, v.r.PathValue("id"), resources.With{Groups: true})
	if err != nil {
		return err
	}
	p := personPage{personRow: newPersonRow(r), Groups: r.Groups, Version: r.Version, Raw: indented(r.Body)}
	if p.Facts, err = c.facts(ctx, v, decodeBody(r)); err != nil {
		return err
	}
	if p.Holdings, p.Others, err = c.holdings(ctx, v, r.ID); err != nil {
		return err
	}
	p.Timeline, err = c.Log.Entries(ctx, v.session.Company, audit.Query{
		ObjectType: resources.TypeUser, ObjectID: r.ID, Limit: timelineLength,
	})
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "person", p)
}

// facts puts a User's attributes in a reader's order. What is not assigned is left out.
func (c *Console) facts(ctx context.Context, v *visit, body map[string]any) ([]fact, error) {
	var facts []fact
	add := func(key string, values ...string) {
		f := fact{Key: key}
		for _, s := range values {
			if s != "" {
				f.Values = append(f.Values, s)
			}
		}
		if len(f.Values) > 0 {
			facts = append(facts, f)
		}
	}
	add("emails", values(body, "emails")...)
	add("phoneNumbers", values(body, "phoneNumbers")...)
	add("title", str(body, "title"))
	for _, name := range []string{"department", "division", "organization", "costCenter", "employeeNumber"} {
		add(name, str(body, resources.SchemaEnterprise, name))
	}
	if err := c.addPerson(ctx, v, &facts, "manager", str(body, resources.SchemaEnterprise, "manager", "value")); err != nil {
		return nil, err
	}
	if err := c.addPerson(ctx, v, &facts, "sponsor", reference(body, resources.SchemaOwnership, "sponsor")); err != nil {
		return nil, err
	}
	for _, name := range []string{"startDate", "endDate"} {
		text := str(body, resources.SchemaOwnership, name)
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			facts = append(facts, fact{Key: name, At: at})
		} else {
			add(name, text)
		}
	}
	add("post", str(body, resources.SchemaOwnership, "post"))
	add("preferredLanguage", str(body, "preferredLanguage"))
	return facts, nil
}

// addPerson adds a fact that names another User, by its name when the company has that User.
func (c *Console) addPerson(ctx context.Context, v *visit, facts *[]fact, key, id string) error {
	if id == "" {
		return nil
	}
	other, err := c.Store.Get(ctx, v.caller(), resources.TypeUser, id, resources.With{})
	switch {
	case errors.Is(err, resources.ErrNotFound):
		*facts = append(*facts, fact{Key: key, Values: []string{id}})
		return nil
	case err != nil:
		return err
	}
	*facts = append(*facts, fact{Key: key, Values: []string{displayName(other, decodeBody(other))}, Person: other.ID})
	return nil
}

// holdings joins what Proprio pushes for a person with what the apps say of them; others are the apps that say and hold nothing.
func (c *Console) holdings(ctx context.Context, v *visit, person string) (held []holding, others []App, err error) {
	apps, err := c.Apps.Apps(ctx, v.session.Company)
	if err != nil {
		return nil, nil, err
	}
	accounts, err := c.Apps.Accounts(ctx, v.session.Company, AccountQuery{ObjectType: resources.TypeUser, ObjectID: person})
	if err != nil {
		return nil, nil, err
	}
	observed, err := c.Ownership.ObservedOf(ctx, v.session.Company, person)
	if err != nil {
		return nil, nil, err
	}
	for _, app := range apps {
		h := holding{App: app}
		for i := range accounts {
			if accounts[i].App == app.ID {
				h.Account = &accounts[i]
			}
		}
		for i := range observed {
			if observed[i].App == app.ID {
				h.Observed = &observed[i]
			}
		}
		if h.Account != nil || h.Observed != nil {
			held = append(held, h)
		} else {
			others = append(others, app)
		}
	}
	return held, others, nil
}

// values reads the `value` of every element of a multi-valued attribute.
func values(body map[string]any, name string) []string {
	list, _ := body[name].([]any)
	var out []string
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, str(m, "value"))
		}
	}
	return out
}

// reference reads an attribute that names a User, plain or with a `value`.
func reference(body map[string]any, path ...string) string {
	if s := str(body, path...); s != "" {
		return s
	}
	return str(body, append(path, "value")...)
}

func indented(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return string(raw)
	}
	return out.String()
}
