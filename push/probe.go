package push

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"proprio/push/profiles"
	"proprio/resources"
	"proprio/scim/client"
)

// Problem is what keeps an app from being called, by what an administrator has to do about it.
type Problem string

// The problems.
const (
	ProblemNone        Problem = ""
	ProblemSettings    Problem = "settings"    // the profile, the address or the credential cannot be used at all
	ProblemPrivate     Problem = "private"     // the address is in a private network, which was not allowed
	ProblemName        Problem = "name"        // there is no host of that name
	ProblemUnreachable Problem = "unreachable" // nothing takes a connection there
	ProblemCertificate Problem = "certificate" // its certificate could not be verified
	ProblemSilent      Problem = "silent"      // it gave no whole answer in time
	ProblemRedirect    Problem = "redirect"    // it points elsewhere
	ProblemNotSCIM     Problem = "not-scim"    // something else answers
	ProblemToken       Problem = "token"       // it does not take the credential
	ProblemRights      Problem = "rights"      // the credential, or the plan, does not suffice
	ProblemAddress     Problem = "address"     // there is no such service at the address
	ProblemBusy        Problem = "busy"        // it asks to be left alone for a while
	ProblemBroken      Problem = "broken"      // it failed
	ProblemRefused     Problem = "refused"     // it refused, for a reason of its own
)

// Problems are all of them.
func Problems() []Problem {
	return []Problem{ProblemSettings, ProblemPrivate, ProblemName, ProblemUnreachable, ProblemCertificate, ProblemSilent, ProblemRedirect,
		ProblemNotSCIM, ProblemToken, ProblemRights, ProblemAddress, ProblemBusy, ProblemBroken, ProblemRefused}
}

// Probe is what an app answered when it was tried.
type Probe struct {
	Users   int     `json:"users"`             // how many it says it has
	Groups  int     `json:"groups"`            // the same; 0 where its product has none
	More    bool    `json:"more,omitempty"`    // there are more: its product does not say how many, and one page was read
	Problem Problem `json:"problem,omitempty"` // none: it answers as it should
	Words   string  `json:"words,omitempty"`   // what happened
}

// Try reads one page of Users and one of Groups, and says what is wrong in the way of it. It changes nothing, and it asks also
// an app that is paused or blocked: whoever tries wants to know whether that is over.
func (e *Engine) Try(ctx context.Context, app App) (Probe, error) {
	probe := Probe{}
	app.BlockedUntil = time.Time{}
	reader, profile, err := e.reader(ctx, app, "test")
	if err != nil {
		if errors.Is(err, ErrMoved) || ctx.Err() != nil {
			return probe, err
		}
		probe.Problem, probe.Words = ProblemSettings, err.Error()
		return probe, nil
	}
	for _, kind := range []string{resources.TypeUser, resources.TypeGroup} {
		if kind == resources.TypeGroup && profile.Groups.Unsupported {
			continue
		}
		n, more, err := firstPage(ctx, reader, profile, kind)
		if ctx.Err() != nil {
			return probe, ctx.Err()
		}
		if err != nil {
			probe.Problem, probe.Words = problemOf(err), judge(err, onCollection).words
			return probe, nil
		}
		probe.More = probe.More || more
		if kind == resources.TypeUser {
			probe.Users = n
		} else {
			probe.Groups = n
		}
	}
	return probe, nil
}

// firstPage reads the first page of a list, and returns how many the whole list has; more: at least so many, and the product
// does not tell.
func firstPage(ctx context.Context, reader Remote, profile profiles.Profile, kind string) (n int, more bool, err error) {
	err = reader.Each(ctx, endpoint(kind), client.ListOptions{PageSize: profile.Paging.Size, MaxPages: 1}, func(client.Document) error {
		n++
		return nil
	})
	var rest *client.IncompleteError
	if errors.As(err, &rest) && (rest.Limited || rest.Total > n) {
		return max(rest.Total, n), rest.Total < 0, nil // one page was asked for
	}
	return n, false, err
}

// problemOf sorts an error of a reading.
func problemOf(err error) Problem {
	var (
		answered *client.Error
		private  *client.PrivateAddressError
		redirect *client.RedirectError
		broken   *client.BrokenAnswer
		listed   *client.IncompleteError
		name     *net.DNSError
		dial     *net.OpError
		timeout  net.Error
	)
	switch {
	case errors.As(err, &answered):
		return problemOfStatus(answered.Status)
	case errors.As(err, &private):
		return ProblemPrivate
	case errors.As(err, &redirect):
		return ProblemRedirect
	case untrusted(err):
		return ProblemCertificate
	case errors.As(err, &broken), errors.As(err, &listed):
		return ProblemNotSCIM
	case errors.As(err, &name):
		return ProblemName
	case errors.As(err, &timeout) && timeout.Timeout():
		return ProblemSilent
	case errors.As(err, &dial) && dial.Op == "dial":
		return ProblemUnreachable
	}
	return ProblemSilent
}

func problemOfStatus(status int) Problem {
	switch {
	case status == http.StatusUnauthorized:
		return ProblemToken
	case status == http.StatusForbidden, status == http.StatusPaymentRequired:
		return ProblemRights
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusGone:
		return ProblemAddress
	case status == http.StatusTooManyRequests:
		return ProblemBusy
	case status >= http.StatusInternalServerError:
		return ProblemBroken
	}
	return ProblemRefused
}
