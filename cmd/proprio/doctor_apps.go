package main

import (
	"context"
	"strings"

	"proprio/push"
)

// credentials looks whether those of apps end soon.
func (x patient) credentials(ctx context.Context) finding {
	const check = "credentials"
	companies, err := x.d.Companies(ctx)
	if err != nil {
		return x.unable(check, err)
	}
	var ill []string
	expired := false
	for _, c := range companies {
		apps, err := x.d.Apps(ctx, c.ID)
		if err != nil {
			return x.unable(check, err)
		}
		for _, app := range apps {
			alarms, err := push.Alarms(ctx, x.d, app, x.now())
			if err != nil {
				return x.unable(check, err)
			}
			for _, a := range alarms {
				ill = append(ill, app.Name+": "+a.String())
				expired = expired || a.Kind == push.AlarmExpired
			}
		}
	}
	switch {
	case expired:
		return wrong(check, "the apps refuse all calls until then", "%s", strings.Join(ill, "; "))
	case len(ill) > 0:
		return beware(check, "do it before the apps refuse all calls", "%s", strings.Join(ill, "; "))
	}
	return fine(check, "none of an app ends soon, as far as its settings say")
}
