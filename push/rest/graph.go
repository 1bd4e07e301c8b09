package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"proprio/scim/client"
)

// graphKey is a Microsoft Graph credential: an app registration of the tenant, with a secret.
type graphKey struct {
	Tenant       string `json:"tenant"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Authority    string `json:"authority"` // empty: https://login.microsoftonline.com; national clouds have others
}

var graphTenant = regexp.MustCompile(`^[A-Za-z0-9.-]+$`)

// openGraph opens the users and groups of a Microsoft 365 tenant.
func openGraph(c connection) (*remote, error) {
	const what = "Microsoft 365"
	var key graphKey
	if err := readCredential(what, c.config.Token, &key); err != nil {
		return nil, err
	}
	if key.Authority == "" {
		key.Authority = "https://login.microsoftonline.com"
	}
	err := require(what, field{"tenant", key.Tenant}, field{"client_id", key.ClientID}, field{"client_secret", key.ClientSecret})
	if err == nil && !graphTenant.MatchString(key.Tenant) {
		err = cannot(http.StatusBadRequest, `the credential of %s: "tenant" is neither an id nor a domain`, what)
	}
	if err == nil {
		err = tokenAddress(what, "authority", key.Authority, c.config.AllowPlain)
	}
	if err != nil {
		return nil, err
	}
	config := &clientcredentials.Config{ClientID: key.ClientID, ClientSecret: key.ClientSecret,
		TokenURL: strings.TrimRight(key.Authority, "/") + "/" + key.Tenant + "/oauth2/v2.0/token",
		Scopes:   []string{origin(c.config.BaseURL) + "/.default"}, AuthStyle: oauth2.AuthStyleInParams}
	sign := c.bearerOf(config.TokenURL, func(ctx context.Context, _ *api, _ *bearing) (*oauth2.Token, error) { return config.Token(ctx) })
	build := func(a *api) product { return product{users: graphUsers{api: a}, groups: graphGroups(a)} }
	return c.open(sign, graphTerms, build, key.ClientSecret)
}

// graphTerms: a name that is taken comes as 400 with words.
func graphTerms(e *client.Error, a client.Answer) {
	doc, err := a.Document()
	if err != nil {
		return
	}
	problem := inner(doc, "error")
	if e.Status == http.StatusBadRequest && strings.Contains(problem.Text("message"), "Another object with the same value") {
		e.Status, e.ScimType = http.StatusConflict, "uniqueness"
	}
	if code := problem.Text("code"); code != "" {
		e.Detail = code + ": " + problem.Text("message")
	}
}

// graphPages reads a list by the links that Graph gives to the next page, as long as they lead to Graph.
func graphPages(ctx context.Context, a *api, r *reading, path string, ask url.Values, show show) error {
	return r.each(show, func(from string) ([]client.Document, string, error) {
		if from != "" {
			rest, ours := strings.CutPrefix(from, a.base+"/")
			if !ours {
				return nil, "", r.incomplete("the next page is said to be elsewhere, at %s", origin(from))
			}
			path, ask = "/"+rest, nil
		}
		doc, err := a.get(ctx, path, ask)
		if err != nil {
			return nil, "", err
		}
		page, err := a.elements(path, doc, "value")
		return page, doc.Text("@odata.nextLink"), err
	})
}

// quoted is a text in an OData filter.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

const graphUserFields = "id,userPrincipalName,displayName,givenName,surname,mail,jobTitle,department,accountEnabled,userType"

// graphUsers are the users of a Microsoft 365 tenant, guests among them.
type graphUsers struct {
	kept
	api *api
}

func (g graphUsers) list(ctx context.Context, q query, r *reading) error {
	ask := url.Values{"$select": {graphUserFields}, "$top": {strconv.Itoa(pageSize(q, 999))}}
	var roles map[string][]string
	switch q.attribute {
	case "":
		var err error
		if roles, err = g.roles(ctx, nil, q.glance); err != nil {
			return err
		}
	case "userName": // a look-up, which asks for no roles
		ask.Set("$filter", "userPrincipalName eq "+quoted(q.value))
	default:
		return q.unknown()
	}
	return graphPages(ctx, g.api, r, "/users", ask, func(u client.Document) client.Document { return g.account(u, roles) })
}

// roles are the names of the directory roles that are given to people directly, by the person's id. What the credential may
// not read is an error: nobody would look like an administrator otherwise. At a glance it is only seen whether it may.
func (g graphUsers) roles(ctx context.Context, ask url.Values, glance bool) (map[string][]string, error) {
	const path = "/roleManagement/directory/roleAssignments"
	found, limits := map[string][]string{}, client.ListOptions{}
	if glance {
		limits.MaxPages = 1
	}
	r := newReading(g.api.base+path, limits, func(a client.Document) error {
		who := a.Text("principalId")
		found[who] = append(found[who], inner(a, "roleDefinition").Text("displayName"))
		return nil
	})
	if ask == nil {
		ask = url.Values{}
	}
	ask.Set("$expand", "roleDefinition")
	err := graphPages(ctx, g.api, r, path, ask, asIs)
	var more *client.IncompleteError
	if glance && errors.As(err, &more) && more.Limited {
		err = nil
	}
	return found, err
}

func (g graphUsers) account(u client.Document, roles map[string][]string) client.Document {
	a := account(u.ID(), u.Text("userPrincipalName"), u.Flag("accountEnabled", true))
	named(a, u.Text("givenName"), u.Text("surname"))
	put(a, "displayName", u.Text("displayName"))
	put(a, "title", u.Text("jobTitle"))
	put(a, "userType", u.Text("userType"))
	if department := u.Text("department"); department != "" {
		a[schemaEnterprise] = fields{"department": department}
	}
	if mail := u.Text("mail"); mail != "" {
		a["emails"] = []any{fields{"value": mail, "primary": true}}
	}
	if held := roles[u.ID()]; len(held) > 0 {
		a["roles"] = valued(held...)
	}
	return a
}

func (g graphUsers) get(ctx context.Context, id string) (client.Document, error) {
	u, err := g.api.one(ctx, "/users", id, url.Values{"$select": {graphUserFields}})
	if err != nil {
		return nil, err
	}
	roles, err := g.roles(ctx, url.Values{"$filter": {"principalId eq " + quoted(id)}}, false)
	if err != nil {
		return nil, err
	}
	return g.account(u, roles), nil
}

// create makes a user with a password that nobody knows: an admin, or the self-service, gives one that somebody does.
func (g graphUsers) create(ctx context.Context, resource fields) (client.Document, error) {
	c := change{set: fields{}}
	c.merge(resource)
	local, _, _ := strings.Cut(c.text("userName"), "@")
	user := graphFields(c)
	user["accountEnabled"] = client.Document(resource).Flag("active", true)
	user["mailNickname"] = nickname(local)
	user["passwordProfile"] = fields{"forceChangePasswordNextSignIn": true, "password": g.api.newPassword()}
	for name, value := range user {
		if value == nil {
			delete(user, name)
		}
	}
	u, err := g.api.write(ctx, http.MethodPost, "/users", user)
	if err != nil {
		return nil, err
	}
	return g.account(u, nil), nil
}

// nickname is a mail nickname, which takes no blank and none of a few characters.
func nickname(text string) string {
	out := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`@()\[]";:<>,`, r) {
			return -1
		}
		return r
	}, text)
	return out[:min(len(out), 64)]
}

// graphFields are a change's attributes as Graph calls them; what goes is null.
func graphFields(c change) fields {
	user := fields{}
	for theirs, ours := range map[string]string{"userPrincipalName": "userName", "displayName": "displayName", "jobTitle": "title",
		"department": "department"} {
		if !c.has(ours) {
			continue
		}
		user[theirs] = nil
		if text := c.text(ours); text != "" {
			user[theirs] = text
		}
	}
	if c.has("name") {
		for theirs, ours := range map[string]string{"givenName": "givenName", "surname": "familyName"} {
			user[theirs] = nil
			if text := sub(c.set, "name", ours); text != "" {
				user[theirs] = text
			}
		}
	}
	return user
}

// change writes what differs. Whoever is to be out is signed out everywhere, too: a session outlives the account's end
// otherwise.
func (g graphUsers) change(ctx context.Context, id string, c change) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	path = "/users" + path
	user := graphFields(c)
	active, told := c.flag("active")
	if told {
		user["accountEnabled"] = active
	}
	if len(user) > 0 {
		if _, err := g.api.write(ctx, http.MethodPatch, path, user); err != nil {
			return err
		}
	}
	if !told || active {
		return nil
	}
	_, err = g.api.call(ctx, client.Call{Method: http.MethodPost, Path: path + "/revokeSignInSessions"})
	return err
}
