package push

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"proprio/scim/client"
)

// failure is what a refused or broken call means for the account and for the app.
type failure struct {
	class Class
	words string // for an admin: what happened and what to do
	// appWide: the cause lies with the app, not with this object; all calls to the app are held for a while.
	appWide bool
	// quarantine: and an administrator has to mend it; the app is only probed now and then.
	quarantine bool
	retryAfter time.Duration // the app's own wish; 0: none
	skipped    bool          // no call was made, for a reason that is none of the account's
	cause      error
}

func (f *failure) Error() string { return f.words }

func (f *failure) Unwrap() error { return f.cause }

// needs makes a failure that no call brought about.
func needs(class Class, format string, args ...any) *failure {
	return &failure{class: class, words: fmt.Sprintf(format, args...)}
}

// isFailure finds the failure in an error.
func isFailure(err error) (*failure, bool) {
	var f *failure
	return f, errors.As(err, &f)
}

// target is what a call was on: a refusal of the collection says something about the app, one of an object only about the object.
type target int

const (
	onObject target = iota
	onCollection
)

// judge says what an error of scim/client means (apps.md 4a, 8). An error that is a failure already stays as it is.
func judge(err error, on target) *failure {
	if f, ok := isFailure(err); ok {
		return f
	}
	var answered *client.Error
	if errors.As(err, &answered) {
		return judgeStatus(answered, on)
	}
	return judgeSilence(err, on)
}

// judgeStatus reads a status of the app.
func judgeStatus(e *client.Error, on target) *failure {
	f := &failure{class: ClassNeedsData, words: e.Error(), cause: e}
	switch {
	case e.Status == http.StatusUnauthorized:
		f.class, f.appWide, f.quarantine = ClassNeedsAdmin, true, true
		f.words += ". The app no longer takes the token: set a new one"
	case e.Status == http.StatusForbidden, e.Status == http.StatusPaymentRequired:
		f.class = ClassNeedsAdmin
		if on == onCollection {
			f.appWide, f.quarantine = true, true
			f.words += ". The token may not do this: check its rights and the app's plan"
		}
	case e.Status == http.StatusNotFound && on == onCollection:
		f.class, f.appWide, f.quarantine = ClassNeedsAdmin, true, true
		f.words += ". There is no such service at this address: check the app's URL"
	case e.Status == http.StatusNotFound, e.Status == http.StatusGone:
		f.class = ClassGone
	case e.Status == http.StatusMethodNotAllowed, e.Status == http.StatusNotImplemented:
		f.class = ClassUnsupported
		f.words += ". The app does not offer this operation: check that its profile fits"
	case e.Status == http.StatusTooManyRequests, e.Status == http.StatusRequestTimeout, e.Status == http.StatusTooEarly, e.Status >= 500:
		f.class, f.appWide = ClassTransient, e.RetryAfter > 0
	case e.Status < 400:
		f.class = ClassNeedsAdmin
	}
	if f.class == ClassTransient {
		f.retryAfter = e.RetryAfter
	}
	return f
}

// judgeSilence reads an error where the app gave no usable answer.
func judgeSilence(err error, on target) *failure {
	f := &failure{class: ClassTransient, words: err.Error(), cause: err}
	var (
		private    *client.PrivateAddressError
		redirect   *client.RedirectError
		broken     *client.BrokenAnswer
		incomplete *client.IncompleteError
		dial       *net.OpError
		name       *net.DNSError
	)
	switch {
	case errors.As(err, &private), errors.As(err, &redirect), untrusted(err):
		f.class, f.appWide, f.quarantine = ClassNeedsAdmin, true, true
	case errors.As(err, &broken) && on == onCollection:
		f.class, f.appWide, f.quarantine = ClassNeedsAdmin, true, true
		f.words += ". Something answers at this address, but not as the product does: check the app's URL"
	case errors.As(err, &incomplete):
		f.class = ClassTransient
	case errors.As(err, &name), errors.As(err, &dial) && dial.Op == "dial":
		f.appWide = true
	}
	return f
}

// untrusted says whether the app's certificate could not be verified.
func untrusted(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid)
}

// noTarget says whether the app answered that a PATCH's path selects nothing (RFC 7644 §3.12).
func noTarget(err error) bool {
	var e *client.Error
	return errors.As(err, &e) && e.Status == http.StatusBadRequest && e.ScimType == "noTarget"
}
