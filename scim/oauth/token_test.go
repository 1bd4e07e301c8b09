package oauth_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"proprio/audit"
	"proprio/db"
	"proprio/db/dbtest"
	"proprio/resources"
	"proprio/scim/oauth"
)

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// RFC 6749 §2.3.1, §4.4, §5.1: a client with a secret gets a token by HTTP Basic and by form, and it opens the SCIM
// service as the client's connection.
func TestRFC6749_ClientCredentialsBySecret(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, secret := n.withSecret()
		if !strings.HasPrefix(secret, "proprio_secret_") || len(secret) < len("proprio_secret_")+43 {
			t.Errorf("the secret %q has no prefix, or less than 256 bits", secret)
		}
		for name, a := range map[string]answer{
			"form":            w.bySecret(client, secret),
			"basic":           w.post(form(), "Authorization", basic(client.ID, secret)),
			"basic, id twice": w.post(form("client_id", client.ID), "Authorization", basic(client.ID, secret)),
			"charset":         w.post(form("client_id", client.ID, "client_secret", secret), "Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
		} {
			token := a.token()
			if a.body["token_type"] != "Bearer" || a.body["expires_in"] != 3600.0 || a.body["scope"] != "scim" {
				t.Errorf("%s: %v", name, a.body)
			}
			if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Pragma") != "no-cache" || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: headers %v", name, a.header)
			}
			if !strings.HasPrefix(token, resources.TokenPrefix) || len(token) < 50 {
				t.Errorf("%s: token %q", name, token)
			}
			w.works(token, http.StatusOK)
		}
		clients, err := d.ListClients(t.Context(), n.company)
		if err != nil || len(clients) != 1 || !clients[0].LastUsed.Equal(w.clock.now()) || !clients[0].Secrets[0].LastUsed.Equal(w.clock.now()) {
			t.Errorf("the use is not noted: %+v %v", clients, err)
		}
	})
}

// RFC 6749 §5.2: each mistake has its error; none gets a token.
func TestRFC6749_Errors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, secret := n.withSecret()
		signer, key := n.withKey(t, "ES256")
		credentials := []string{"client_id", client.ID, "client_secret", secret}
		with := func(more ...string) string { return form(append(credentials, more...)...) }
		for name, c := range map[string]struct {
			body    string
			headers []string
			status  int
			code    string
		}{
			"nothing":                 {"", nil, 400, "invalid_request"},
			"no grant type":           {"client_id=" + client.ID + "&client_secret=" + secret, nil, 400, "invalid_request"},
			"empty grant type":        {with("grant_type", ""), nil, 400, "invalid_request"},
			"password":                {with("grant_type", "password"), nil, 400, "unsupported_grant_type"},
			"refresh":                 {with("grant_type", "refresh_token"), nil, 400, "unsupported_grant_type"},
			"parameter twice":         {with() + "&scope=scim&scope=scim", nil, 400, "invalid_request"},
			"secret twice":            {with() + "&client_secret=" + secret, nil, 400, "invalid_request"},
			"broken escape":           {with() + "&x=%zz", nil, 400, "invalid_request"},
			"JSON":                    {`{"grant_type":"client_credentials"}`, []string{"Content-Type", "application/json"}, 400, "invalid_request"},
			"no type":                 {with(), []string{"Content-Type", ""}, 400, "invalid_request"},
			"too long":                {with("x", strings.Repeat("x", 33<<10)), nil, 400, "invalid_request"},
			"no credentials":          {form(), nil, 401, "invalid_client"},
			"no secret":               {form("client_id", client.ID), nil, 401, "invalid_client"},
			"empty secret":            {form("client_id", client.ID, "client_secret", ""), nil, 401, "invalid_client"},
			"no id":                   {form("client_secret", secret), nil, 401, "invalid_client"},
			"wrong secret":            {with("client_secret", secret[:len(secret)-1]+"!"), nil, 401, "invalid_client"},
			"hash as secret":          {with("client_secret", string(client.Secrets[0].Hash[:])), nil, 401, "invalid_client"},
			"unknown client":          {with("client_id", newID()), nil, 401, "invalid_client"},
			"no id at all":            {with("client_id", "' or 1=1 --\x00"), nil, 401, "invalid_client"},
			"upper case id":           {with("client_id", strings.ToUpper(client.ID)), nil, 401, "invalid_client"},
			"secret of a key client":  {with("client_id", signer.ID), nil, 401, "invalid_client"},
			"two ways":                {with(), []string{"Authorization", basic(client.ID, secret)}, 400, "invalid_request"},
			"two clients":             {form("client_id", signer.ID), []string{"Authorization", basic(client.ID, secret)}, 400, "invalid_request"},
			"basic, wrong":            {form(), []string{"Authorization", basic(client.ID, "x")}, 401, "invalid_client"},
			"basic, no colon":         {form(), []string{"Authorization", "Basic aGVsbG8="}, 401, "invalid_client"},
			"basic, not base64":       {form(), []string{"Authorization", "Basic %%%"}, 401, "invalid_client"},
			"bearer":                  {with(), []string{"Authorization", "Bearer x"}, 401, "invalid_client"},
			"assertion and secret":    {with("client_assertion", "a.b.c", "client_assertion_type", assertionType), nil, 400, "invalid_request"},
			"assertion without type":  {form("client_assertion", "a.b.c"), nil, 400, "invalid_request"},
			"type without assertion":  {with("client_assertion_type", assertionType), nil, 400, "invalid_request"},
			"SAML":                    {form("client_assertion", "x", "client_assertion_type", strings.Replace(assertionType, "jwt", "saml2", 1)), nil, 400, "invalid_request"},
			"key of a secret client":  {form("client_assertion", key.sign(t, own(w, client)), "client_assertion_type", assertionType), nil, 401, "invalid_client"},
			"unknown scope":           {with("scope", "admin"), nil, 400, "invalid_scope"},
			"scope of others":         {with("scope", "scim ssf.manage"), nil, 400, "invalid_scope"},
			"scope in upper case":     {with("scope", "SCIM"), nil, 400, "invalid_scope"},
			"scope with odd letters":  {with("scope", `"é\`), nil, 400, "invalid_scope"},
			"credentials in the head": {form(), []string{"X-Client-Secret", secret}, 401, "invalid_client"},
		} {
			a := w.post(c.body, append(c.headers, "X-Test-Address", name)...)
			if a.refused(c.status, c.code); t.Failed() {
				t.Fatalf("%s", name)
			}
		}
		query, _ := http.NewRequest("POST", w.url+oauth.TokenPath+"?client_secret="+secret, strings.NewReader(with()))
		query.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w.send(query).refused(400, "invalid_request")
		for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "OPTIONS"} {
			r, _ := http.NewRequest(method, w.url+oauth.TokenPath, nil)
			if a := w.send(r); a.status != http.StatusMethodNotAllowed || a.header.Get("Allow") != "POST" {
				t.Errorf("%s: %d, Allow %q", method, a.status, a.header.Get("Allow"))
			}
		}
	})
}

// RFC 6749 §3.3: a client gets the scopes that it names of its own, or all of its own; the SCIM service wants scim.
func TestRFC6749_Scope(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		client, secret := w.tenant("Société").withSecret("ssf.read", "scim", "scim")
		all := w.bySecret(client, secret)
		w.works(all.token(), http.StatusOK)
		if all.body["scope"] != "scim ssf.read" {
			t.Errorf("scope %v, want all of the client's", all.body["scope"])
		}
		events := w.bySecret(client, secret, "scope", "ssf.read ssf.read")
		if events.body["scope"] != "ssf.read" {
			t.Errorf("scope %v, want the one that was asked for", events.body["scope"])
		}
		a := w.users(events.token())
		if a.status != http.StatusForbidden || !strings.Contains(a.header.Get("WWW-Authenticate"), `error="insufficient_scope"`) {
			t.Errorf("SCIM with ssf.read: %d %v", a.status, a.header)
		}
		w.bySecret(client, secret, "scope", "ssf.manage").refused(400, "invalid_scope")
	})
}

// A connection has at most two static tokens; access tokens are not among them, in number or in lists.
func TestRFC6749_AccessTokensAreBesideStaticTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, secret := n.withSecret()
		for range 3 {
			w.works(w.bySecret(client, secret).token(), http.StatusOK)
		}
		for range 2 {
			token, hash := resources.NewToken()
			err := d.CreateToken(t.Context(), admin, resources.Token{Company: n.company, Connection: n.connection.ID, Scopes: []string{"scim"}}, hash)
			if err != nil {
				t.Fatalf("static token beside access tokens: %v", err)
			}
			w.works(token, http.StatusOK)
		}
		w.works(w.bySecret(client, secret).token(), http.StatusOK)
		_, tokens, err := d.ListConnections(t.Context(), n.company)
		if err != nil || len(tokens[n.connection.ID]) != 2 {
			t.Errorf("%d tokens are listed, want the two static ones: %v", len(tokens[n.connection.ID]), err)
		}
	})
}

// Two companies: a client's token shows the company of the client alone, and one's secret is nothing with the other's id.
func TestRFC6749_TwoCompanies(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		one, two := w.tenant("Une"), w.tenant("Deux")
		client, secret := one.withSecret()
		other, otherSecret := two.withSecret()
		w.bySecret(client, otherSecret).refused(401, "invalid_client")
		w.bySecret(other, secret).refused(401, "invalid_client")
		caller := resources.Caller{Company: two.company, Actor: admin}
		directory := &resources.Directory{Registry: resources.NewRegistry(), Store: d, Policy: openPolicy{}, Now: time.Now, NewID: newID}
		_, err := directory.Create(t.Context(), caller, resources.TypeUser, resources.Document{
			"schemas": []any{resources.SchemaUser}, "userName": "anne@deux.example",
		})
		must(t, err)
		if a := w.users(w.bySecret(client, secret).token()); a.body["totalResults"] != 0.0 {
			t.Errorf("company one sees %v", a.body)
		}
		if a := w.users(w.bySecret(other, otherSecret).token()); a.body["totalResults"] != 1.0 {
			t.Errorf("company two sees %v", a.body)
		}
		for _, n := range []tenant{one, two} {
			clients, err := d.ListClients(t.Context(), n.company)
			if err != nil || len(clients) != 1 || clients[0].Company != n.company {
				t.Errorf("clients of a company: %+v %v", clients, err)
			}
		}
		if err := d.RevokeSecret(t.Context(), admin, two.company, client.Secrets[0].ID); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("company two revokes a secret of company one: %v", err)
		}
		_, kept := oauth.NewSecret(newID(), w.clock.now())
		if err := d.AddSecret(t.Context(), admin, two.company, client.ID, kept); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("company two adds a secret to a client of company one: %v", err)
		}
		foreign := oauth.Client{ID: newID(), Name: "x", Company: two.company, Connection: one.connection.ID, Method: oauth.MethodSecret}
		if err := d.CreateClient(t.Context(), admin, foreign); !errors.Is(err, resources.ErrNotFound) {
			t.Errorf("a client of company two in a connection of company one: %v", err)
		}
	})
}

// Registration, secrets and removal are on record; that tokens are asked for is not.
func TestRFC6749_ChangesAreOnRecord(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		n := w.tenant("Société")
		client, secret := n.withSecret()
		w.bySecret(client, secret).token()
		_, kept := oauth.NewSecret(newID(), w.clock.now())
		must(t, d.AddSecret(t.Context(), admin, n.company, client.ID, kept))
		must(t, d.RevokeSecret(t.Context(), admin, n.company, kept.ID))
		must(t, d.RemoveClient(t.Context(), admin, n.company, client.ID))
		entries, err := d.Entries(t.Context(), n.company, audit.Query{})
		must(t, err)
		var got []string
		for _, e := range entries {
			if strings.HasPrefix(e.ObjectType, "client") {
				got = append(got, string(e.Action)+" "+e.ObjectType)
			}
			if e.ObjectType == "token" {
				t.Errorf("a token request is on record: %+v", e)
			}
		}
		want := "remove client, revoke client-secret, issue client-secret, issue client-secret, create client"
		if strings.Join(got, ", ") != want {
			t.Errorf("on record: %s\nwant: %s", strings.Join(got, ", "), want)
		}
	})
}

// Who guesses is held back, and does not hold back the client that it guesses for; a client that asks for a token with
// each of its requests is held back too.
func TestRFC6749_RateLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	client, secret := w.tenant("Société").withSecret()
	guess := func() answer {
		return w.post(form("client_id", client.ID, "client_secret", "guess"), "X-Test-Address", "192.0.2.7")
	}
	for range 20 {
		guess().refused(401, "invalid_client")
	}
	held := guess()
	held.refused(429, "temporarily_unavailable")
	if held.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q, want 2", held.header.Get("Retry-After"))
	}
	w.post(form("client_id", client.ID, "client_secret", secret), "X-Test-Address", "192.0.2.7").refused(429, "temporarily_unavailable")
	w.bySecret(client, secret).token() // from another address
	w.clock.pass(2 * time.Second)
	w.post(form("client_id", client.ID, "client_secret", secret), "X-Test-Address", "192.0.2.7").token()
	granted := 0
	for range 80 {
		if w.bySecret(client, secret).status == http.StatusOK {
			granted++
		}
	}
	if granted < 40 || granted > 60 {
		t.Errorf("%d tokens at once, want about 60", granted)
	}
}

// No secret, no token and no assertion is in the log, whatever went wrong; a refusal's reference leads to its line.
func TestRFC6749_NoSecretInTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.Open(t, db.Config{Data: t.TempDir()}))
	n := w.tenant("Société")
	client, secret := n.withSecret()
	signer, key := n.withKey(t, "ES256")
	assertion := key.sign(t, own(w, signer))
	token := w.bySecret(client, secret).token()
	w.works(token, http.StatusOK)
	w.byAssertion(assertion).token()
	w.byAssertion(assertion).refused(401, "invalid_client")
	w.post(form("client_id", secret, "client_secret", client.ID)).refused(401, "invalid_client")                 // mixed up
	w.post(form("client_id", client.ID, "client_secret", secret, "scope", secret)).refused(400, "invalid_scope") // in the wrong field
	w.post(form("client_id", client.ID, "client_secret", secret+"x"))
	w.post(form(), "Authorization", basic(client.ID, secret+"y"))
	w.post(form("client_id", client.ID, "client_secret", secret, "grant_type", "password"))
	refused := w.post(form("client_id", newID(), "client_secret", secret))
	log := w.log.String()
	signature := assertion[strings.LastIndexByte(assertion, '.')+1:]
	for name, hidden := range map[string]string{"secret": secret, "token": token, "assertion": signature} {
		if strings.Contains(log, hidden) {
			t.Errorf("the %s is in the log", name)
		}
	}
	description, _ := refused.body["error_description"].(string)
	_, reference, found := strings.Cut(description, "Reference: ")
	if !found || !strings.Contains(log, `"reference":"`+reference+`"`) {
		t.Errorf("the reference of %q is not in the log", description)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
