package scim

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"

	scimerrors "github.com/elimity-com/scim/errors"

	"proprio/resources"
)

// canonicalPath spells the known names of an escaped path as the routes do. names maps lower case to that spelling.
func canonicalPath(escaped string, names map[string]string) string {
	var segments []string
	for segment := range strings.SplitSeq(escaped, "/") {
		if segment != "" {
			segments = append(segments, segment)
		}
	}
	base := strings.Split(strings.Trim(BasePath, "/"), "/")
	for i, segment := range segments {
		switch {
		case i < len(base) && strings.EqualFold(segment, base[i]):
			segments[i] = base[i]
		case i == len(base):
			if name := names[strings.ToLower(segment)]; name != "" {
				segments[i] = name
			}
		case i > len(base) && segment[0] == '.':
			if name := names[strings.ToLower(segment)]; name != "" {
				segments[i] = name
			}
		}
	}
	path := "/" + strings.Join(segments, "/")
	if path == BasePath {
		path += "/"
	}
	return path
}

// unescape decodes percent signs once. net/http has refused what cannot be decoded.
func unescape(s string) string {
	plain, err := url.PathUnescape(s)
	if err != nil {
		return s
	}
	return plain
}

// weightless is the weight of a media type that the client does not want (RFC 9110 §12.4.2).
var weightless = regexp.MustCompile(`^0(\.0{0,3})?$`)

// acceptable says whether the client takes what this server sends (RFC 9110 §12.5.1; RFC 7644 §3.8). An absent Accept
// takes anything.
func acceptable(r *http.Request) error {
	accept := r.Header.Get("Accept")
	if more := r.Header["Accept"]; len(more) > 1 {
		accept = strings.Join(more, ",")
	}
	if strings.TrimSpace(accept) == "" {
		return nil
	}
	for part := range strings.SplitSeq(accept, ",") {
		media, _, weighed := strings.Cut(part, ";")
		if weighed {
			if _, parameters, err := mime.ParseMediaType(part); err == nil && weightless.MatchString(parameters["q"]) {
				continue
			}
		}
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "*/*", "*", "application/*", "application/scim+json", "application/json":
			return nil
		}
	}
	return scimerrors.ScimError{
		Status: http.StatusNotAcceptable,
		Detail: fmt.Sprintf("This server answers in application/scim+json, which Accept: %s leaves out.", clip(accept)),
	}
}

// readObject reads a request body that must be one JSON object.
func (s *Server) readObject(w http.ResponseWriter, r *http.Request) (map[string]any, error) {
	body, err := s.readBody(w, r)
	if err != nil {
		return nil, err
	}
	return resources.DecodeObject(body)
}

// readBody reads a request body of a type and a size that this server takes.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := checkContentType(r.Header); err != nil {
		return nil, err
	}
	tooLarge := resources.Errorf(resources.ErrTooLarge, "",
		"The body is larger than maxPayloadSize, %d bytes. Send the change in smaller parts.", s.Limits.Body)
	if r.ContentLength > s.Limits.Body { // nobody has to send it to hear that
		return nil, tooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, s.Limits.Body))
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		return nil, tooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, scimerrors.ScimError{
			Status: http.StatusRequestTimeout, Detail: "The body took too long to come. Send it at once, or in smaller parts.",
		}
	case err != nil: // the context has ended too, though the client may wait for an answer
		return nil, &resources.Error{Kind: resources.ErrInvalidSyntax, Detail: "The body ended before it was complete.", Cause: err}
	}
	eventFrom(r.Context()).request = body
	return body, nil
}

// checkContentType takes SCIM's media type, plain JSON, and none at all (Q02), in UTF-8 only (RFC 7644 §8.1).
func checkContentType(h http.Header) error {
	refuse := func(what string) error {
		return scimerrors.ScimError{
			Status: http.StatusUnsupportedMediaType,
			Detail: fmt.Sprintf("%s is not supported. Send application/scim+json in UTF-8, not compressed.", what),
		}
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return refuse("Content-Encoding " + clip(coding))
	}
	value := h.Get("Content-Type")
	if strings.TrimSpace(value) == "" {
		return nil
	}
	media, parameters, err := mime.ParseMediaType(value)
	if err != nil || media != "application/scim+json" && media != "application/json" {
		return refuse("Content-Type " + clip(value))
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "utf8") {
		return refuse("charset " + clip(charset))
	}
	return nil
}

// preferences are those of the header Prefer, in its order: the name in lower case, the value without quotation marks
// (RFC 7240 §2). What follows a semicolon is left out.
func preferences(h http.Header) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for part := range strings.SplitSeq(strings.Join(h.Values("Prefer"), ","), ",") {
			preference, _, _ := strings.Cut(part, ";")
			name, value, _ := strings.Cut(preference, "=")
			if !yield(strings.ToLower(strings.TrimSpace(name)), strings.Trim(strings.TrimSpace(value), `"`)) {
				return
			}
		}
	}
}

// parameters are a query's parameters by lower-case name. Unknown ones are nobody's business (Q03).
type parameters map[string][]string

// parseParameters reads the query. One that cannot be decoded is refused as a whole: with a filter dropped from it, a
// look-up would answer with everybody (Q24).
func parseParameters(r *http.Request) (parameters, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, resources.Errorf(resources.ErrInvalidValue, "query", "The query cannot be decoded: %v. "+
			"Percent-encode every character that is not a letter, a digit, or one of - . _ ~.", err)
	}
	p := parameters{}
	for name, v := range values {
		if err := p.add(name, v); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// add adds values to a parameter.
func (p parameters) add(name string, values []string) error {
	for _, text := range values {
		if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
			return resources.Errorf(resources.ErrInvalidValue, clip(name), "The value is not UTF-8 text, or holds a NUL character.")
		}
	}
	name = strings.ToLower(name)
	p[name] = append(p[name], values...)
	return nil
}

// without is the parameters less some, in lower case.
func (p parameters) without(names ...string) parameters {
	rest := maps.Clone(p)
	for _, name := range names {
		delete(rest, name)
	}
	return rest
}

// one is the value of a parameter that may be given once; ok is false when it is absent.
func (p parameters) one(name string) (value string, ok bool, err error) {
	values := p[strings.ToLower(name)]
	switch len(values) {
	case 0:
		return "", false, nil
	case 1:
		return values[0], true, nil
	}
	return "", false, resources.Errorf(resources.ErrInvalidValue, name, "The parameter is given %d times; once is meant.", len(values))
}
