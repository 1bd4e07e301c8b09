package conformance_test

import (
	"net/http"
	"strings"
)

func patchFaults() []fault {
	path := func(want string) func(object) bool { return func(o object) bool { return o["path"] == want } }
	return []fault{
		{name: "a PATCH of another schema is taken", want: []string{"R26"},
			in: func(r *http.Request) {
				if body := sent(r); r.Method == "PATCH" && body["Operations"] != nil {
					body["schemas"] = []string{"urn:ietf:params:scim:api:messages:2.0:PatchOp"}
					resend(r, body)
				}
			}},
		{name: "PATCH is done one operation at a time", want: []string{"R27"}, warn: []string{"Q39"}, wrap: splitting},
		{name: "PATCH with attributes is 204", want: []string{"R28"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if r.URL.Query().Has("attributes") && a.status == 200 {
					a.empty()
				}
			})},
		{name: "PATCH needs a path", want: []string{"R29"}, warn: []string{"Q13", "Q30", "Q39"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if a.status == 200 && patches(r, func(o object) bool { return o["path"] == nil }) {
					a.fail(400, "invalidPath")
				}
			})},
		{name: "remove without path succeeds", want: []string{"R30"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if patches(r, func(o object) bool { return o["op"] == "remove" && o["path"] == nil }) {
					a.empty()
				}
			})},
		{name: "the id can be removed, it says", want: []string{"R31"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if patches(r, path("id")) {
					a.empty()
				}
			})},
		{name: "replace of nothing succeeds", want: []string{"R32"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if a.status == 400 && strings.Contains(string(a.body), "noTarget") && patches(r, func(o object) bool { return o["path"] != nil }) {
					a.empty()
				}
			})},
		{name: "what is added again is a change", want: []string{"R33"}, wrap: touching},
		{name: "an extension has no path", want: []string{"R35"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if patches(r, func(o object) bool { return strings.HasSuffix(textOf(o["path"]), ":department") }) {
					a.fail(400, "invalidPath")
				}
			})},
		{name: "a member is edited in place", want: []string{"R37"},
			out: on("PATCH", "/Groups/", func(r *http.Request, a *reply) {
				if patches(r, func(o object) bool { return strings.HasSuffix(textOf(o["path"]), "].value") }) {
					a.empty()
				}
			})},
		{name: "a PATCH that changes nothing is 304", want: []string{"R38"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if patches(r, func(o object) bool { return o["value"] == "same" }) {
					a.status, a.body = 304, nil
				}
			})},
		{name: "remove with a list removes all members", warn: []string{"R30", "Q32", "Q33", "Q34"},
			in: func(r *http.Request) {
				if patches(r, func(o object) bool { return strings.EqualFold(textOf(o["op"]), "remove") && o["path"] == "members" }) {
					body := sent(r)
					delete(operations0(body), "value")
					resend(r, body)
				}
			}},
		{name: "booleans are booleans", warn: []string{"R34"},
			out: on("PATCH", "/Users/", func(r *http.Request, a *reply) {
				if patches(r, func(o object) bool { return o["value"] == "False" || o["value"] == "True" }) {
					a.fail(400, "invalidValue")
				}
			})},
	}
}

// operations0 is the first operation of a body.
func operations0(body object) object {
	list, _ := body["Operations"].([]any)
	first, _ := list[0].(object)
	return first
}

// splitting makes each operation of a PATCH by itself, up to the first that fails.
func splitting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all := operations(r)
		if r.Method != "PATCH" || len(all) < 2 || len(all) > 10 {
			next.ServeHTTP(w, r)
			return
		}
		for _, one := range all[:len(all)-1] {
			single := r.Clone(r.Context())
			resend(single, object{"schemas": sent(r)["schemas"], "Operations": []object{one}})
			if answer := ask(next, single); answer.status >= 300 {
				break
			}
		}
		resend(r, object{"schemas": sent(r)["schemas"], "Operations": all[len(all)-1:]})
		next.ServeHTTP(w, r)
	})
}

// touching changes something more when e-mails are added.
func touching(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if patches(r, func(o object) bool { return o["op"] == "add" && o["path"] == "emails" }) {
			more := r.Clone(r.Context())
			resend(more, object{"Operations": []object{{"op": "replace", "path": "timezone", "value": "Europe/Paris"}}})
			ask(next, more)
		}
		next.ServeHTTP(w, r)
	})
}
