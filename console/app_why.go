package console

import (
	"net/http"

	"proprio/resources"
)

const whyAttempts = 10

// whyPage is why one person or group is in an app as it is.
type whyPage struct {
	App      App
	Why      Explanation
	Attempts []attemptView
}

// why shows scope, match, difference and last calls of one account.
func (c *Console) why(v *visit) error {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return err
	}
	kind := oneOf(v.r.PathValue("type"), resources.TypeUser, resources.TypeGroup)
	if kind == "" {
		return resources.Errorf(resources.ErrNotFound, "", "no type %q", v.r.PathValue("type"))
	}
	p := whyPage{App: app}
	p.Why, err = c.Apps.Explain(ctx, v.session.Company, app.ID, kind, v.r.PathValue("object"))
	if err != nil {
		return err
	}
	if p.Why.Account.ID == "" {
		return c.render(v, http.StatusOK, "app_why", p)
	}
	attempts, err := c.Apps.Attempts(ctx, v.session.Company, app.ID, AttemptQuery{Account: p.Why.Account.ID, Limit: whyAttempts})
	if err != nil {
		return err
	}
	for _, a := range attempts {
		p.Attempts = append(p.Attempts, newAttemptView(a))
	}
	return c.render(v, http.StatusOK, "app_why", p)
}
