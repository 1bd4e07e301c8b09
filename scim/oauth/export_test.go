package oauth

import "time"

// ParseRequest reads a request to the token endpoint, and its assertion if it has one, as far as no database is needed:
// how it would be refused, if it is.
func ParseRequest(authorization, body string, now time.Time) (status int, description string, request [3]string) {
	var headers []string
	if authorization != "" {
		headers = []string{authorization}
	}
	parsed, refused := parseRequest(headers, body)
	if refused != nil {
		return refused.status, refused.description, request
	}
	request = [3]string{parsed.clientID, parsed.secret, parsed.assertion}
	if parsed.assertion == "" {
		return 0, "", request
	}
	a, err := parseAssertion(parsed.assertion)
	if err != nil {
		return 401, err.Error(), request
	}
	service := &service{Server: Server{PublicURL: "https://directory.example"}}
	own := Client{ID: parsed.clientID, Method: MethodKey}
	if err := service.expects(own).check(a, now); err != nil {
		return 401, err.Error(), request
	}
	return 0, "", request
}

// ParseKeys reads a JWK Set as one that is fetched and as one that is registered; how many keys each takes.
func ParseKeys(document []byte) (fetched, registered int, kept string) {
	if set, err := fetchedKeys(document); err == nil {
		fetched = len(set.keys)
	}
	if set, err := registeredKeys(document); err == nil {
		registered = len(set.keys)
		kept, _ = set.document()
	}
	return fetched, registered, kept
}
