package console

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// logPage is an app's provisioning log: every exchange with it, why it was, and what came of it.
type logPage struct {
	App     App
	Name    string // filters; empty: all
	Action  string
	Outcome string
	Actions []string
	Rows    []attemptView
	Resumed bool
	Newest  string // address of the first page
	Older   string // address of the next page; empty at the end
}

const outcomeFailed = "failed"

// attemptActions are what exchanges with apps are made for.
func attemptActions() []string {
	return []string{"look up", "create", "update", "deactivate", "delete", "members", "verify", "read accounts", "compare", "test"}
}

// appLog shows the log, of everything or of what a filter selects. Pages go by key, so that one stays where it is while the log
// grows.
func (c *Console) appLog(v *visit) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	p := logPage{App: app, Name: strings.TrimSpace(q.Get("name")), Action: oneOf(q.Get("action"), attemptActions()...),
		Outcome: oneOf(q.Get("outcome"), outcomeFailed), Actions: attemptActions()}
	query := AttemptQuery{Name: p.Name, Action: p.Action, Failed: p.Outcome == outcomeFailed, Limit: pageSize + 1}
	if id, err := uuid.Parse(q.Get("before")); err == nil {
		query.Before, p.Resumed = id.String(), true
	}
	attempts, err := c.Apps.Attempts(ctx, v.session.Company, app.ID, query)
	if err != nil {
		return err
	}
	filter := url.Values{}
	for name, value := range map[string]string{"name": p.Name, "action": p.Action, "outcome": p.Outcome} {
		if value != "" {
			filter.Set(name, value)
		}
	}
	p.Newest = v.r.URL.Path + "?" + filter.Encode()
	if len(attempts) > pageSize {
		attempts = attempts[:pageSize]
		filter.Set("before", attempts[pageSize-1].ID)
		p.Older = v.r.URL.Path + "?" + filter.Encode()
	}
	for _, a := range attempts {
		p.Rows = append(p.Rows, newAttemptView(a))
	}
	return c.render(v, http.StatusOK, "app_log", p)
}

// attemptView is an exchange with the app, decoded.
type attemptView struct {
	Attempt
	Exchange exchange
}

func newAttemptView(a Attempt) attemptView {
	view := attemptView{Attempt: a, Exchange: decode(a.Method, a.URL, a.Status, a.Request, a.Response)}
	if view.Exchange.Detail == "" && a.Outcome != "ok" {
		view.Exchange.Said = a.Outcome
	}
	return view
}
