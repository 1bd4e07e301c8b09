package console

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// exchange is a SCIM request and its answer in words. Key and Args choose the message; Detail is what the other side
// said was wrong; Request and Response are the bodies, indented, with secrets hidden.
type exchange struct {
	Key      string // message exchange.<Key>
	Name     string // of the object, as the request writes it
	Filter   string // of a search
	Changes  []string
	Answer   string // accepted, refused, failed, silent
	Detail   string
	Said     string // what the engine says of it, when the other side said nothing
	Request  string
	Response string
}

// decode reads an exchange. Nothing is required to be well-formed: what cannot be read is shown as it came.
func decode(method, address string, status int, request, response []byte) exchange {
	e := exchange{Answer: answer(status), Request: readable(request), Response: readable(response)}
	var body, reply map[string]any
	_ = json.Unmarshal(request, &body) // cut or malformed bodies have no words, only their text
	_ = json.Unmarshal(response, &reply)
	if status >= 400 {
		e.Detail = str(reply, "detail")
	}
	e.Name = str(body, "userName")
	if e.Name == "" {
		e.Name = str(body, "displayName")
	}
	kind, one := target(address, &e)
	switch {
	case kind == "":
		e.Key = "other"
	case method == "GET" && one:
		e.Key = "read." + kind
	case method == "GET" && e.Filter != "":
		e.Key = "search." + kind
	case method == "GET":
		e.Key = "list." + kind
	case method == "POST":
		e.Key = "create." + kind
	case method == "PUT":
		e.Key = "replace." + kind
	case method == "PATCH":
		e.Key, e.Changes = "modify."+kind, changes(body)
	case method == "DELETE":
		e.Key = "remove." + kind
	default:
		e.Key = "other"
	}
	return e
}

// answer sorts status codes by what they ask of a reader.
func answer(status int) string {
	switch {
	case status == 0:
		return "silent"
	case status < 400:
		return "accepted"
	case status < 500:
		return "refused"
	}
	return "failed"
}

// target says what an address is about, and whether it names one object.
func target(address string, e *exchange) (kind string, one bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	e.Filter = u.Query().Get("filter")
	segments := strings.Split(strings.Trim(u.Path, "/"), "/")
	for i, s := range segments {
		switch s {
		case "Users":
			return "user", i+1 < len(segments)
		case "Groups":
			return "group", i+1 < len(segments)
		}
	}
	return "", false
}

// changes lists a PATCH's operations as "replace active = false". Values that are objects or lists are counted out.
func changes(body map[string]any) []string {
	ops, _ := body["Operations"].([]any)
	var list []string
	for _, o := range ops {
		op, ok := o.(map[string]any)
		if !ok {
			continue
		}
		s := strings.ToLower(str(op, "op")) + " " + str(op, "path")
		if v := str(op, "value"); v != "" && !secretKey(str(op, "path")) {
			s += " = " + v
		}
		if values, ok := op["value"].(map[string]any); ok && str(op, "path") == "" {
			s += strings.Join(slices.Sorted(maps.Keys(values)), ", ")
		}
		list = append(list, strings.TrimSpace(s))
	}
	return list
}

// readable indents JSON and hides what must not be read; the recorders hid it already, and a page is where it would
// hurt. Anything else is shown as text.
func readable(body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return string(bytes.ToValidUTF8(body, []byte("\ufffd")))
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if encoder.Encode(hideSecrets(v)) != nil {
		return string(body)
	}
	return strings.TrimSpace(out.String())
}

const hidden = "••••••"

func hideSecrets(v any) any {
	switch v := v.(type) {
	case map[string]any:
		path, _ := v["path"].(string)
		for key, inner := range v {
			if secretKey(key) || (key == "value" && secretKey(path)) {
				v[key] = hidden
			} else {
				v[key] = hideSecrets(inner)
			}
		}
	case []any:
		for i := range v {
			v[i] = hideSecrets(v[i])
		}
	}
	return v
}

func secretKey(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"password", "secret", "token", "authorization"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}
