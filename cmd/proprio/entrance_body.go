package main

import (
	"bytes"
	"io"
	"net/http"
	"time"
)

// What a form may take before it is given a slot. No endpoint that is for pages takes a larger one; a real one comes with
// its headers.
const (
	formTime = 5 * time.Second
	formSize = 64 << 10
)

// awaited reads the body of a request before it gets a slot: whoever sends one byte and no more, and anybody may, would
// keep the slot for as long as the server waits for the rest. The handler gets what came, and the error that ended it, and
// so says in its own words what is wrong. ok is false when the bodies of too many others are awaited.
func (e *entrance) awaited(w http.ResponseWriter, r *http.Request) (ok bool) {
	if r.Body == nil || r.Body == http.NoBody {
		return true
	}
	defer e.awaiting.Add(-1)
	if e.awaiting.Add(1) > max(1, e.most/2) {
		return false
	}
	// net/http takes the deadline away when the body has come. When it has not, it stays, and ends the connection.
	// A writer that has no deadlines is a test's.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(e.formTime))
	body, err := io.ReadAll(io.LimitReader(r.Body, formSize+1))
	switch {
	case len(body) > formSize: // what was cut off must not pass for the whole
		err = &http.MaxBytesError{Limit: formSize}
	case err == nil:
		err = io.EOF
	}
	r.Body = form{io.MultiReader(bytes.NewReader(body), failing{err}), r.Body} // in place: who counts requests reads the route from this one
	return true
}

// form is a body that was read before.
type form struct {
	io.Reader
	io.Closer
}

// failing is a reader that ends with an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
