package rest

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// readCredential reads a credential that is a JSON object. Errors name fields, never values: those are secrets.
func readCredential(what, text string, into any) error {
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	err := decoder.Decode(into)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("the credential of %s: field %q is not of the right kind", what, wrong.Field)
	case err != nil:
		return fmt.Errorf("the credential of %s is no JSON object: see the app's page in docs/apps for its fields", what)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("the credential of %s has something after the end of its JSON object", what)
	}
	return nil
}

// isObject says whether a credential is a JSON object and not a token alone.
func isObject(text string) bool { return strings.HasPrefix(strings.TrimSpace(text), "{") }

// field is one of a credential's fields.
type field struct{ name, value string }

// require says which fields are missing.
func require(what string, all ...field) error {
	var missing []string
	for _, f := range all {
		if strings.TrimSpace(f.value) == "" {
			missing = append(missing, fmt.Sprintf("%q", f.name))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the credential of %s lacks %s: see the app's page in docs/apps for its fields", what, strings.Join(missing, ", "))
	}
	return nil
}

// bearer is a credential that is a token alone.
func bearer(what, text string) (string, error) {
	if isObject(text) {
		return "", fmt.Errorf("the credential of %s is a token alone, not a JSON object", what)
	}
	return headerText(what, "token", text)
}

// headerText is a text that goes into a header as it is.
func headerText(what, name, text string) (string, error) {
	text = strings.TrimSpace(text)
	if err := require(what, field{name, text}); err != nil {
		return "", err
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fmt.Errorf("the credential of %s: %q holds a blank or a character that a header cannot carry", what, name)
	}
	return text, nil
}

// tokenAddress checks the address that access tokens are asked from.
func tokenAddress(what, name, address string, allowPlain bool) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("the credential of %s: %q is no address such as https://host/path", what, name)
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && allowPlain) {
		return fmt.Errorf("the credential of %s: %q is not https, and would send the secret in clear", what, name)
	}
	return nil
}

// privateKey checks an RSA key in PEM, as service accounts have it.
func privateKey(what, text string) error {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return fmt.Errorf("the credential of %s: \"private_key\" is no PEM block", what)
	}
	if _, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if _, ok := key.(*rsa.PrivateKey); err != nil || !ok {
		return fmt.Errorf("the credential of %s: \"private_key\" is no RSA key", what)
	}
	return nil
}

// origin is scheme and host of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
