package console

import (
	"net/http"

	"golang.org/x/text/language"
)

// The languages of the console; the first is used when the browser asks for none of them.
const (
	French  = "fr"
	English = "en"
)

const languageCookie = "lang"

func languages() []string { return []string{French, English} }

// language is the reader's choice (a cookie), else the browser's (RFC 9110 §12.5.4).
func (c *Console) language(r *http.Request) string {
	if k, err := r.Cookie(languageCookie); err == nil && known(k.Value) {
		return k.Value
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return French
	}
	_, i, confidence := c.matcher.Match(tags...)
	if confidence == language.No {
		return French
	}
	return languages()[i]
}

func known(lang string) bool { return lang == French || lang == English }

// switchLanguage keeps the reader's choice and returns to the page it came from.
func (c *Console) switchLanguage(w http.ResponseWriter, r *http.Request) {
	lang := r.PostForm.Get("lang")
	if !known(lang) {
		c.problem(c.visit(w, r, ""), http.StatusBadRequest, "error.language")
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: lang, Path: "/", MaxAge: 365 * 24 * 3600,
		HttpOnly: true, Secure: c.Secure, SameSite: http.SameSiteLaxMode,
	})
	http.Redirect(w, r, safeReturn(r.PostForm.Get("return")), http.StatusSeeOther)
}
