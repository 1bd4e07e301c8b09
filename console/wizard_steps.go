package console

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"proprio/resources"
)

const groupsOffered = 50

// setupPage is one step of setting up an app.
type setupPage struct {
	App     App
	Step    string
	Steps   []string
	Product Product
	Probe   *Probe     // of the test that was just made
	Last    Comparison // of the steps accounts and trial
	Tried   bool       // the last comparison is of the app as it is now
	Lines   []ComparisonLine
	Found   Found // of the step accounts
	Scope   scopeForm
	Wrong   string // why the app cannot go on as it is
	Changed bool   // it has changed since the page was read that asks for the start
}

// scopeForm is who should be in the app, as the form has it.
type scopeForm struct {
	Limited bool
	Search  string
	Chosen  []resources.Ref
	Found   []resources.Ref // besides those chosen
	More    bool            // than are offered
	Missing bool            // limited to groups, and none is chosen
	Gone    bool            // a group that was chosen is not there any more

	Expression, Rules string
	Wrong             string // what is wrong with them
	Person            string // to preview
	Nobody            bool   // has that name
	Preview           *previewView
}

type previewView struct {
	Preview
	Text string // the document, indented
}

// setup leads to the step that an app waits at.
func (c *Console) setup(v *visit) error {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return err
	}
	to := "/apps/" + app.ID
	if app.InSetup() {
		to += "/setup/" + app.Setup
	}
	if done := v.r.URL.Query().Get("done"); done != "" {
		return back(v, to, "done", oneOf(done, notices()["done"]...))
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// setupStep shows a step. Any of them can be gone back to until the app starts.
func (c *Console) setupStep(v *visit) error {
	p, err := c.newSetupPage(v)
	if err != nil || p.Step == "" {
		return err
	}
	return c.showStep(v, p)
}

func (c *Console) newSetupPage(v *visit) (setupPage, error) {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return setupPage{}, err
	}
	p := setupPage{App: app, Step: oneOf(v.r.PathValue("step"), setupSteps()...), Steps: setupSteps()}
	switch {
	case p.Step == "":
		return p, resources.Errorf(resources.ErrNotFound, "", "no step %q", v.r.PathValue("step"))
	case !app.InSetup(): // it was started, perhaps in another window
		http.Redirect(v.w, v.r, "/apps/"+app.ID, http.StatusSeeOther)
		return setupPage{}, nil
	}
	p.Product, err = c.product(app.Profile)
	if p.Product.Manual { // there is nothing to try and nobody to read
		p.Steps = []string{stepScope, stepTrial}
	}
	return p, err
}

func (c *Console) showStep(v *visit, p setupPage) (err error) {
	ctx := v.r.Context()
	switch p.Step {
	case stepAccounts, stepTrial:
		if p.Product.Manual {
			break
		}
		if p.Last, err = c.Drift.Comparison(ctx, v.session.Company, p.App.ID); err != nil {
			return err
		}
		p.Tried = p.Last.Known() && p.Last.Of == p.App.Mark
		p.Lines = p.Last.Lines[:min(pageSize, len(p.Last.Lines))]
		if p.Step == stepTrial {
			break
		}
		if p.Found, err = c.Discovery.Found(ctx, v.session.Company, p.App.ID, false); err != nil {
			return err
		}
		p.Found.Accounts = slices.DeleteFunc(p.Found.Accounts, func(a FoundAccount) bool { return a.Relation == "linked" })
		p.Found.Accounts = p.Found.Accounts[:min(pageSize, len(p.Found.Accounts))]
	case stepScope:
		if v.r.Method == http.MethodGet {
			p.Scope.Expression, p.Scope.Rules = p.App.Expression, p.App.Rules
			if p.Scope.Chosen, err = c.scope(ctx, v, p.App); err != nil {
				return err
			}
			p.Scope.Limited = len(p.Scope.Chosen) > 0
		}
		if err := c.offerGroups(ctx, v, &p.Scope); err != nil {
			return err
		}
	}
	return c.render(v, http.StatusOK, "setup", p)
}

// offerGroups fills in the groups that the search finds.
func (c *Console) offerGroups(ctx context.Context, v *visit, f *scopeForm) error {
	query := resources.Query{Type: resources.TypeGroup, StartIndex: 1, Count: groupsOffered}
	if f.Search != "" {
		name := c.Registry.Type(resources.TypeGroup).Attribute("displayName")
		query.Where = resources.Compare{Attribute: name, Op: "co", Value: resources.Fold(f.Search)}
	}
	found, err := c.Store.Find(ctx, v.caller(), query)
	if err != nil {
		return err
	}
	for _, r := range found.Resources {
		if !slices.ContainsFunc(f.Chosen, func(g resources.Ref) bool { return g.ID == r.ID }) {
			f.Found = append(f.Found, resources.Ref{Type: r.Type, ID: r.ID, Display: r.Index.DisplayName})
		}
	}
	f.More = found.Total > len(found.Resources)
	return nil
}

// doStep does what a step's form asks for, and goes on to the next one.
func (c *Console) doStep(v *visit) error {
	p, err := c.newSetupPage(v)
	if err != nil || p.Step == "" {
		return err
	}
	switch p.Step {
	case stepTest:
		return c.doTest(v, p)
	case stepAccounts:
		return c.doAccounts(v, p)
	case stepScope:
		return c.doScope(v, p)
	}
	return c.start(v, p)
}

// start has the app called from now on, as it was tried out and shown.
func (c *Console) start(v *visit, p setupPage) error {
	if p.Changed = v.r.PostForm.Get("mark") != p.App.Mark; p.Changed {
		return c.showStep(v, p)
	}
	err := c.Engine.SetPaused(v.r.Context(), v.actor(), v.session.Company, p.App.ID, false)
	if errors.Is(err, resources.ErrInvalidValue) {
		p.Wrong = err.Error()
		return c.showStep(v, p)
	}
	if err != nil {
		return err
	}
	return back(v, "/apps/"+p.App.ID, "done", "start")
}

// doTest tries the app. What is wrong is told on the same page; an app that answers is read at once.
func (c *Console) doTest(v *visit, p setupPage) error {
	ctx := v.r.Context()
	probe, err := c.Setup.Try(ctx, v.session.Company, p.App.ID)
	if err != nil {
		return err
	}
	if probe.Problem != "" {
		p.Probe = &probe
		return c.showStep(v, p)
	}
	return c.tryOut(v, p, "test")
}

// doAccounts decides what becomes of accounts that bear the name of somebody in the directory.
func (c *Console) doAccounts(v *visit, p setupPage) error {
	scope := Scope{Groups: p.App.ScopeGroups, Expression: p.App.Expression, Rules: p.App.Rules, LinkExisting: v.r.PostForm.Get("link") == "on"}
	err := c.Setup.SetScope(v.r.Context(), v.actor(), v.session.Company, p.App.ID, scope)
	if errors.Is(err, resources.ErrInvalidValue) {
		p.Wrong = err.Error()
		return c.showStep(v, p)
	}
	if err != nil {
		return err
	}
	return c.nextStep(v, p, "saved")
}

// doScope keeps who should be there, and has it tried out. A search and a preview come back with what was filled in so far.
func (c *Console) doScope(v *visit, p setupPage) error {
	ctx := v.r.Context()
	field := func(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }
	f := &p.Scope
	f.Limited, f.Search, f.Expression, f.Rules, f.Person = field("who") == "groups", field("q"), field("expression"), field("rules"), field("person")
	err := c.chosen(ctx, v, f)
	if err != nil {
		return err
	}
	scope := Scope{LinkExisting: p.App.LinkExisting, Expression: f.Expression, Rules: f.Rules}
	for _, g := range f.Chosen {
		if f.Limited {
			scope.Groups = append(scope.Groups, g.ID)
		}
	}
	switch {
	case field("find") != "":
		f.Limited = true
		return c.showStep(v, p)
	case field("preview") != "":
		return c.preview(v, p, scope)
	case f.Limited && f.Gone:
		return c.showStep(v, p)
	case f.Limited && len(f.Chosen) == 0, !f.Limited && field("who") != "all": // a form that does not say so is not everybody
		f.Missing = true
		return c.showStep(v, p)
	}
	err = c.Setup.SetScope(ctx, v.actor(), v.session.Company, p.App.ID, scope)
	if errors.Is(err, resources.ErrInvalidValue) {
		f.Wrong = err.Error()
		return c.showStep(v, p)
	}
	if err != nil {
		return err
	}
	return c.tryOut(v, p, "saved")
}

// preview shows what a scope would make of a person.
func (c *Console) preview(v *visit, p setupPage, scope Scope) error {
	made, err := c.Setup.Preview(v.r.Context(), v.session.Company, p.App.ID, scope, p.Scope.Person)
	switch {
	case err == nil:
		p.Scope.Preview = &previewView{made, readable(made.Document)}
	case errors.Is(err, resources.ErrInvalidValue):
		p.Scope.Wrong = err.Error()
	case errors.Is(err, resources.ErrNotFound):
		p.Scope.Nobody = true
	default:
		return err
	}
	return c.showStep(v, p)
}

// tryOut has the app read and compared, and goes on to the next step, which shows what came of it.
func (c *Console) tryOut(v *visit, p setupPage, done string) error {
	if !p.Product.Manual {
		if err := c.Drift.Compare(v.r.Context(), v.actor(), v.session.Company, p.App.ID, false); err != nil {
			return err
		}
	}
	return c.nextStep(v, p, done)
}

// chosen fills in the company's Groups that the form names. One that the company does not have, or has no more, is left out.
func (c *Console) chosen(ctx context.Context, v *visit, f *scopeForm) error {
	ids := v.r.PostForm["group"]
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		g, err := c.Store.Get(ctx, v.caller(), resources.TypeGroup, id, resources.With{})
		switch {
		case err == nil:
			f.Chosen = append(f.Chosen, resources.Ref{Type: g.Type, ID: g.ID, Display: g.Index.DisplayName})
		case errors.Is(err, resources.ErrNotFound):
			f.Gone = true
		default:
			return err
		}
	}
	return nil
}

// nextStep notes that a step is done, and shows the one after it.
func (c *Console) nextStep(v *visit, p setupPage, done string) error {
	next := p.Steps[slices.Index(p.Steps, p.Step)+1]
	if err := c.Setup.SetStep(v.r.Context(), v.actor(), v.session.Company, p.App.ID, next); err != nil {
		return err
	}
	return back(v, "/apps/"+p.App.ID+"/setup/"+next, "done", done)
}
