package push

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"proprio/resources"
)

// Settle checks an app's settings against its profile and the company's schemas, and gives the app with the settings as
// they are to be stored: Groups by their ids, so that a new name changes nothing. What is stored goes through it before.
// What is wrong is resources.ErrInvalidValue with its place, and of an expression the line and the column.
func (e *Engine) Settle(ctx context.Context, app App) (App, error) {
	if err := app.Settings.Check(); err != nil {
		return app, err
	}
	if app.Settings.Rules.Empty() {
		return app, nil
	}
	profile, err := e.Profile(app)
	if err != nil {
		return app, resources.Errorf(resources.ErrInvalidValue, "profile", "%v", err)
	}
	view, err := e.rulebook.view(ctx, app.Company)
	if err != nil {
		return app, err
	}
	if _, err := view.Compile(app.Settings.Rules, profile); err != nil {
		return app, err
	}
	app.Settings.Roles = slices.Clone(app.Settings.Roles)
	for i, role := range app.Settings.Roles {
		if role.Group == "" {
			continue
		}
		if app.Settings.Roles[i].Group, err = e.groupID(ctx, app.Company, role.Group); err != nil {
			at := fmt.Sprintf("roles[%d].group", i)
			if errors.Is(err, resources.ErrNotFound) {
				return app, resources.Errorf(resources.ErrInvalidValue, at, "there is no Group %q; it must have come in from the identity provider first", role.Group)
			}
			return app, fmt.Errorf("%s: %w", at, err)
		}
	}
	return app, nil
}

// groupID is the id of a Group that is named by its id or its displayName.
func (e *Engine) groupID(ctx context.Context, company, group string) (string, error) {
	caller := resources.Caller{Company: company}
	found, err := e.Resources.Get(ctx, caller, resources.TypeGroup, group, resources.With{})
	if err == nil || !errors.Is(err, resources.ErrNotFound) {
		if err != nil {
			return "", err
		}
		return found.ID, nil
	}
	byName, err := e.Resources.ByName(ctx, caller, resources.TypeGroup, []string{resources.Fold(group)})
	if err != nil {
		return "", err
	}
	id, ok := byName[resources.Fold(group)]
	if !ok {
		return "", resources.ErrNotFound
	}
	return id, nil
}
