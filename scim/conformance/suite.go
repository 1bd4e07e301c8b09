package conformance

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Options say which server is judged, and how.
type Options struct {
	URL         string   // the SCIM base address
	Token       string   // bearer token
	SecondToken string   // token of another tenant of the same server, for R55; may be empty
	Domain      string   // the domain of the user names that the suite makes; default example.com
	Profile     string   // one of [Profiles]; default rfc
	Only        []string // ids or patterns such as R4*; empty: all
	ReadOnly    bool     // nothing is written
	Timeout     time.Duration
	Transport   http.RoundTripper // default: net/http's
	Now         func() time.Time
}

// Errors of a run that could not begin. They wrap what went wrong.
var (
	ErrOptions     = errors.New("the suite was not asked rightly")
	ErrUnreachable = errors.New("the suite cannot run against this server")
)

// cleanTime is how long cleaning up may take after the run ended or was interrupted.
const cleanTime = time.Minute

// suite is one run.
type suite struct {
	*transport
	o       Options
	prefix  string // of every name that the suite makes
	server  server
	made    *made
	watch   watch
	counter int
	people  []object // the shared population; nil until a check needs it
}

// Run judges a server. When ctx ends early the report holds what was found until then, and what was made is deleted all
// the same.
func Run(ctx context.Context, o Options) (*Report, error) {
	o, wanted, err := o.complete()
	if err != nil {
		return nil, err
	}
	t, err := newTransport(o)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	s := &suite{transport: t, o: o, prefix: "scimcheck-" + strings.ToLower(rand.Text()[:8]), made: &made{}}
	report := &Report{URL: t.base.Redacted(), Profile: o.Profile, Started: o.Now(), ReadOnly: o.ReadOnly}
	defer func() {
		report.Duration, report.Requests = o.Now().Sub(report.Started), t.sent
	}()
	if err := s.prepare(ctx); err != nil {
		report.Leftovers = s.clean(ctx)
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrUnreachable, err), leftoversError(report.Leftovers))
	}
	report.Results = s.judgeAll(ctx, wanted)
	report.Interrupted = ctx.Err() != nil
	report.Leftovers = s.clean(ctx)
	return report, nil
}

func (o Options) complete() (Options, []Requirement, error) {
	if o.Domain == "" {
		o.Domain = "example.com"
	}
	if o.Profile == "" {
		o.Profile = ProfileRFC
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if !slices.Contains(Profiles(), o.Profile) {
		return o, nil, fmt.Errorf("%w: there is no profile %q; there are %s", ErrOptions, o.Profile, strings.Join(Profiles(), ", "))
	}
	if strings.ContainsAny(o.Domain, "@/ \"\\") {
		return o, nil, fmt.Errorf("%w: %q is not a domain", ErrOptions, o.Domain)
	}
	wanted, err := Select(o.Profile, o.Only)
	return o, wanted, err
}

// Select returns the requirements of a profile that are named by an id or a pattern; no names mean all.
func Select(profile string, only []string) (wanted []Requirement, err error) {
	all := slices.DeleteFunc(Catalogue(), func(r Requirement) bool { return !r.in(profile) })
	if len(only) == 0 {
		return all, nil
	}
	for _, pattern := range only {
		pattern = strings.ToUpper(strings.TrimSpace(pattern))
		found := false
		for _, r := range all {
			if ok, err := path.Match(pattern, r.ID); err != nil {
				return nil, fmt.Errorf("%w: %q: %w", ErrOptions, pattern, err)
			} else if ok {
				found = true
				wanted = append(wanted, r)
			}
		}
		if !found {
			return nil, fmt.Errorf("%w: the profile %s has no requirement %q", ErrOptions, profile, pattern)
		}
	}
	order := map[string]int{}
	for i, r := range all {
		order[r.ID] = i
	}
	slices.SortFunc(wanted, func(a, b Requirement) int { return order[a.ID] - order[b.ID] })
	return slices.CompactFunc(wanted, func(a, b Requirement) bool { return a.ID == b.ID }), nil
}

// judgeAll runs the checks in the catalogue's order. What the watch saw on the way is added at the end.
func (s *suite) judgeAll(ctx context.Context, wanted []Requirement) []Result {
	checks := allChecks()
	results := make([]Result, 0, len(wanted))
	for _, r := range wanted {
		result := Result{Requirement: r, Exchanges: []Exchange{}}
		switch {
		case ctx.Err() != nil:
			result.Verdict, result.Why = Skip, "the run was interrupted"
		case r.Hidden != "":
			result.Verdict, result.Why = Skip, "not visible from outside: "+r.Hidden
		case r.Interop != "" && s.o.Profile != ProfileRFC:
			result.Verdict, result.Why = Skip, "in this profile "+r.Interop+" takes its place"
		default:
			s.judge(ctx, &result, checks[r.ID])
		}
		results = append(results, result)
	}
	for i := range results {
		s.watch.add(&results[i])
	}
	return results
}

// judge runs one check, and deletes what it made.
func (s *suite) judge(ctx context.Context, result *Result, check func(*probe)) {
	p := &probe{suite: s, ctx: ctx, result: result, level: result.Level}
	mark := s.made.len()
	p.run(check)
	s.unmake(ctx, mark)
	if ctx.Err() != nil && result.Verdict != Fail {
		result.Verdict, result.Why = Skip, "the run was interrupted"
		result.Misses = nil
	}
}

// leftoversError says what an unfinished run left behind.
func leftoversError(left []string) error {
	if len(left) == 0 {
		return nil
	}
	return fmt.Errorf("these were made and could not be deleted: %s", strings.Join(left, ", "))
}
