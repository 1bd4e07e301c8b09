package push

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"proprio/scim/client"
)

// apps.md 4a, 8: what each answer means for the account and for the app.
func TestClassificationOfAnswers(t *testing.T) {
	t.Parallel()
	type want struct {
		class               Class
		appWide, quarantine bool
	}
	object := func(c Class) want { return want{class: c} }
	quarantine := want{ClassNeedsAdmin, true, true}
	for _, c := range []struct {
		status     int
		on         target
		retryAfter time.Duration
		want       want
	}{
		{400, onObject, 0, object(ClassNeedsData)},
		{401, onObject, 0, quarantine},
		{402, onObject, 0, object(ClassNeedsAdmin)},
		{403, onObject, 0, object(ClassNeedsAdmin)},
		{403, onCollection, 0, quarantine},
		{404, onObject, 0, object(ClassGone)},
		{404, onCollection, 0, quarantine},
		{405, onObject, 0, object(ClassUnsupported)},
		{408, onObject, 0, object(ClassTransient)},
		{409, onObject, 0, object(ClassNeedsData)},
		{410, onObject, 0, object(ClassGone)},
		{412, onObject, 0, object(ClassNeedsData)},
		{413, onObject, 0, object(ClassNeedsData)},
		{422, onObject, 0, object(ClassNeedsData)},
		{425, onObject, 0, object(ClassTransient)},
		{429, onObject, 0, want{ClassTransient, false, false}}, // one of many may pass; several in a row stop the app
		{429, onObject, time.Minute, want{ClassTransient, true, false}},
		{500, onObject, 0, object(ClassTransient)},
		{501, onObject, 0, object(ClassUnsupported)},
		{502, onCollection, 0, object(ClassTransient)},
		{503, onObject, time.Minute, want{ClassTransient, true, false}},
		{599, onObject, 0, object(ClassTransient)},
		{304, onObject, 0, object(ClassNeedsAdmin)},
	} {
		f := judge(&client.Error{Status: c.status, RetryAfter: c.retryAfter}, c.on)
		if got := (want{f.class, f.appWide, f.quarantine}); got != c.want {
			t.Errorf("%d (collection: %v, Retry-After %v): %+v, want %+v", c.status, c.on == onCollection, c.retryAfter, got, c.want)
		}
		if f.class == ClassTransient && f.retryAfter != c.retryAfter {
			t.Errorf("%d: Retry-After %v, want %v", c.status, f.retryAfter, c.retryAfter)
		}
	}
}

func TestClassificationOfSilence(t *testing.T) {
	t.Parallel()
	lost := func(cause error) error { return &client.Unanswered{Method: "POST", Cause: cause} }
	for name, c := range map[string]struct {
		err                 error
		on                  target
		class               Class
		appWide, quarantine bool
	}{
		"time-out":         {lost(context.DeadlineExceeded), onObject, ClassTransient, false, false},
		"reset":            {lost(&net.OpError{Op: "read", Err: errors.New("reset")}), onObject, ClassTransient, false, false},
		"refused":          {lost(&net.OpError{Op: "dial", Err: errors.New("refused")}), onObject, ClassTransient, true, false},
		"no such name":     {lost(&net.DNSError{Name: "x"}), onObject, ClassTransient, true, false},
		"private address":  {lost(&net.OpError{Op: "dial", Err: &client.PrivateAddressError{Address: netip.MustParseAddr("10.0.0.1")}}), onObject, ClassNeedsAdmin, true, true},
		"bad certificate":  {lost(x509.UnknownAuthorityError{}), onObject, ClassNeedsAdmin, true, true},
		"redirect":         {&client.RedirectError{Location: "https://other"}, onObject, ClassNeedsAdmin, true, true},
		"page, not SCIM":   {&client.BrokenAnswer{}, onCollection, ClassNeedsAdmin, true, true},
		"creation, no id":  {&client.BrokenAnswer{}, onObject, ClassTransient, false, false},
		"list not whole":   {&client.IncompleteError{}, onCollection, ClassTransient, false, false},
		"failure as it is": {needs(ClassNeedsData, "x"), onCollection, ClassNeedsData, false, false},
	} {
		f := judge(c.err, c.on)
		if f.class != c.class || f.appWide != c.appWide || f.quarantine != c.quarantine || f.words == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestBackoffGrowsWithJitterToALimit(t *testing.T) {
	t.Parallel()
	for attempt, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 20: time.Minute, 1000: time.Minute} {
		low, high := backoff(time.Second, time.Minute, attempt, 0), backoff(time.Second, time.Minute, attempt, 0.999999)
		if low != most/2 || high < low || high > most {
			t.Errorf("attempt %d waits from %v to %v, want %v to %v", attempt, low, high, most/2, most)
		}
	}
	if retryDelay(ClassTransient, 1, 0.5) >= retryDelay(ClassNeedsData, 1, 0.5) || retryDelay(ClassNeedsAdmin, 99, 1) > 24*time.Hour {
		t.Error("what needs a person is tried slower, and at least daily")
	}
	for attempt := 1; attempt <= hopefulAttempts; attempt++ {
		if d := retryDelay(ClassTransient, attempt, 1); d > 30*time.Second {
			t.Errorf("a passing failure waits %v before attempt %d, want half a minute at most", d, attempt+1)
		}
	}
	if d := retryDelay(ClassTransient, 1000, 1); d != 10*time.Minute {
		t.Errorf("an account that never works is tried every %v, want 10 minutes", d)
	}
	if blockDelay(false, 1, 0.5) >= blockDelay(true, 1, 0.5) {
		t.Error("a quarantine lasts longer than a pause for breath")
	}
}
