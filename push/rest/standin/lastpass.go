package standin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// lastpass is LastPass's enterprise API: one address, and 200 whatever happens.
type lastpass struct{ users *table }

// LastPass starts one.
func LastPass(t testing.TB) *Server {
	l := &lastpass{users: newTable()}
	l.users.add("1", document{"username": owner, "fullname": "Owner", "disabled": false, "admin": true})
	s := start(t, "/enterpriseapi.php", l)
	s.Credential = `{"cid": 4711, "provhash": "lastpass-hash\"<é>/&+"}`
	return s
}

// mayCall is always so: whoever calls is told inside the answer.
func (l *lastpass) mayCall(*request) bool { return true }

func (l *lastpass) refuse(status int, words string) answer {
	if status >= http.StatusInternalServerError || status == http.StatusTooManyRequests {
		return answer{status: status, body: page("<html><body>Try later</body></html>")}
	}
	if status == http.StatusUnauthorized {
		words = "Authorization Error"
	}
	return ok(document{"status": "FAIL", "errors": []string{words}})
}

func (l *lastpass) serve(r *request) answer {
	if r.path != "" || r.method != http.MethodPost {
		return answer{status: http.StatusNotFound, body: page("<html><body>Not here</body></html>")}
	}
	if wrong := unknown(r.body, "cid", "provhash", "cmd", "data"); wrong != "" {
		return l.refuse(http.StatusBadRequest, wrong)
	}
	if fmt.Sprint(r.body["cid"]) != "4711" || r.body["provhash"] != `lastpass-hash"<é>/&+` {
		return l.refuse(http.StatusUnauthorized, "")
	}
	switch data := r.body["data"]; r.body["cmd"] {
	case "getuserdata":
		return l.list(data)
	case "batchadd":
		return l.add(data)
	case "disableuser":
		return l.disable(data, true)
	case "enableuser":
		return l.disable(data, false)
	case "updateuser":
		return l.update(data)
	}
	return l.refuse(http.StatusBadRequest, fmt.Sprintf("unknown command %v", r.body["cmd"]))
}

// list has no pages. Nobody at all comes as an empty array, as PHP writes an empty object.
func (l *lastpass) list(data any) answer {
	name := ""
	if ask, told := data.(document); told {
		name = text(ask, "username")
		if wrong := unknown(ask, "username", "disabled", "admin"); wrong != "" {
			return l.refuse(http.StatusBadRequest, wrong)
		}
	}
	users := document{}
	for _, id := range l.users.ids {
		if u := l.users.held[id]; name == "" || strings.EqualFold(text(u, "username"), name) {
			users[id] = u
		}
	}
	body := document{"total": len(l.users.ids), "count": len(users), "Users": users}
	if len(users) == 0 {
		body["Users"] = []any{}
	}
	return ok(body)
}

func (l *lastpass) add(data any) answer {
	list, _ := data.([]any)
	for _, v := range list {
		u, _ := v.(document)
		if wrong := unknown(u, "username", "fullname", "groups", "attribs", "password", "password_reset_required"); wrong != "" {
			return l.refuse(http.StatusBadRequest, wrong)
		}
		if !isAddress(text(u, "username")) {
			return l.refuse(http.StatusBadRequest, "username is no address")
		}
		if l.named(text(u, "username")) != nil {
			continue
		}
		l.users.add(fmt.Sprint(l.users.number()), document{"username": u["username"], "fullname": u["fullname"], "disabled": false, "admin": false})
	}
	if len(list) == 0 {
		return l.refuse(http.StatusBadRequest, "data is empty")
	}
	return ok(document{"status": "OK"})
}

func (l *lastpass) named(name string) document {
	return l.users.find(func(u document) bool { return strings.EqualFold(text(u, "username"), name) })
}

func (l *lastpass) disable(data any, off bool) answer {
	changed, unchanged := []string{}, []string{}
	for _, name := range texts(data) {
		u := l.named(name)
		switch {
		case u == nil:
			return ok(document{"status": "error", "error": "unknown user " + name})
		case u["disabled"] == off:
			unchanged = append(unchanged, name)
		default:
			u["disabled"] = off
			changed = append(changed, name)
		}
	}
	if len(texts(data)) == 0 {
		return l.refuse(http.StatusBadRequest, "data is empty")
	}
	done := "enabled_users"
	if off {
		done = "disabled_users"
	}
	return ok(document{"status": "success", done: changed, "unchanged_users": unchanged})
}

func (l *lastpass) update(data any) answer {
	ask, _ := data.(document)
	if wrong := unknown(ask, "username", "fullname", "duousername", "securidusername"); wrong != "" {
		return l.refuse(http.StatusBadRequest, wrong)
	}
	u := l.named(text(ask, "username"))
	if u == nil {
		return l.refuse(http.StatusBadRequest, "unknown user")
	}
	u["fullname"] = ask["fullname"]
	return ok(document{"status": "OK"})
}

func (l *lastpass) people() []Person {
	var out []Person
	for _, id := range l.users.ids {
		u := l.users.held[id]
		out = append(out, Person{ID: id, Address: text(u, "username"), Name: text(u, "fullname"), Active: u["disabled"] == false})
	}
	return out
}

func (l *lastpass) groups() []Group { return nil }
