package console

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/text/language"

	"proprio/audit"
	"proprio/ownership"
	"proprio/resources"
)

// Console is the web pages. Its dependencies are its fields; all are required but Banner and Secure. Make it ready
// with [New].
type Console struct {
	Registry    *resources.Registry
	Store       resources.Store
	Connections resources.Connections
	Connected   Connected
	Log         audit.Log
	Apps        Apps
	Engine      Engine
	Tasks       Tasks
	Drift       Drift
	Setup       Setup
	Discovery   Discovery
	Ownership   ownership.Reports
	SignIn      SignIn

	NewID  func() string // UUIDv7
	Now    func() time.Time
	Zone   *time.Location // for dates on pages
	Logger *slog.Logger
	Banner string // shown on every page, for the demo; empty: none
	Secure bool   // reached over https: cookies and browsers keep to it

	pages   *renderer
	matcher language.Matcher
}

// New prepares a console: it parses every template, and fails when one does not fit.
func New(c Console) (*Console, error) {
	pages, err := newRenderer(c.Zone, c.Now)
	if err != nil {
		return nil, err
	}
	c.pages = pages
	c.matcher = language.NewMatcher([]language.Tag{language.French, language.English})
	return &c, nil
}

// Handler is every route of the console.
func (c *Console) Handler() http.Handler {
	mux := http.NewServeMux()
	read := func(pattern, section string, p page) { mux.Handle("GET "+pattern, c.signedIn(section, p)) }
	form := func(size int64, pattern, section string, p page) {
		mux.Handle("POST "+pattern, c.signedIn(section, adminOnly(size, p)))
	}
	act := func(pattern, section string, p page) { form(formSize, pattern, section, p) }

	read("/{$}", "home", c.home)
	read("/findings", "findings", c.findings)
	read("/people", "people", c.people)
	read("/people/{id}", "people", c.person)
	read("/groups", "groups", c.groups)
	read("/groups/{id}", "groups", c.group)
	read("/apps", "apps", c.apps)
	read("/apps/new", "apps", c.newApp)
	act("/apps/new", "apps", c.addApp)
	read("/apps/{id}", "apps", c.app)
	read("/apps/{id}/access", "apps", c.access)
	act("/apps/{id}/access", "apps", c.setAccess)
	read("/apps/{id}/setup", "apps", c.setup)
	read("/apps/{id}/setup/{step}", "apps", c.setupStep)
	form(scopeSize, "/apps/{id}/setup/{step}", "apps", c.doStep)
	read("/apps/{id}/accounts", "apps", c.accounts)
	read("/apps/{id}/account", "apps", c.account)
	act("/apps/{id}/account", "apps", c.decideAccount)
	read("/apps/{id}/links", "apps", c.links)
	act("/apps/{id}/links", "apps", c.linkAll)
	read("/apps/{id}/export", "apps", c.export)
	mux.Handle("POST /apps/{id}/export", c.signedIn("apps", adminActs(c.upload))) // it reads its form itself
	act("/apps/{id}/export/forget", "apps", c.forget)
	read("/apps/{id}/drift", "apps", c.drift)
	act("/apps/{id}/compare", "apps", c.compareApp)
	act("/apps/{id}/repair", "apps", c.repairApp)
	read("/apps/{id}/log", "apps", c.appLog)
	read("/apps/{id}/why/{type}/{object}", "apps", c.why)
	read("/apps/{id}/settings", "apps", c.settings)
	act("/apps/{id}/settings", "apps", c.saveSettings)
	read("/apps/{id}/scope", "apps", c.appScope)
	form(scopeSize, "/apps/{id}/scope", "apps", c.setAppScope)
	read("/apps/{id}/provision", "apps", c.provision)
	act("/apps/{id}/provision", "apps", c.provisionNow)
	act("/apps/{id}/sync", "apps", c.syncApp)
	act("/apps/{id}/read", "apps", c.readApp)
	act("/apps/{id}/pause", "apps", c.pauseApp)
	act("/apps/{id}/resume", "apps", c.resumeApp)
	act("/apps/{id}/unblock", "apps", c.unblockApp)
	act("/apps/{id}/retry", "apps", c.retryFailed)
	act("/apps/{id}/allow", "apps", c.allowRemovals)
	act("/apps/{id}/reject", "apps", c.rejectRemovals)
	act("/apps/{id}/accounts/{account}/retry", "apps", c.retryAccount)
	read("/tasks", "tasks", c.tasks)
	read("/tasks/{id}", "tasks", c.task)
	act("/tasks/{id}/done", "tasks", c.finishTask)
	act("/tasks/{id}/refuse", "tasks", c.refuseTask)
	read("/connections", "connections", c.connections)
	read("/connections/{id}", "connections", c.connection)
	act("/connections/{id}/disable", "connections", c.disableConnection)
	act("/connections/{id}/enable", "connections", c.enableConnection)
	act("/connections/{id}/resume", "connections", c.resumeConnection)
	act("/connections/{id}/tokens", "connections", c.createToken)
	act("/connections/{id}/tokens/{token}/revoke", "connections", c.revokeToken)
	read("/audit", "audit", c.audit)
	// Only what is read, so that the ServeMux answers any other method of a path with 405 and Allow (RFC 9110 §15.5.6).
	read("/", "", func(*visit) error { return resources.ErrNotFound })

	mux.HandleFunc("GET /sign-in", c.signIn)
	mux.HandleFunc("POST /sign-in", c.open(c.beginSignIn))
	mux.HandleFunc("GET /sign-in/{issuer}/callback", c.finishSignIn)
	mux.HandleFunc("POST /sign-out", c.open(c.signOut))
	mux.HandleFunc("POST /language", c.open(c.switchLanguage))
	mux.HandleFunc("GET /static/{file}", c.pages.serveAsset)

	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(c.crossOrigin))
	return c.secure(noBody(c.readable(origin.Handler(mux))))
}

// page is what a signed-in person sees or does. It writes its answer itself, or returns what went wrong.
type page func(v *visit) error

// visit is one request of one reader.
type visit struct {
	w       http.ResponseWriter
	r       *http.Request
	lang    string
	section string  // the part of the navigation it belongs to
	session Session // zero outside the session
}

func (c *Console) visit(w http.ResponseWriter, r *http.Request, section string) *visit {
	return &visit{w: w, r: r, lang: c.language(r), section: section}
}

// caller carries the session's company into every query.
func (v *visit) caller() resources.Caller {
	return resources.Caller{Company: v.session.Company, Actor: v.actor()}
}

func (v *visit) actor() audit.Actor {
	return audit.Actor{Kind: audit.ActorAdmin, ID: v.session.Admin, Name: v.session.Email}
}

// signedIn lets only people with a session through; everyone else goes to sign in, and comes back after.
func (c *Console) signedIn(section string, p page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := c.visit(w, r, section)
		session, err := c.SignIn.Current(r)
		switch {
		case errors.Is(err, ErrNoSession):
			back := "/"
			if r.Method == http.MethodGet {
				back = r.URL.RequestURI()
			}
			http.Redirect(w, r, "/sign-in?return="+url.QueryEscape(safeReturn(back)), http.StatusSeeOther)
			return
		case err == nil:
			v.session = session
			err = p(v)
		}
		if err != nil {
			c.fail(v, err)
		}
	})
}

// secure sets what every answer carries: no script, no foreign content, no framing, no guessing of types, and once
// reached over https, nothing else for a year (RFC 6797).
func (c *Console) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy("'self'"))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if c.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

func policy(formAction string) string {
	return "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + formAction
}

// safeReturn keeps a return path inside this site (clients.md 9.2, rule 10): one leading slash, no backslash, no
// control character, no host. Anything else becomes the home page.
func safeReturn(path string) string {
	u, err := url.Parse(path)
	if err != nil || u.IsAbs() || u.Host != "" || len(path) == 0 || path[0] != '/' || len(path) > 2000 {
		return "/"
	}
	for i, r := range path {
		if r < ' ' || r == 0x7f || r == '\\' || (i == 1 && r == '/') {
			return "/"
		}
	}
	return path
}
