package rest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"proprio/scim/client"
)

// lastpassKey is a LastPass credential: the account number and the provisioning hash of its API.
type lastpassKey struct {
	CID      any    `json:"cid"` // a number, sometimes noted as a text
	ProvHash string `json:"provhash"`
}

// openLastPass opens LastPass's enterprise API: one address, to which every command is posted with the key in its body.
func openLastPass(c connection) (*remote, error) {
	var key lastpassKey
	if err := readCredential("LastPass", c.config.Token, &key); err != nil {
		return nil, err
	}
	cid := ""
	switch v := key.CID.(type) {
	case float64:
		cid = fmt.Sprintf("%.0f", v)
	case string:
		cid = strings.TrimSpace(v)
	}
	if err := require("LastPass", field{"cid", cid}, field{"provhash", key.ProvHash}); err != nil {
		return nil, err
	}
	build := func(a *api) product { return product{users: lastpassUsers{api: a, cid: cid, hash: key.ProvHash}} }
	return c.open(nil, nil, build, key.ProvHash)
}

// lastpassUsers are the accounts of a LastPass company. A deleted one loses its vault: none is ever deleted or removed.
type lastpassUsers struct {
	kept
	api       *api
	cid, hash string
}

// command sends a command. LastPass answers 200 to everything and says inside what became of it.
func (l lastpassUsers) command(ctx context.Context, name string, data any) (client.Document, error) {
	body := fields{"cid": json64(l.cid), "provhash": l.hash, "cmd": name}
	if data != nil {
		body["data"] = data
	}
	doc, err := l.api.write(ctx, http.MethodPost, "", body)
	if err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, l.api.broken(http.MethodPost, "", "it is empty")
	}
	said := doc.Text("status")
	words := strings.Join(append(texts(doc["errors"]), texts(doc["error"])...), "; ")
	if same(said, "OK") || same(said, "success") || said == "" && words == "" && name == "getuserdata" {
		return doc, nil
	}
	e := l.api.refused(http.MethodPost, " "+name, http.StatusBadRequest, strings.TrimSpace(said+" "+words))
	switch low := strings.ToLower(words); {
	case strings.Contains(low, "authoriz"), strings.Contains(low, "authentic"), strings.Contains(low, "provhash"), strings.Contains(low, "cid"):
		e.Status = http.StatusUnauthorized
	case strings.Contains(low, "limit") && strings.Contains(low, "rate"), strings.Contains(low, "too many"):
		e.Status = http.StatusTooManyRequests
	}
	return nil, e
}

// texts are the texts of a value that is one or several.
func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, fmt.Sprint(one))
		}
		return out
	}
	return nil
}

// list reads the whole company: what comes is counted against the total that LastPass tells.
func (l lastpassUsers) list(ctx context.Context, q query, r *reading) error {
	var ask any
	switch q.attribute {
	case "":
	case "userName":
		ask = fields{"username": q.value}
	default:
		return q.unknown()
	}
	doc, err := l.command(ctx, "getuserdata", ask)
	if err != nil {
		return err
	}
	var found []client.Document
	switch users := doc["Users"].(type) {
	case map[string]any:
		for _, id := range slices.Sorted(maps.Keys(users)) {
			u, _ := users[id].(map[string]any)
			found = append(found, l.account(id, u))
		}
	case []any: // an empty object, as PHP writes it
		if len(users) > 0 {
			return l.api.broken(http.MethodPost, "", "Users is no object")
		}
	default:
		if q.attribute == "" || number(doc, "total") != "0" {
			return l.api.broken(http.MethodPost, "", "it is no list: Users is missing")
		}
	}
	if _, told := doc["total"]; told && q.attribute == "" && number(doc, "total") != fmt.Sprint(len(found)) {
		return r.incomplete("LastPass counts %v users and lists %d", doc["total"], len(found))
	}
	if len(found) == 0 && q.attribute == "" {
		return r.incomplete("LastPass lists nobody, and every company has an administrator")
	}
	return r.page(asIs, found)
}

func (l lastpassUsers) account(id string, u client.Document) client.Document {
	a := account(id, u.Text("username"), !(u.Flag("disabled", false) || number(u, "disabled") == "1"))
	put(a, "displayName", u.Text("fullname"))
	if u.Flag("admin", false) || number(u, "admin") == "1" {
		a["roles"] = valued("admin")
	}
	return a
}

// get finds an account by its number, which no command takes.
func (l lastpassUsers) get(ctx context.Context, id string) (client.Document, error) {
	found, err := l.api.find(ctx, l, query{}, hasID(id))
	if err == nil && found == nil {
		err = l.api.refused(http.MethodPost, " getuserdata", http.StatusNotFound, "no user has the number "+id)
	}
	return found, err
}

// create adds an account. LastPass does not tell its number: it is read.
func (l lastpassUsers) create(ctx context.Context, resource fields) (client.Document, error) {
	name := client.Document(resource).Text("userName")
	user := fields{"username": name}
	if full := client.Document(resource).Text("displayName"); full != "" {
		user["fullname"] = full
	}
	if _, err := l.command(ctx, "batchadd", []any{user}); err != nil {
		return nil, err
	}
	made, err := l.api.find(ctx, l, query{attribute: "userName", value: name}, func(d client.Document) bool { return same(d.Text("userName"), name) })
	if err == nil && made == nil {
		err = l.api.broken(http.MethodPost, "", "the account was added, but is not listed yet")
	}
	return made, l.api.unheard(err, http.MethodPost, "")
}

// change finds the account's name, which commands take, by its number: a name may have passed to somebody else.
func (l lastpassUsers) change(ctx context.Context, id string, c change) error {
	now, err := l.get(ctx, id)
	if err != nil {
		return err
	}
	name := now.Text("userName")
	if active, told := c.flag("active"); told && active != now.Flag("active", true) {
		if err := l.switchTo(ctx, id, name, active); err != nil {
			return err
		}
	}
	if c.has("displayName") && c.text("displayName") != now.Text("displayName") {
		_, err = l.command(ctx, "updateuser", fields{"username": name, "fullname": c.text("displayName")})
	}
	return err
}

// switchTo disables or enables an account. LastPass reports success of a command that changed nobody, too: whoever it does not
// name is looked at.
func (l lastpassUsers) switchTo(ctx context.Context, id, name string, active bool) error {
	command, done := "disableuser", "disabled_users"
	if active {
		command, done = "enableuser", "enabled_users"
	}
	answer, err := l.command(ctx, command, []any{name})
	if err != nil || slices.ContainsFunc(texts(answer[done]), func(one string) bool { return same(one, name) }) {
		return err
	}
	now, err := l.get(ctx, id)
	if err != nil {
		return l.api.unheard(err, http.MethodPost, " "+command)
	}
	if now.Flag("active", true) != active {
		return l.api.refused(http.MethodPost, " "+command, http.StatusForbidden, "LastPass reports success, and left the account as it was")
	}
	return nil
}
