package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"proprio/console"
	"proprio/push"
	"proprio/push/standin"
	"proprio/resources"
)

// slowTool is an app of a company whose answers wait for the test.
type slowTool struct {
	tool http.Handler
	heard,
	answer chan struct{}
}

func (s slowTool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.heard <- struct{}{}
	<-s.answer
	s.tool.ServeHTTP(w, r)
}

// What is asked for while an app is compared as it was before is compared after, as it is then; the same is not done twice.
func TestComparisons_theNewestComesAfter(t *testing.T) {
	t.Parallel()
	c, company := newConsoleCore(t)
	generic, _ := c.engine.Profiles.Get("generic")
	tool := standin.New(generic, "token")
	tool.Now = time.Now
	slow := slowTool{tool, make(chan struct{}, 1000), make(chan struct{})}
	server := httptest.NewServer(slow)
	t.Cleanup(server.Close)
	app, err := c.addApp(t.Context(), resources.Caller{Company: company, Actor: admin},
		push.App{Name: "tool", Profile: "generic", URL: server.URL, AllowPrivate: true, Paused: true, Settings: push.Settings{Setup: push.SetupTrial}}, "token")
	if err != nil {
		t.Fatal(err)
	}
	all := newComparisons(c)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { all.run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	begin := func(repair bool) {
		running.Go(func() {
			now, err := c.db.App(ctx, company, app.ID)
			if err == nil {
				err = all.begin(ctx, admin, now, repair)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	begin(false)
	<-slow.heard // the first comparison has read the app's settings
	if err := (consoleSetup{c}).SetScope(t.Context(), admin, company, app.ID, console.Scope{Expression: "active"}); err != nil {
		t.Fatal(err)
	}
	want, err := c.db.App(t.Context(), company, app.ID)
	if err != nil {
		t.Fatal(err)
	}
	begin(true)
	begin(false)
	all.awaitNext(t, app.ID)
	close(slow.answer)
	for all.goesOn(app.ID) && t.Context().Err() == nil {
		time.Sleep(time.Millisecond)
	}
	last, err := c.db.LastReconciliation(t.Context(), company, app.ID)
	if err != nil || last.Error != "" || last.Tally.Of != want.Mark() {
		t.Errorf("the last comparison is of %q, want %q: %+v, %v", last.Tally.Of, want.Mark(), last, err)
	}
}

// awaitNext waits until a comparison that repairs is asked for beside the one that goes on.
func (c *comparisons) awaitNext(t *testing.T, app string) {
	t.Helper()
	for t.Context().Err() == nil {
		c.mu.Lock()
		there := c.turns[app] != nil && c.turns[app].next != nil && c.turns[app].next.repair
		c.mu.Unlock()
		if there {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestComparisons_queue(t *testing.T) {
	t.Parallel()
	c := newComparisons(&core{})
	ask := func(url string, repair bool) *asked {
		return &asked{app: push.App{ID: "app", URL: url}, repair: repair, done: make(chan struct{})}
	}
	one := ask("a", false)
	answer, first := c.queue(one)
	if answer != one || first == nil {
		t.Fatalf("the first: %v, %v", answer, first)
	}
	if answer, again := c.queue(ask("a", false)); answer != one || again != nil {
		t.Errorf("the same again: %v, %v", answer, again)
	}
	two := ask("a", true)
	if answer, again := c.queue(two); answer != two || again != nil {
		t.Errorf("a repair: %v, %v", answer, again)
	}
	if answer, _ := c.queue(ask("b", false)); answer != two || !two.repair || two.app.URL != "b" {
		t.Errorf("the newest: %+v", answer)
	}
	if next := c.after(first); next != two || !c.goesOn("app") {
		t.Errorf("after the first: %v", next)
	}
	if next := c.after(first); next != nil || c.goesOn("app") {
		t.Errorf("at the end: %v", next)
	}
}
