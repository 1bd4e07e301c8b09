package conformance_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
)

type object = map[string]any

// fault is something that a server does wrong. It is planted in front of our own server, which does it right.
type fault struct {
	name string
	want []string // the requirements that the suite must find missed, and no others
	warn []string // those that it must warn about, and no others
	in   func(r *http.Request)
	out  func(r *http.Request, answer *reply)
	wrap func(http.Handler) http.Handler
}

// reply is an answer on its way out.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// json changes the body as JSON, where it is an object.
func (a *reply) json(change func(body object)) {
	var body object
	if json.Unmarshal(a.body, &body) == nil && body != nil {
		change(body)
		a.body, _ = json.Marshal(body)
	}
}

// fail makes the answer an error.
func (a *reply) fail(status int, scimType string) {
	a.status = status
	body := object{"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:Error"}, "status": http.StatusText(status), "detail": "planted"}
	body["status"] = strings.Fields(jsonText(status))[0]
	if scimType != "" {
		body["scimType"] = scimType
	}
	a.body, _ = json.Marshal(body)
	a.header.Set("Content-Type", "application/scim+json")
}

// empty makes the answer 204.
func (a *reply) empty() { a.status, a.body = http.StatusNoContent, nil }

func jsonText(v any) string {
	data, _ := json.Marshal(v)
	return string(data)
}

// plant puts a fault in front of a server.
func (f fault) plant(next http.Handler) http.Handler {
	if f.wrap != nil {
		return f.wrap(next)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.in != nil {
			f.in(r)
		}
		if f.out == nil {
			next.ServeHTTP(w, r)
			return
		}
		sent := bodyOf(r)
		answer := ask(next, r)
		setBody(r, sent)
		f.out(r, answer)
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(answer.status)
		if answer.status != http.StatusNoContent {
			_, _ = w.Write(answer.body)
		}
	})
}

// ask has the server answer a request.
func ask(next http.Handler, r *http.Request) *reply {
	recorder := httptest.NewRecorder()
	next.ServeHTTP(recorder, r)
	return &reply{recorder.Code, recorder.Header(), recorder.Body.Bytes()}
}

func bodyOf(r *http.Request) []byte {
	data, _ := io.ReadAll(r.Body)
	setBody(r, data)
	return data
}

func setBody(r *http.Request, data []byte) {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(data)), int64(len(data))
}

// sent is a request's body as JSON.
func sent(r *http.Request) (body object) {
	_ = json.Unmarshal(bodyOf(r), &body)
	return body
}

// resend replaces a request's body.
func resend(r *http.Request, body object) {
	data, _ := json.Marshal(body)
	setBody(r, data)
}

// query changes the parameters of a list.
func query(change func(q map[string][]string)) func(*http.Request) {
	return func(r *http.Request) {
		q := r.URL.Query()
		change(q)
		r.URL.RawQuery = q.Encode()
	}
}

// filtered changes the filter of a list.
func filtered(change func(filter string) string) func(*http.Request) {
	return query(func(q map[string][]string) {
		if f, ok := q["filter"]; ok {
			q["filter"] = []string{change(f[0])}
		}
	})
}

// on limits what is done to answers of one method under a path.
func on(method, path string, do func(r *http.Request, a *reply)) func(*http.Request, *reply) {
	return func(r *http.Request, a *reply) {
		if r.Method == method && strings.HasPrefix(r.URL.Path, "/scim/v2"+path) {
			do(r, a)
		}
	}
}

// operations are those of a PATCH.
func operations(r *http.Request) (all []object) {
	list, _ := sent(r)["Operations"].([]any)
	for _, o := range list {
		if operation, ok := o.(object); ok {
			all = append(all, operation)
		}
	}
	return all
}

// patches says whether a request is a PATCH of one operation that is as asked.
func patches(r *http.Request, so func(operation object) bool) bool {
	all := operations(r)
	return r.Method == "PATCH" && len(all) == 1 && so(all[0])
}

// gone drops keys.
func gone(body object, keys ...string) {
	for _, key := range keys {
		delete(body, key)
	}
}

func faults() []fault {
	return slices.Concat(envelopeFaults(), writeFaults(), patchFaults(), queryFaults(), otherFaults())
}
