package scim

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"

	"proprio/resources"
)

// hidden stands where a secret stood.
const hidden = "***"

// secretWords mark the name of an attribute or a parameter whose value is never kept.
var secretWords = []string{"password", "secret", "token", "authorization", "assertion"}

func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// secretText says whether a value looks like a secret whatever it is called.
func secretText(s string) bool { return strings.Contains(s, resources.TokenPrefix) }

// hideBody replaces the secrets in a JSON body. A body that is not JSON is kept as it is unless a secret may be in it.
func hideBody(body []byte) []byte {
	return hideMembers(body, secretName)
}

// hideMembers is hideBody for what secret says of names, paths and other texts.
func hideMembers(body []byte, secret func(string) bool) []byte {
	if len(body) == 0 {
		return body
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		if text := string(body); secret(text) || secretText(text) {
			return []byte("(not JSON, and hidden because it may hold a secret)")
		}
		return body
	}
	if !hideValue(value, secret) {
		return body // nothing was hidden: keep the client's own spelling, order and spaces
	}
	hiddenBody, err := json.Marshal(value)
	if err != nil {
		return []byte("(hidden)")
	}
	return hiddenBody
}

// hideValue replaces secrets in place and says whether there were any.
func hideValue(value any, secret func(string) bool) bool {
	found := false
	switch v := value.(type) {
	case map[string]any:
		path := "" // of a PATCH operation: {"path": "password", "value": "…"}
		for key, inner := range v {
			if text, ok := inner.(string); ok && strings.EqualFold(key, "path") {
				path = text
			}
		}
		for key, inner := range v {
			text, isText := inner.(string)
			switch {
			case secret(key), strings.EqualFold(key, "value") && secret(path), isText && secretText(text):
				v[key] = hidden
				found = true
			default:
				found = hideValue(inner, secret) || found
			}
		}
	case []any:
		for i, inner := range v {
			if text, ok := inner.(string); ok && secretText(text) {
				v[i] = hidden
				found = true
				continue
			}
			found = hideValue(inner, secret) || found
		}
	}
	return found
}

// hideQuery replaces the secrets in a request's path with query: parameters with a telling name, and any parameter that
// speaks of one (filter=password eq "…").
func hideQuery(uri string) string { return hideParameters(uri, secretName) }

// hideParameters is hideQuery for what secret says of names and values.
func hideParameters(uri string, secret func(string) bool) string {
	path, query, ok := strings.Cut(uri, "?")
	if !ok {
		return uri
	}
	parts := strings.Split(query, "&")
	for i, part := range parts {
		name, value, _ := strings.Cut(part, "=")
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		if secret(name) || secret(plain) || secretText(plain) {
			parts[i] = name + "=" + hidden
		}
	}
	return path + "?" + strings.Join(parts, "&")
}
