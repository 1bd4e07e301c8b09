package standin

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// accessLife is how long an access token is good for.
const accessLife = 5 * time.Minute

// access is what an access token stands for.
type access struct {
	person Person
	until  time.Time
}

// UserInfoReads says how often the userinfo endpoint was asked, whatever it answered.
func (p *Provider) UserInfoReads() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reads
}

func (p *Provider) keepAccess(token string, who Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.accesses[token] = access{person: who, until: p.now().Add(accessLife)}
}

// userInfo says who the access token's person is (OpenID Connect Core §5.3), in the way of the current fault.
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	p.reads++
	a, known := p.accesses[token]
	p.mu.Unlock()
	fault := p.currentFault()
	if !bearer || !known || !p.now().Before(a.until) || fault == FaultUserInfoDenied {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`) // RFC 6750 §3.1
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	claims := map[string]any{"sub": a.person.Subject, "name": a.person.Name, "email": a.person.Email, "email_verified": true}
	merge(claims, a.person.UserInfo)
	p.answerUserInfo(w, r, fault, claims)
}

func (p *Provider) answerUserInfo(w http.ResponseWriter, r *http.Request, fault Fault, claims map[string]any) {
	switch fault {
	case FaultUserInfoSubject:
		claims["sub"] = "somebody-else"
	case FaultUserInfoNobody:
		delete(claims, "sub")
	case FaultUserInfoLarge:
		writeJSON(w, http.StatusOK, claims)
		_, _ = w.Write([]byte(strings.Repeat(" ", 2<<20))) // the client is gone: nothing left to tell it
		return
	case FaultUserInfoType:
		w.Header().Set("Content-Type", "text/plain")
		_ = json.NewEncoder(w).Encode(claims) // the client is gone: nothing left to tell it
		return
	case FaultUserInfoHTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<p>Please sign in</p>")) // the client is gone: nothing left to tell it
		return
	case FaultUserInfoMoved:
		if r.URL.RawQuery == "" {
			http.Redirect(w, r, "/userinfo?moved", http.StatusTemporaryRedirect)
			return
		}
	case FaultUserInfoSigned:
		p.answerSigned(w, claims)
		return
	}
	writeJSON(w, http.StatusOK, claims)
}

// answerSigned is the other form that OpenID Connect Core §5.3.2 allows.
func (p *Provider) answerSigned(w http.ResponseWriter, claims map[string]any) {
	signed, err := p.sign(claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/jwt")
	_, _ = w.Write([]byte(signed)) // the client is gone: nothing left to tell it
}
