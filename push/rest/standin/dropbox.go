package standin

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// dropbox is a Dropbox team. Members are added by a job that takes a while.
type dropbox struct {
	tokens *issuer
	users  *table
	jobs   map[string]*job
}

// job is the addition or removal of one member.
type job struct {
	asked  int
	result any // nil: there is none to tell
}

// Dropbox starts one.
func Dropbox(t testing.TB) *Server {
	d := &dropbox{users: newTable(), jobs: map[string]*job{}}
	d.tokens = &issuer{path: tokenPath, grant: func(form url.Values) (document, string) {
		if form.Get("grant_type") != "refresh_token" || form.Get("refresh_token") != "dropbox-refresh" || form.Get("client_id") != "key" || form.Get("client_secret") != "dropbox-secret" {
			return nil, "refresh token is malformed"
		}
		return nil, ""
	}}
	s := start(t, "/2", d)
	s.tokens = d.tokens
	s.Credential = `{"refresh_token": "dropbox-refresh", "client_id": "key", "client_secret": "dropbox-secret", "token_url": "` +
		strings.TrimSuffix(s.URL, s.base) + tokenPath + `"}`
	return s
}

func (d *dropbox) named(address string) document {
	return d.users.find(func(u document) bool { return strings.EqualFold(text(u, "email"), address) })
}

func (d *dropbox) accept(address string) {
	if u := d.named(address); u != nil && u["status"] == "invited" {
		u["status"] = "active"
	}
}

func (d *dropbox) leave(address string) {
	if u := d.named(address); u != nil {
		d.users.remove(text(u, "id"))
	}
}

func (d *dropbox) mayCall(r *request) bool { return d.tokens.mayCall(r) }

func (d *dropbox) refuse(status int, words string) answer {
	return answer{status: status, body: document{"error_summary": words + "/", "error": document{".tag": "other"}}}
}

// tagged is how Dropbox says what a call cannot do.
func tagged(tag string) answer {
	return answer{status: http.StatusConflict, body: document{"error_summary": tag + "/..", "error": document{".tag": tag}}}
}

func (d *dropbox) serve(r *request) answer {
	if r.method != http.MethodPost || len(r.query) > 0 {
		return answer{status: http.StatusBadRequest, body: page("Error in call to API function: want a POST")}
	}
	switch r.path {
	case "/team/members/list_v2":
		return d.list(r.body, 0, "limit", "include_removed")
	case "/team/members/list/continue_v2":
		return d.list(r.body, atoi(text(r.body, "cursor")), "cursor")
	case "/team/members/get_info_v2":
		return d.info(r.body)
	case "/team/members/add_v2":
		return d.add(r.body)
	case "/team/members/add/job_status/get_v2", "/team/members/remove/job_status/get":
		return d.status(r.body)
	}
	u := d.users.held[text(inner(r.body, "user"), "team_member_id")]
	if u == nil || inner(r.body, "user")[".tag"] != "team_member_id" {
		return tagged("user_not_found")
	}
	switch r.path {
	case "/team/members/suspend":
		return d.move(r.body, u, "active", "suspended", "suspend_inactive_user", "user", "wipe_data")
	case "/team/members/unsuspend":
		return d.move(r.body, u, "suspended", "active", "unsuspend_non_suspended_member", "user")
	case "/team/members/remove":
		return d.remove(r.body, u)
	case "/team/members/set_profile_v2":
		return d.profile(r.body, u)
	}
	return answer{status: http.StatusNotFound, body: page("Unknown API function")}
}

func (d *dropbox) shown(u document) document {
	return document{"profile": document{"team_member_id": u["id"], "email": u["email"], "external_id": u["external_id"],
		"status": document{".tag": u["status"]}, "name": document{"given_name": u["given"], "surname": u["surname"]}}, "roles": []any{}}
}

func (d *dropbox) list(body document, from int, allowed ...string) answer {
	if wrong := unknown(body, allowed...); wrong != "" {
		return answer{status: http.StatusBadRequest, body: page(wrong)}
	}
	part, next := slice(d.users.all(), from, pageLimit)
	shown := []document{}
	for _, u := range part {
		shown = append(shown, d.shown(u))
	}
	return ok(document{"members": shown, "cursor": fmt.Sprint(next), "has_more": next > 0})
}

func (d *dropbox) info(body document) answer {
	list, _ := body["members"].([]any)
	out := []document{}
	for _, v := range list {
		who, _ := v.(document)
		u := d.users.held[text(who, "team_member_id")]
		if who[".tag"] == "email" {
			u = d.named(text(who, "email"))
		}
		if u == nil {
			out = append(out, document{".tag": "id_not_found", "id_not_found": text(who, "email")})
			continue
		}
		one := d.shown(u)
		one[".tag"] = "member_info"
		out = append(out, one)
	}
	return ok(document{"members_info": out})
}

func (d *dropbox) add(body document) answer {
	list, _ := body["new_members"].([]any)
	if wrong := unknown(body, "new_members", "force_async"); wrong != "" || len(list) != 1 {
		return answer{status: http.StatusBadRequest, body: page("want one new member: " + wrong)}
	}
	who, _ := list[0].(document)
	if wrong := unknown(who, "member_email", "member_given_name", "member_surname", "member_external_id", "send_welcome_email", "role_ids"); wrong != "" || !isAddress(text(who, "member_email")) {
		return answer{status: http.StatusBadRequest, body: page("new_members: " + wrong)}
	}
	return d.begin([]document{d.added(who)})
}

// begin begins a job with a result.
func (d *dropbox) begin(result any) answer {
	id := fmt.Sprintf("job-%d", len(d.jobs)+1)
	d.jobs[id] = &job{result: result}
	return ok(document{".tag": "async_job_id", "async_job_id": id})
}

// remove lets nobody be removed who has accepted: such a removal takes files away.
func (d *dropbox) remove(body, u document) answer {
	if wrong := unknown(body, "user", "wipe_data", "keep_account"); wrong != "" || body["wipe_data"] != false || body["keep_account"] != false {
		return answer{status: http.StatusBadRequest, body: page(wrong)}
	}
	if u["status"] != "invited" {
		return answer{status: http.StatusBadRequest, body: page("the stand-in lets no member be removed")}
	}
	d.users.remove(text(u, "id"))
	return d.begin(nil)
}

func (d *dropbox) added(who document) document {
	address := text(who, "member_email")
	if d.named(address) != nil {
		return document{".tag": "user_already_on_team", "user_already_on_team": address}
	}
	id := fmt.Sprintf("dbmid:%d", d.users.number())
	u := document{"id": id, "email": address, "given": who["member_given_name"], "surname": who["member_surname"],
		"external_id": who["member_external_id"], "status": "invited"}
	d.users.add(id, u)
	done := d.shown(u)
	done[".tag"] = "success"
	return done
}

// status has a job end when it is asked for the second time.
func (d *dropbox) status(body document) answer {
	j := d.jobs[text(body, "async_job_id")]
	if j == nil {
		return tagged("invalid_async_job_id")
	}
	if j.asked++; j.asked < 2 {
		return ok(document{".tag": "in_progress"})
	}
	done := document{".tag": "complete"}
	if j.result != nil {
		done["complete"] = j.result
	}
	return ok(done)
}

func (d *dropbox) move(body, u document, from, to, otherwise string, allowed ...string) answer {
	if wrong := unknown(body, allowed...); wrong != "" {
		return answer{status: http.StatusBadRequest, body: page(wrong)}
	}
	if body["wipe_data"] == true {
		return answer{status: http.StatusBadRequest, body: page("the stand-in lets nobody's files be wiped")}
	}
	if u["status"] != from {
		return tagged(otherwise)
	}
	u["status"] = to
	return answer{status: http.StatusOK, body: nil}
}

func (d *dropbox) profile(body, u document) answer {
	if wrong := unknown(body, "user", "new_email", "new_given_name", "new_surname"); wrong != "" || len(body) < 2 {
		return answer{status: http.StatusBadRequest, body: page(wrong)}
	}
	if other := d.named(text(body, "new_email")); other != nil && other["id"] != u["id"] {
		return tagged("email_reserved_for_other_user")
	}
	for theirs, ours := range map[string]string{"new_email": "email", "new_given_name": "given", "new_surname": "surname"} {
		if body[theirs] != nil {
			u[ours] = body[theirs]
		}
	}
	return ok(d.shown(u))
}

func (d *dropbox) people() []Person {
	var out []Person
	for _, u := range d.users.all() {
		out = append(out, Person{ID: text(u, "id"), Address: text(u, "email"), Name: fmt.Sprint(u["given"], " ", u["surname"]),
			Active: u["status"] != "suspended", State: text(u, "status")})
	}
	return out
}

func (d *dropbox) groups() []Group { return nil }
