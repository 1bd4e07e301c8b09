package oauth

import (
	"encoding/base64"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

const (
	maxBody      = 32 << 10
	formType     = "application/x-www-form-urlencoded"
	assertionURN = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// tokenRequest is what a client asks for, and as who.
type tokenRequest struct {
	grantType string
	scope     string
	clientID  string
	secret    string
	assertion *assertion // nil: there is a secret
}

// known is the client_id for the log and for counting. What has not the form of one may be a secret in the wrong field.
func (t tokenRequest) known() string {
	if !isClientID(t.clientID) {
		return ""
	}
	return t.clientID
}

// isClientID says whether a text has the form of our ids.
func isClientID(id string) bool {
	_, err := uuid.Parse(id)
	return err == nil && len(id) == 36
}

// readRequest reads the body of a request to the token endpoint (RFC 6749 §3.2).
func readRequest(w http.ResponseWriter, r *http.Request) (tokenRequest, *refusal) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != formType {
		return tokenRequest{}, badRequest("The Content-Type must be %s.", formType)
	}
	if r.URL.RawQuery != "" {
		return tokenRequest{}, badRequest("The parameters belong in the body. A secret that was in an address is to be replaced.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		refused := badRequest("The body is not complete, or is longer than %d bytes.", maxBody)
		refused.reason = err
		return tokenRequest{}, refused
	}
	return parseRequest(r.Header.Values("Authorization"), string(body))
}

// parseRequest reads the form and the Authorization header. A parameter is there once at most, one without a value is
// as if it were not there (RFC 6749 §3.2), and a client shows who it is in one way (§2.3).
func parseRequest(authorization []string, body string) (tokenRequest, *refusal) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return tokenRequest{}, badRequest("The body is not a form: a percent sign or semicolon is out of place.")
	}
	for _, values := range form {
		if len(values) > 1 {
			return tokenRequest{}, badRequest("A parameter is there more than once.")
		}
	}
	request := tokenRequest{
		grantType: form.Get("grant_type"), scope: form.Get("scope"),
		clientID: form.Get("client_id"), secret: strings.TrimRight(form.Get("client_secret"), "\r\n"), // read from a file
	}
	if request.grantType == "" {
		return request, badRequest("The parameter grant_type is missing: send client_credentials.")
	}
	if refused := request.takeAuthorization(authorization); refused != nil {
		return request, refused
	}
	signed, kind := form.Get("client_assertion"), form.Get("client_assertion_type")
	switch {
	case request.secret != "" && signed != "":
		return request, badRequest("The client shows who it is in two ways; one is allowed.")
	case (signed == "") != (kind == ""):
		return request, badRequest("client_assertion and client_assertion_type go together.")
	case kind != "" && kind != assertionURN:
		return request, badRequest("client_assertion_type must be %s.", assertionURN)
	case signed != "":
		refused := request.takeAssertion(signed)
		return request, refused
	case request.secret == "":
		return request, unproven("The request does not show who the client is: send client_id and client_secret, or a client_assertion.", nil)
	case request.clientID == "":
		return request, unproven("The parameter client_id is missing.", nil)
	}
	return request, nil
}

// takeAssertion reads a client_assertion. It names the client where client_id does not (RFC 7521 §4.2).
func (t *tokenRequest) takeAssertion(signed string) *refusal {
	a, err := parseAssertion(signed)
	if err != nil {
		return unproven("The client_assertion is not a JWT signed with one of the allowed algorithms.", err)
	}
	t.assertion = &a
	if t.clientID == "" {
		t.clientID = a.claims.Subject
	}
	return nil
}

// takeAuthorization reads HTTP Basic, whose two halves are form-encoded (RFC 6749 §2.3.1).
func (t *tokenRequest) takeAuthorization(authorization []string) *refusal {
	if len(authorization) == 0 {
		return nil
	}
	scheme, encoded, _ := strings.Cut(authorization[0], " ")
	if len(authorization) > 1 || !strings.EqualFold(scheme, "Basic") {
		return unproven("The Authorization header must be of the scheme Basic, once.", nil)
	}
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
	id, secret, found := strings.Cut(string(decoded), ":")
	id, wrongID := url.QueryUnescape(id)
	secret, wrongSecret := url.QueryUnescape(secret)
	if err != nil || !found || wrongID != nil || wrongSecret != nil || id == "" || secret == "" {
		return unproven("The Authorization header is not the base64 of client_id:client_secret.", nil)
	}
	if t.secret != "" || t.clientID != "" && t.clientID != id {
		return badRequest("The client shows who it is in the header and in the body; one is allowed.")
	}
	t.clientID, t.secret = id, secret
	return nil
}
