package console

import (
	"net/http"
	"slices"
)

// driftPage is how an app stands to the directory, line by line.
type driftPage struct {
	App      App
	Last     Comparison
	Verdict  string // filter of the lines; empty: all
	Verdicts []string
	Lines    []ComparisonLine
	Pager    pager
	Cut      bool // there were more lines than are kept
}

// drift shows the last comparison of an app with the directory.
func (c *Console) drift(v *visit) error {
	ctx, q := v.r.Context(), v.r.URL.Query()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	p := driftPage{App: app, Verdict: oneOf(q.Get("verdict"), differenceVerdicts()...), Verdicts: differenceVerdicts()}
	if p.Last, err = c.Drift.Comparison(ctx, v.session.Company, app.ID); err != nil {
		return err
	}
	p.Cut = p.Last.Differ() > len(p.Last.Lines)
	lines := slices.DeleteFunc(slices.Clone(p.Last.Lines), func(l ComparisonLine) bool { return p.Verdict != "" && l.Verdict != p.Verdict })
	number := pageNumber(q, "page")
	first := min((number-1)*pageSize, len(lines))
	p.Lines = lines[first:min(first+pageSize, len(lines))]
	p.Pager = newPager(v.r, "page", number, len(p.Lines), len(lines))
	return c.render(v, http.StatusOK, "drift", p)
}

func (c *Console) compareApp(v *visit) error { return c.beginComparison(v, false) }

func (c *Console) repairApp(v *visit) error { return c.beginComparison(v, true) }

// beginComparison compares, and leads to where the result will be: the step of setting up that asked for it, or the app's page
// of differences.
func (c *Console) beginComparison(v *visit, repair bool) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	if err := c.Drift.Compare(ctx, v.actor(), v.session.Company, app.ID, repair); err != nil {
		return err
	}
	to := "/apps/" + app.ID + "/drift"
	if step := oneOf(v.r.PostForm.Get("step"), stepAccounts, stepTrial); step != "" && app.InSetup() {
		to = "/apps/" + app.ID + "/setup/" + step
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}
