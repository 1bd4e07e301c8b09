package db

import (
	"bytes"

	"proprio/resources"
)

// maxIndexed bounds a text that is looked up by: Postgres refuses index entries over a third of a page.
const maxIndexed = 2000

// checkTexts refuses what one of the two databases could not hold, so that both behave the same.
func checkTexts(r *resources.Resource) error {
	x := r.Index
	type text struct{ path, value string }
	texts := []text{{"userName", x.UserName}, {"userName", x.UserNameFolded}, {"displayName", x.DisplayName},
		{"displayName", x.NameFolded}, {"externalId", r.ExternalID}, {resources.PathPost, x.PostFolded}}
	for _, e := range x.Emails {
		texts = append(texts, text{"emails.value", e.Value}, text{"emails.value", e.Folded}, text{"emails.type", e.Type})
	}
	for _, t := range texts {
		if len(t.value) > maxIndexed {
			return resources.Errorf(resources.ErrInvalidValue, t.path, "is %d bytes long; at most %d can be kept",
				len(t.value), maxIndexed)
		}
		if !keepable(t.value) {
			return resources.Errorf(resources.ErrInvalidValue, t.path, "holds a NUL character or is not UTF-8")
		}
	}
	if !keepable(r.ID) {
		return resources.Errorf(resources.ErrNotFound, "", "%s %q does not exist", r.Type, r.ID)
	}
	if escapesNUL(r.Body) || bytes.IndexByte(r.Body, 0) >= 0 {
		return resources.Errorf(resources.ErrInvalidValue, "", "a value holds a NUL character, which cannot be kept")
	}
	return nil
}

// escapesNUL finds \u0000 in JSON, but not \\u0000, which is a backslash and five letters.
func escapesNUL(body []byte) bool {
	for {
		i := bytes.IndexByte(body, '\\')
		if i < 0 || i+1 >= len(body) {
			return false
		}
		if bytes.HasPrefix(body[i:], []byte(`\u0000`)) {
			return true
		}
		body = body[i+2:]
	}
}
