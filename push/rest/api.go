package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"proprio/push"
	"proprio/scim/client"
)

// api is one product's interface under one credential.
type api struct {
	client     *client.Client
	base       string
	sign       signer
	mend       mender
	record     func(client.Exchange) // of what goes wrong elsewhere than in client; may be nil
	credential push.CredentialStore  // as it is stored; may be nil
}

// signer gives the header that shows who calls. refused is the value that the product has just refused, so that a token
// that died early is not used again; the same value back means that there is no other.
type signer func(ctx context.Context, a *api, refused string) (name, value string, err error)

// mender puts into SCIM's words what a product says in its own: which status a refusal really stands for.
type mender func(e *client.Error, a client.Answer)

// fixedHeader signs with the same header each time.
func fixedHeader(name, value string) signer {
	return func(context.Context, *api, string) (string, string, error) { return name, value, nil }
}

// call sends a call and reads the answer as a JSON object; nil: it has no body.
func (a *api) call(ctx context.Context, c client.Call) (client.Document, error) {
	answer, used, err := a.send(ctx, c, "")
	if a.sign != nil && status(err) == http.StatusUnauthorized {
		// The call was not carried out. A token that is not the refused one may do better.
		_, next, again := a.sign(ctx, a, used)
		switch {
		case again != nil:
			return nil, again // it says more of what became of the credential
		case next != used:
			answer, _, err = a.send(ctx, c, "")
		}
	}
	var refused *client.Error
	if a.mend != nil && errors.As(err, &refused) {
		a.mend(refused, answer)
	}
	if err != nil {
		return nil, err
	}
	if text := strings.TrimSpace(string(answer.Body)); text == "" || text == "null" {
		return nil, nil
	}
	doc, err := answer.Document()
	if err != nil {
		return nil, a.broken(c.Method, c.Path, "%s", err)
	}
	return doc, nil
}

func (a *api) send(ctx context.Context, c client.Call, refused string) (client.Answer, string, error) {
	if a.sign == nil {
		answer, err := a.client.Do(ctx, c)
		return answer, "", err
	}
	name, value, err := a.sign(ctx, a, refused)
	if err != nil {
		return client.Answer{}, "", err
	}
	c.Header = map[string]string{name: value}
	answer, err := a.client.Do(ctx, c)
	return answer, value, err
}

func (a *api) get(ctx context.Context, path string, query url.Values) (client.Document, error) {
	doc, err := a.call(ctx, client.Call{Method: http.MethodGet, Path: path, Query: query})
	if err == nil && doc == nil {
		err = a.broken(http.MethodGet, path, "it is empty")
	}
	return doc, err
}

// one reads what is at an id below a path.
func (a *api) one(ctx context.Context, below, id string, query url.Values) (client.Document, error) {
	path, err := segment(id)
	if err != nil {
		return nil, err
	}
	return a.get(ctx, below+path, query)
}

// remove deletes what is at an id below a path.
func (a *api) remove(ctx context.Context, below, id string, query url.Values) error {
	path, err := segment(id)
	if err != nil {
		return err
	}
	_, err = a.call(ctx, client.Call{Method: http.MethodDelete, Path: below + path, Query: query})
	return err
}

// write sends a change.
func (a *api) write(ctx context.Context, method, path string, body any) (client.Document, error) {
	return a.call(ctx, client.Call{Method: method, Path: path, Body: body})
}

// broken says that an answer is not what the product answers to such a call.
func (a *api) broken(method, path, detail string, args ...any) *client.BrokenAnswer {
	return &client.BrokenAnswer{Method: method, URL: a.base + path, Detail: fmt.Sprintf(detail, args...)}
}

// refused is a refusal that the product puts into an answer in its own way.
func (a *api) refused(method, path string, status int, words string) *client.Error {
	return &client.Error{Method: method, URL: a.base + path, Status: status, SCIM: true, Detail: words}
}

// hide takes secrets out of an error, which the product's own words may repeat: whatever leaves this package is shown.
func (a *api) hide(err error) error {
	var (
		refused    *client.Error
		broken     *client.BrokenAnswer
		incomplete *client.IncompleteError
	)
	switch {
	case errors.As(err, &refused):
		refused.Detail = a.client.Words(refused.Detail)
	case errors.As(err, &broken):
		broken.Detail = a.client.Words(broken.Detail)
	case errors.As(err, &incomplete):
		incomplete.Why = a.client.Words(incomplete.Why)
	}
	return err
}

// newPassword is a password that nobody knows, and that no record shows.
func (a *api) newPassword() string {
	password := randomPassword()
	a.client.Conceal(password)
	return password
}

// segment is one segment of a path, whatever it holds.
func segment(id string) (string, error) {
	if id == "" || id == "." || id == ".." {
		return "", cannot(http.StatusBadRequest, "%q cannot be an id", id)
	}
	return "/" + url.PathEscape(id), nil
}

// status is the status of a refusal; 0: it is none.
func status(err error) int {
	var refused *client.Error
	if errors.As(err, &refused) {
		return refused.Status
	}
	return 0
}

// unheard is an error of a call that follows one whose work is done. A refusal of it is none of the work: it counts as an
// answer that did not come, so that the engine looks whether the work was done before it has it done again.
func (a *api) unheard(err error, method, path string) error {
	if status(err) == 0 {
		return err
	}
	return &client.Unanswered{Method: method, URL: a.base + path, Cause: errors.New(a.hide(err).Error())}
}

// notThere says whether the product itself, and not a gateway before it, says that there is no such thing.
func notThere(err error) bool {
	var refused *client.Error
	return errors.As(err, &refused) && refused.Status == http.StatusNotFound && refused.SCIM
}

// cannot is a refusal without a call: the product has no such call, or what it would do is not wanted. status stands for
// what it means to the engine.
func cannot(status int, format string, args ...any) *client.Error {
	return &client.Error{Status: status, SCIM: true, Detail: fmt.Sprintf(format, args...)}
}

// elements are the objects in an array of an answer. An answer without the array is not the list that was asked for.
func (a *api) elements(path string, doc client.Document, name string) ([]client.Document, error) {
	list, ok := doc[name].([]any)
	if !ok {
		return nil, a.broken(http.MethodGet, path, "it is no list: %s is missing or no array", name)
	}
	out := make([]client.Document, 0, len(list))
	for i, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, a.broken(http.MethodGet, path, "%s[%d] is no object", name, i)
		}
		out = append(out, m)
	}
	return out, nil
}

// inner is an object in an answer; empty where there is none.
func inner(doc client.Document, name string) client.Document {
	m, _ := doc[name].(map[string]any)
	return m
}
