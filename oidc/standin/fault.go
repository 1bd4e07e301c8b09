package standin

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const keyID = "standin-1"

// Fault is one way to misbehave.
type Fault string

// The faults. A relying party must refuse each of them but FaultSubjectTwice and FaultPlainAnswer.
const (
	NoFault            Fault = ""
	FaultNonce         Fault = "nonce"          // the nonce of another sign-in
	FaultNoNonce       Fault = "no-nonce"       // none
	FaultExpired       Fault = "expired"        // exp five minutes ago
	FaultFuture        Fault = "future"         // iat in five minutes
	FaultNotYet        Fault = "not-yet"        // nbf in two minutes
	FaultAudience      Fault = "audience"       // for another client
	FaultTwoAudiences  Fault = "two-audiences"  // for this client and another, without azp
	FaultOtherParty    Fault = "other-party"    // azp is another client
	FaultIssuer        Fault = "issuer"         // iss is another issuer
	FaultAccessHash    Fault = "access-hash"    // at_hash of another access token
	FaultNone          Fault = "none"           // alg none, no signature; discovery says that it is used
	FaultHMAC          Fault = "hmac"           // HS256 with the public key as the secret; discovery says that it is used
	FaultKeyID         Fault = "key-id"         // signed with a key that is not published
	FaultSignature     Fault = "signature"      // a claim changed after signing
	FaultSubjectTwice  Fault = "subject-twice"  // a claim "Sub" beside "sub", for readers that ignore case
	FaultNoSender      Fault = "no-sender"      // no iss in the answer, although discovery promises it (RFC 9207)
	FaultOtherSender   Fault = "other-sender"   // another iss in the answer
	FaultPlainAnswer   Fault = "plain-answer"   // no iss in the answer and no promise of it, as before RFC 9207
	FaultMissingClaims Fault = "missing-claims" // no iat
)

// The faults of the userinfo endpoint. They matter to a [Person] whose ID token is Thin.
const (
	FaultUserInfoNone    Fault = "userinfo-none"    // discovery names none
	FaultUserInfoDenied  Fault = "userinfo-denied"  // 401
	FaultUserInfoSubject Fault = "userinfo-subject" // another person's
	FaultUserInfoNobody  Fault = "userinfo-nobody"  // no sub
	FaultUserInfoHTML    Fault = "userinfo-html"    // a page
	FaultUserInfoLarge   Fault = "userinfo-large"   // two megabytes, the claims before the rest
	FaultUserInfoType    Fault = "userinfo-type"    // the claims, not said to be JSON
	FaultUserInfoSigned  Fault = "userinfo-signed"  // application/jwt
	FaultUserInfoMoved   Fault = "userinfo-moved"   // a redirect, to where it would be answered
)

// Misbehave sets the fault of all that follows; NoFault ends it.
func (p *Provider) Misbehave(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

func (p *Provider) currentFault() Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fault
}

// algorithms is what discovery says.
func (f Fault) algorithms() []string {
	switch f {
	case FaultNone:
		return []string{"none", "RS256"}
	case FaultHMAC:
		return []string{"HS256", "RS256"}
	}
	return []string{"RS256"}
}

// twist changes the claims before they are signed.
func (f Fault) twist(claims map[string]any, now time.Time) {
	switch f {
	case FaultNonce:
		claims["nonce"] = "another-sign-in"
	case FaultNoNonce:
		delete(claims, "nonce")
	case FaultExpired:
		claims["exp"] = now.Add(-5 * time.Minute).Unix()
	case FaultFuture:
		claims["iat"] = now.Add(5 * time.Minute).Unix()
	case FaultNotYet:
		claims["nbf"] = now.Add(2 * time.Minute).Unix()
	case FaultAudience:
		claims["aud"] = "another-client"
	case FaultTwoAudiences:
		claims["aud"] = []any{claims["aud"], "another-client"}
	case FaultOtherParty:
		claims["azp"] = "another-client"
	case FaultIssuer:
		claims["iss"] = "https://other.example"
	case FaultAccessHash:
		claims["at_hash"] = "AAAAAAAAAAAAAAAAAAAAAA"
	case FaultSubjectTwice:
		claims["Sub"] = "somebody-else"
	case FaultMissingClaims:
		delete(claims, "iat")
	}
}

// sign makes the ID token, in the way of the current fault.
func (p *Provider) sign(claims map[string]any) (string, error) {
	fault := p.currentFault()
	fault.twist(claims, p.now())
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("claims: %w", err)
	}
	switch fault {
	case FaultNone:
		return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + ".", nil
	case FaultHMAC:
		return p.signHMAC(payload)
	case FaultKeyID:
		return signWith(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: "standin-2"}}, payload)
	}
	signed, err := signWith(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: p.key, KeyID: keyID}}, payload)
	if err != nil || fault != FaultSignature {
		return signed, err
	}
	return tamper(signed, claims)
}

func signWith(key jose.SigningKey, payload []byte) (string, error) {
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed.CompactSerialize()
}

// signHMAC is the key confusion attack: everybody knows the public key.
func (p *Provider) signHMAC(payload []byte) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(p.key.Public())
	if err != nil {
		return "", fmt.Errorf("public key: %w", err)
	}
	secret := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return signWith(jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: secret, KeyID: keyID}}, payload)
}

// tamper keeps header and signature and changes the subject.
func tamper(signed string, claims map[string]any) (string, error) {
	jws, err := jose.ParseSignedCompact(signed, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return "", fmt.Errorf("tamper: %w", err)
	}
	claims["sub"] = "somebody-else"
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("tamper: %w", err)
	}
	header := fmt.Sprintf(`{"alg":"RS256","kid":%q}`, keyID)
	return encode([]byte(header)) + "." + encode(payload) + "." + encode(jws.Signatures[0].Signature), nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
