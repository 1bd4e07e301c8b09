package rest

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/jwt"

	"proprio/scim/client"
)

// googleKey is a Google credential: a service account's key file with one field more, subject: the admin in whose name it
// acts (domain-wide delegation).
type googleKey struct {
	ClientEmail  string `json:"client_email"`
	PrivateKey   string `json:"private_key"`
	PrivateKeyID string `json:"private_key_id"`
	TokenURI     string `json:"token_uri"`
	Subject      string `json:"subject"`
}

// googleScopes are what the service account must be delegated.
var googleScopes = [...]string{
	"https://www.googleapis.com/auth/admin.directory.user",
	"https://www.googleapis.com/auth/admin.directory.group",
}

// openGoogle opens the directory of a Google Workspace.
func openGoogle(c connection) (*remote, error) {
	const what = "Google Workspace"
	var key googleKey
	if err := readCredential(what, c.config.Token, &key); err != nil {
		return nil, err
	}
	if key.TokenURI == "" {
		key.TokenURI = "https://oauth2.googleapis.com/token"
	}
	err := require(what, field{"client_email", key.ClientEmail}, field{"private_key", key.PrivateKey}, field{"subject", key.Subject})
	if err == nil {
		err = privateKey(what, key.PrivateKey)
	}
	if err == nil {
		err = tokenAddress(what, "token_uri", key.TokenURI, c.config.AllowPlain)
	}
	if err != nil {
		return nil, err
	}
	config := &jwt.Config{Email: key.ClientEmail, PrivateKey: []byte(key.PrivateKey), PrivateKeyID: key.PrivateKeyID,
		Subject: key.Subject, Scopes: googleScopes[:], TokenURL: key.TokenURI}
	sign := c.bearerOf(key.TokenURI, func(ctx context.Context, _ *api, _ *bearing) (*oauth2.Token, error) {
		return config.TokenSource(ctx).Token()
	})
	_, domain, _ := strings.Cut(key.Subject, "@")
	build := func(a *api) product {
		return product{users: googleUsers{api: a}, groups: googleGroups(a, domain)}
	}
	return c.open(sign, googleTerms, build, key.PrivateKey)
}

// googleTerms: being too fast comes as 403 with a reason, and a domain that is not the company's as a 404 of the domain.
func googleTerms(e *client.Error, a client.Answer) {
	doc, err := a.Document()
	if err != nil {
		return
	}
	problem := inner(doc, "error")
	for _, one := range problem.Values("errors") {
		switch one.Text("reason") {
		case "userRateLimitExceeded", "rateLimitExceeded", "quotaExceeded", "dailyLimitExceeded":
			e.Status = http.StatusTooManyRequests
		case "duplicate":
			e.Status, e.ScimType = http.StatusConflict, "uniqueness"
		case "conditionNotMet": // the user was made just now
			e.Status = http.StatusServiceUnavailable
		case "limitExceeded": // no seat is left
			e.Status = http.StatusForbidden
		case "forbidden":
			if e.Method == http.MethodPost {
				e.Detail = problem.Text("message") + ". Is the domain of the address one of this Workspace?"
			}
		case "notFound":
			if e.Method == http.MethodPost && strings.Contains(strings.ToLower(problem.Text("message")), "domain") {
				e.Status = http.StatusBadRequest
			}
		}
	}
}

// madeHere is the type under which Google keeps our id among a user's external ids.
const madeHere = "proprio"

// googleUsers are the users of a Google Workspace.
type googleUsers struct {
	kept
	api *api
}

func (g googleUsers) list(ctx context.Context, q query, r *reading) error {
	ask := url.Values{"customer": {"my_customer"}, "projection": {"full"}, "maxResults": {strconv.Itoa(pageSize(q, 500))}}
	switch q.attribute {
	case "":
	case "userName":
		return g.byAddress(ctx, q.value, r)
	case "externalId":
		ask.Set("query", "externalId="+q.value)
	default:
		return q.unknown()
	}
	return googlePages(ctx, g.api, r, "/users", ask, g.account)
}

// googlePages reads a list by page token. Google leaves an empty array out, but says of what kind the list is.
func googlePages(ctx context.Context, a *api, r *reading, path string, ask url.Values, show show) error {
	name := path[strings.LastIndexByte(path, '/')+1:]
	return r.each(show, func(from string) ([]client.Document, string, error) {
		if from != "" {
			ask.Set("pageToken", from)
		}
		doc, err := a.get(ctx, path, ask)
		if err != nil {
			return nil, "", err
		}
		if doc[name] == nil && doc.Text("kind") == "admin#directory#"+name {
			doc[name] = []any{}
		}
		page, err := a.elements(path, doc, name)
		return page, doc.Text("nextPageToken"), err
	})
}

// byAddress reads one user, which a search would not show for some time after it was made. That nobody is there, which of a
// domain that is not the Workspace's comes as 403, counts only when the list answers: a wrong address or credential says so of
// everybody.
func (g googleUsers) byAddress(ctx context.Context, address string, r *reading) error {
	u, err := g.get(ctx, address)
	if notThere(err) || status(err) == http.StatusForbidden {
		_, err = g.api.get(ctx, "/users", url.Values{"customer": {"my_customer"}, "maxResults": {"1"}})
		return err
	}
	if err != nil {
		return err
	}
	return r.page(asIs, []client.Document{u})
}

func (g googleUsers) account(u client.Document) client.Document {
	name := inner(u, "name")
	a := account(u.ID(), u.Text("primaryEmail"), !u.Flag("suspended", false))
	named(a, name.Text("givenName"), name.Text("familyName"))
	put(a, "displayName", name.Text("fullName"))
	for _, id := range u.Values("externalIds") {
		if id.Text("customType") == madeHere {
			put(a, "externalId", id.Text("value"))
		}
	}
	var roles []string
	if u.Flag("isAdmin", false) {
		roles = append(roles, superAdmin)
	}
	if u.Flag("isDelegatedAdmin", false) {
		roles = append(roles, "delegated-admin")
	}
	if len(roles) > 0 {
		a["roles"] = valued(roles...)
	}
	return a
}

func (g googleUsers) get(ctx context.Context, id string) (client.Document, error) {
	u, err := g.api.one(ctx, "/users", id, url.Values{"projection": {"full"}})
	if err != nil {
		return nil, err
	}
	return g.account(u), nil
}

// create makes a user with a password that nobody knows: people come in by single sign-on, or an admin sets another.
func (g googleUsers) create(ctx context.Context, resource fields) (client.Document, error) {
	d := client.Document(resource)
	user := fields{"primaryEmail": d.Text("userName"), "name": googleName(resource), "password": g.api.newPassword(),
		"changePasswordAtNextLogin": true, "suspended": !d.Flag("active", true)}
	if id := d.Text("externalId"); id != "" {
		user["externalIds"] = []any{fields{"type": "custom", "customType": madeHere, "value": id}}
	}
	u, err := g.api.write(ctx, http.MethodPost, "/users", user)
	if err != nil {
		return nil, err
	}
	return g.account(u), nil
}

func googleName(resource fields) fields {
	return fields{"givenName": sub(resource, "name", "givenName"), "familyName": sub(resource, "name", "familyName")}
}

func (g googleUsers) change(ctx context.Context, id string, c change) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	user := fields{}
	if active, told := c.flag("active"); told {
		user["suspended"] = !active
	}
	if address := c.text("userName"); address != "" {
		user["primaryEmail"] = address
	}
	if c.has("name") {
		user["name"] = googleName(c.set)
	}
	if len(user) == 0 {
		return nil
	}
	_, err = g.api.write(ctx, http.MethodPatch, "/users"+path, user)
	return err
}
