package console

import (
	"net/http"
	"slices"
	"strings"

	"proprio/resources"
)

// accountsPage is all accounts that an app holds, and whose each may be.
type accountsPage struct {
	App    App
	Found  Found
	Show   string // one of accountFilters
	Search string
	Shown  []FoundAccount
	Pager  pager
	Manual bool
	List   string // listExport, or the app's own
}

// listExport is the list of accounts of the last export, in addresses and forms.
const listExport = "export"

// The filters of an app's accounts besides their relations.
const (
	showOpen    = "open" // wait for a decision
	showDecided = "decided"
	showAll     = "all"
)

func accountFilters() []string {
	return append([]string{showOpen, showDecided, showAll}, relations()...)
}

// accounts lists them; at first those that wait for a decision.
func (c *Console) accounts(v *visit) error {
	ctx, q := v.r.Context(), v.r.URL.Query()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	p := accountsPage{App: app, Search: strings.TrimSpace(q.Get("q")), Show: oneOf(q.Get("show"), accountFilters()...), Manual: c.manual(app), List: oneOf(q.Get("list"), listExport)}
	if p.Found, err = c.Discovery.Found(ctx, v.session.Company, app.ID, p.List != ""); err != nil {
		return err
	}
	if p.Show == "" {
		p.Show = showAll
		if p.Found.Open > 0 {
			p.Show = showOpen
		}
	}
	list := slices.DeleteFunc(slices.Clone(p.Found.Accounts), func(a FoundAccount) bool { return !a.in(p.Show) || !a.named(p.Search) })
	number := pageNumber(q, "page")
	first := min((number-1)*pageSize, len(list))
	p.Shown = list[first:min(first+pageSize, len(list))]
	p.Pager = newPager(v.r, "page", number, len(p.Shown), len(list))
	return c.render(v, http.StatusOK, "accounts", p)
}

// in says whether a filter shows the account.
func (a FoundAccount) in(show string) bool {
	switch show {
	case showAll:
		return true
	case showOpen:
		return a.Open
	case showDecided:
		return a.Decision != nil && a.Relation != "linked" && !a.Open
	}
	return a.Relation == show
}

// named says whether a search finds the account, in any letter case.
func (a FoundAccount) named(search string) bool {
	if search == "" {
		return true
	}
	names := append([]string{a.UserName, a.DisplayName, a.Key}, a.Emails...)
	for _, p := range a.People {
		names = append(names, p.Name)
	}
	return slices.ContainsFunc(names, func(s string) bool { return strings.Contains(resources.Fold(s), resources.Fold(search)) })
}

// linksPage is what linking all that is surely one person's would do.
type linksPage struct {
	App    App
	List   string
	Links  Links
	Shown  []FoundAccount // the first of them
	Held   []HeldLink     // the first of them
	Stale  bool           // what was shown before is not so any more
	Words  string         // why it was not done
	Linked int            // before that
}

func (c *Console) links(v *visit) error {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return err
	}
	return c.showLinks(v, http.StatusOK, linksPage{App: app, List: oneOf(v.r.URL.Query().Get("list"), listExport)})
}

func (c *Console) showLinks(v *visit, status int, p linksPage) (err error) {
	if p.Links, err = c.Discovery.Links(v.r.Context(), v.session.Company, p.App.ID, p.List != ""); err != nil {
		return err
	}
	p.Shown = p.Links.Links[:min(pageSize, len(p.Links.Links))]
	p.Held = p.Links.Held[:min(pageSize, len(p.Links.Held))]
	return c.render(v, status, "links", p)
}

// linkAll links what was shown. When the app or the directory has changed since, it is shown again and nothing is done.
func (c *Console) linkAll(v *visit) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	p := linksPage{App: app, List: oneOf(v.r.PostFormValue("list"), listExport)}
	p.Linked, p.Stale, err = c.Discovery.LinkAll(ctx, v.actor(), v.session.Company, app.ID, p.List != "", v.r.PostFormValue("mark"), strings.TrimSpace(v.r.PostFormValue("reason")))
	switch words, refused := refusal(err); {
	case refused:
		p.Words = words
	case err != nil:
		return err
	case !p.Stale:
		return back(v, accountsPath(app.ID, p.List), "done", "linked")
	}
	return c.showLinks(v, http.StatusConflict, p)
}
