package client_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"proprio/scim/client"
)

// A service of n Users that pages as told.
func paged(n, atMost int, change func(page map[string]any, start int)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var start, count int
		_, _ = fmt.Sscan(r.URL.Query().Get("startIndex"), &start)
		_, _ = fmt.Sscan(r.URL.Query().Get("count"), &count)
		list := []any{}
		for i := start; i <= n && len(list) < min(count, atMost); i++ {
			list = append(list, map[string]any{"id": fmt.Sprint(i)})
		}
		page := map[string]any{"totalResults": n, "startIndex": start, "itemsPerPage": len(list), "Resources": list}
		change(page, start)
		_ = json.NewEncoder(w).Encode(page)
	}
}

// list is all of a list, or nothing.
func list(t *testing.T, c *client.Client, o client.ListOptions) ([]client.Document, error) {
	t.Helper()
	var all []client.Document
	err := c.Each(t.Context(), "/Users", o, func(d client.Document) error {
		all = append(all, d)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// apps.md 4a, 7: a list is whole or it is an error.
func TestListIsCompleteOrAnError(t *testing.T) {
	t.Parallel()
	none := func(map[string]any, int) {}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    int    // how many; -1: an error
		words   string // in the error
	}{
		"one page":                   {paged(7, 10, none), 7, ""},
		"pages shorter than asked":   {paged(23, 3, none), 23, ""},
		"nothing":                    {paged(0, 10, none), 0, ""},
		"nothing, without Resources": {answer(200, `{"totalResults":0}`), 0, ""},
		"paging ignored, all at once": {paged(30, 10, func(p map[string]any, _ int) {
			var all []any
			for i := range 30 {
				all = append(all, map[string]any{"id": fmt.Sprint(i)})
			}
			p["Resources"] = all
		}), 30, ""},
		"the same page again": {paged(30, 10, func(p map[string]any, _ int) {
			p["Resources"] = []any{map[string]any{"id": "1"}}
		}), -1, "no further page"},
		"ends early": {paged(30, 10, func(p map[string]any, start int) {
			if start > 10 {
				p["Resources"] = []any{}
			}
		}), -1, "read 10 of 30"},
		"empty although it counts":  {paged(30, 10, func(p map[string]any, _ int) { p["Resources"] = nil }), -1, "read 0 of 30"},
		"lists more than it counts": {paged(30, 10, func(p map[string]any, _ int) { p["totalResults"] = 5 }), -1, "more than it counts"},
		"one added meanwhile": {paged(30, 10, func(p map[string]any, start int) {
			if start > 20 {
				p["totalResults"] = 31
			}
		}), -1, "read 30 of 31"},
		"no totalResults":      {answer(200, `{"Resources":[{"id":"1"}]}`), -1, "totalResults"},
		"no id":                {answer(200, `{"totalResults":1,"Resources":[{"userName":"a"}]}`), -1, "Resources[0] has no id"},
		"no array":             {answer(200, `{"totalResults":1,"Resources":{"id":"1"}}`), -1, "no array"},
		"an element no object": {answer(200, `{"totalResults":1,"Resources":["1"]}`), -1, "no object"},
		"a page for people":    {answer(200, `<html>welcome</html>`), -1, "no JSON object"},
		"an error":             {answer(500, `{"detail":"broken"}`), -1, "broken"},
		"never ends":           {paged(900_000, 2, none), -1, "more than 20 pages"},
	} {
		got, err := list(t, serve(t, c.handler), client.ListOptions{PageSize: 10, MaxPages: 20})
		switch {
		case c.want >= 0 && (err != nil || len(got) != c.want):
			t.Errorf("%s: %d resources, %v; want %d", name, len(got), err, c.want)
		case c.want < 0 && (err == nil || got != nil || !strings.Contains(err.Error(), c.words)):
			t.Errorf("%s: %d resources, error %v; want an error with %q and no list", name, len(got), err, c.words)
		}
	}
}

// A service can neither fill the memory with a list nor have it read for ever; and nothing is used of what it gave.
func TestAListHasASizeLimit(t *testing.T) {
	t.Parallel()
	none := func(map[string]any, int) {}
	padded := func(p map[string]any, _ int) { p["padding"] = strings.Repeat("x", 1000) }
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		options client.ListOptions
		words   string // in the error; empty: the list is whole
	}{
		"bytes of all pages together":     {paged(30, 10, padded), client.ListOptions{PageSize: 10, MaxBytes: 3000}, "larger than 3000 bytes"},
		"bytes that suffice":              {paged(30, 10, padded), client.ListOptions{PageSize: 10, MaxBytes: 6000}, ""},
		"resources that it counts":        {paged(30, 10, none), client.ListOptions{PageSize: 10, MaxResources: 29}, "read 0 of 30 resources, more than 29"},
		"resources that it does not tell": {paged(30, 30, func(p map[string]any, _ int) { p["totalResults"] = 29 }), client.ListOptions{PageSize: 30, MaxResources: 29}, "more than 29"},
		"resources that suffice":          {paged(30, 10, none), client.ListOptions{PageSize: 10, MaxResources: 30}, ""},
		"a million by default":            {paged(1_000_001, 10, none), client.ListOptions{}, "more than 1000000"},
	} {
		got, err := list(t, serve(t, c.handler), c.options)
		var incomplete *client.IncompleteError
		switch {
		case c.words == "" && (err != nil || len(got) != 30):
			t.Errorf("%s: %d resources, %v", name, len(got), err)
		case c.words != "" && (got != nil || !errors.As(err, &incomplete) || !strings.Contains(err.Error(), c.words)):
			t.Errorf("%s: %d resources, %v; want an IncompleteError that says %q", name, len(got), err, c.words)
		}
	}
}

// 64 MiB, when nothing else is said.
func TestAListHasASizeLimitByDefault(t *testing.T) {
	t.Parallel()
	pages := 0
	padding := strings.Repeat("x", 9<<20)
	c := serve(t, paged(1000, 1, func(p map[string]any, _ int) { p["padding"] = padding; pages++ }))
	_, err := list(t, c, client.ListOptions{})
	var incomplete *client.IncompleteError
	if !errors.As(err, &incomplete) || pages != 8 {
		t.Errorf("%v after %d pages of 9 MiB, want an IncompleteError after 8", err, pages)
	}
}

func TestEachStopsWhenTheCallerDoes(t *testing.T) {
	t.Parallel()
	enough, n := errors.New("enough"), 0
	err := serve(t, paged(30, 10, func(map[string]any, int) {})).Each(t.Context(), "/Users", client.ListOptions{}, func(client.Document) error {
		n++
		if n == 15 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 15 {
		t.Errorf("%v after %d resources", err, n)
	}
}
