package main

import (
	"context"
	"fmt"
	"strings"

	"proprio/ownership"
	"proprio/push"
)

// credentials looks whether those of apps end soon.
func (x patient) credentials(ctx context.Context) finding {
	const check = "credentials"
	var ill []string
	expired := false
	err := x.eachApp(ctx, func(_ ownership.Company, app push.App) error {
		alarms, err := push.Alarms(ctx, x.d, app, x.now())
		for _, a := range alarms {
			ill = append(ill, app.Name+": "+a.String())
			expired = expired || a.Kind == push.AlarmExpired
		}
		return err
	})
	if err != nil {
		return x.unable(check, err)
	}
	switch {
	case expired:
		return wrong(check, "the apps refuse all calls until then", "%s", strings.Join(ill, "; "))
	case len(ill) > 0:
		return beware(check, "do it before the apps refuse all calls", "%s", strings.Join(ill, "; "))
	}
	return fine(check, "none of an app ends soon, as far as its settings say")
}

// privateApps looks which apps may be in private networks. On a server of several companies one of them could be reading from
// another's hosts.
func (x patient) privateApps(ctx context.Context) finding {
	const check = "private apps"
	var named, others []string
	companies := map[string]bool{}
	err := x.eachApp(ctx, func(company ownership.Company, app push.App) error {
		companies[company.ID] = true
		switch {
		case !app.AllowPrivate:
		case x.private.allows(app.URL):
			named = append(named, app.Name)
		default:
			others = append(others, fmt.Sprintf("%s of %s at %s", app.Name, company.Name, app.URL))
		}
		return nil
	})
	switch {
	case err != nil:
		return x.unable(check, err)
	case len(others) > 0 && len(companies) > 1:
		return beware(check, "name their hosts in --private-apps if they are meant, or give them another address",
			"--private-apps does not name the hosts of apps in private networks, and there are several companies: %s", strings.Join(others, "; "))
	}
	return fine(check, "%d named by --private-apps, %d allowed on the command line", len(named), len(others))
}

// eachApp goes through all apps.
func (x patient) eachApp(ctx context.Context, look func(ownership.Company, push.App) error) error {
	companies, err := x.d.Companies(ctx)
	if err != nil {
		return err
	}
	for _, c := range companies {
		apps, err := x.d.Apps(ctx, c.ID)
		if err != nil {
			return err
		}
		for _, app := range apps {
			if err := look(c, app); err != nil {
				return err
			}
		}
	}
	return nil
}
