package oauth

import "time"

// ParseRequest reads a request to the token endpoint, and checks its assertion, if it has one, as that of a client with a
// key of its own: how it would be refused, if it is, and whether it has a secret, an assertion.
func ParseRequest(authorization, body string, now time.Time) (status int, description string, secret, signed bool) {
	var headers []string
	if authorization != "" {
		headers = []string{authorization}
	}
	request, refused := parseRequest(headers, body)
	secret, signed = request.secret != "", request.assertion != nil
	if refused != nil {
		return refused.status, refused.description, secret, signed
	}
	if signed {
		service := &service{Server: Server{PublicURL: "https://directory.example"}}
		if err := service.expects(Client{ID: request.clientID, Method: MethodKey}).check(*request.assertion, now); err != nil {
			return 401, err.Error(), secret, signed
		}
	}
	return 0, "", secret, signed
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
