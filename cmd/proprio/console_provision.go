package main

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"proprio/audit"
	"proprio/console"
	"proprio/push"
	"proprio/resources"
)

// pagePatience is how long a page waits for an app that is at work.
const pagePatience = 30 * time.Second

// Provision implements console.Engine.
func (e consoleEngine) Provision(ctx context.Context, actor audit.Actor, company, app, objectType, object string, send bool) (console.Provisioning, error) {
	found, err := e.i.db.App(ctx, company, app)
	if err != nil {
		return console.Provisioning{}, err
	}
	if found.BlockedUntil.After(e.i.now()) {
		return console.Provisioning{}, resources.Errorf(resources.ErrInvalidValue, "", "the app is left alone for now: %s", found.BlockedReason)
	}
	patient, cancel := context.WithTimeout(ctx, pagePatience)
	defer cancel()
	var done *push.Provisioning
	if send {
		done, err = e.i.engine.Provision(patient, actor, found, objectType, object)
	} else {
		done, err = e.i.engine.Rehearse(patient, found, objectType, object)
	}
	switch {
	case err == nil:
		return consoleProvisioning(done)
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return console.Provisioning{}, resources.Errorf(resources.ErrInvalidValue, "", "the app is busy; what was asked for is the next in line")
	}
	return console.Provisioning{}, err
}

func consoleProvisioning(p *push.Provisioning) (console.Provisioning, error) {
	out := console.Provisioning{Name: p.Name, State: string(p.State), Error: p.Error, Sends: p.Sends()}
	for _, s := range p.Steps {
		step := console.ProvisionStep{Name: s.Name, Done: s.Done, Words: s.Words}
		var err error
		if s.Data != nil {
			if step.Data, err = json.Marshal(s.Data); err != nil {
				return out, err
			}
		}
		switch calls := s.Detail.(type) {
		case []push.Call:
			for _, c := range calls {
				body, err := json.Marshal(c.Body)
				if err != nil {
					return out, err
				}
				step.Plan = append(step.Plan, console.PlannedCall{Action: c.Action, Body: body})
			}
		case []map[string]any:
			for _, c := range calls {
				step.Calls = append(step.Calls, consoleCall(c))
			}
		}
		out.Steps = append(out.Steps, step)
		if s.Name == "decide" && len(step.Plan) == 0 && step.Data == nil {
			out.Sends = false
		}
	}
	return out, nil
}

// consoleCall is an exchange as a step tells it.
func consoleCall(c map[string]any) console.Attempt {
	text := func(key string) string {
		s, _ := c[key].(string)
		return s
	}
	status, _ := c["status"].(int)
	return console.Attempt{Method: text("method"), URL: text("url"), Status: status, Request: []byte(text("request")), Response: []byte(text("response")), Outcome: text("outcome")}
}
