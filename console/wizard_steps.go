package console

import (
	"errors"
	"net/http"
	"slices"

	"proprio/resources"
)

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
		if err := c.fillScope(ctx, v, p.App, &p.Scope); err != nil {
			return err
		}
	}
	return c.render(v, http.StatusOK, "setup", p)
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
	kept, err := c.editScope(v, p.App, &p.Scope, c.Setup.SetScope)
	if err != nil {
		return err
	}
	if !kept {
		return c.showStep(v, p)
	}
	return c.tryOut(v, p, "saved")
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

// nextStep notes that a step is done, and shows the one after it.
func (c *Console) nextStep(v *visit, p setupPage, done string) error {
	next := p.Steps[slices.Index(p.Steps, p.Step)+1]
	if err := c.Setup.SetStep(v.r.Context(), v.actor(), v.session.Company, p.App.ID, next); err != nil {
		return err
	}
	return back(v, "/apps/"+p.App.ID+"/setup/"+next, "done", done)
}
