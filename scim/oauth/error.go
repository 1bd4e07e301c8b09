package oauth

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The error codes of RFC 6749 §5.2 that this endpoint answers with. invalid_grant is not among them: it is about codes
// and refresh tokens, which do not exist here.
const (
	codeRequest     = "invalid_request"
	codeClient      = "invalid_client"
	codeGrant       = "unsupported_grant_type"
	codeScope       = "invalid_scope"
	codeUnentitled  = "unauthorized_client"
	codeServer      = "server_error"            // §4.1.2.1, the nearest there is
	codeUnavailable = "temporarily_unavailable" // the same
)

// refusal is an answer without a token. The description tells the client what to check; what was wrong in fact is for
// the log, which the reference leads to.
type refusal struct {
	status      int
	code        string
	description string
	reason      error
	wait        time.Duration // Retry-After
}

// Error is the line for the log.
func (r *refusal) Error() string {
	if r.reason == nil {
		return r.description
	}
	return r.reason.Error()
}

func badRequest(format string, args ...any) *refusal {
	return &refusal{status: http.StatusBadRequest, code: codeRequest, description: fmt.Sprintf(format, args...)}
}

// unproven is a client that has not shown who it is. The answer is the same whether there is such a client or not.
func unproven(description string, reason error) *refusal {
	return &refusal{status: http.StatusUnauthorized, code: codeClient, description: description, reason: reason}
}

func tooFast(wait time.Duration) *refusal {
	return &refusal{status: http.StatusTooManyRequests, code: codeUnavailable, wait: wait,
		description: "Too many token requests. An access token can be used for an hour: ask for the next one when it ends."}
}

func unavailable(reason error) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, code: codeUnavailable, wait: keysInterval, reason: reason,
		description: "Whether the request is good cannot be told now. Try again."}
}

// write answers as RFC 6749 §5.2 has it. Every 401 names a scheme (RFC 9110 §15.5.2).
func (r *refusal) write(w http.ResponseWriter, reference string) {
	if r.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="oauth", charset="UTF-8"`)
	}
	if r.wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((r.wait+time.Second-1)/time.Second)))
	}
	writeJSON(w, r.status, map[string]string{"error": r.code, "error_description": r.description + " Reference: " + reference})
}

// newReference names a refusal in the answer and in the log.
func newReference() string {
	random := make([]byte, 4)
	_, _ = rand.Read(random) // never fails: crypto/rand ends the program instead
	return strings.ToUpper(hex.EncodeToString(random))
}
