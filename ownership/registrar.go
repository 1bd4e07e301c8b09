package ownership

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"proprio/audit"
	"proprio/resources"
)

// maxCompanyName bounds a company's name, in characters.
const maxCompanyName = 200

// PolicyMarks remembers which companies' rules changed since their Users were last asked about, so that a crash between
// a change of a domain and its consequences loses nothing. The store sets a mark in the transaction of the change.
type PolicyMarks interface {
	// PolicyChanges returns the marked companies, each with the mark's generation.
	PolicyChanges(ctx context.Context) (map[string]int64, error)
	// SettlePolicy notes that a company's Users were asked about up to a generation; a later change keeps its mark.
	SettlePolicy(ctx context.Context, company string, generation int64) error
}

// Reconsiderer asks the policy again about all Users of a company. *resources.Directory is one.
type Reconsiderer interface {
	Reconsider(ctx context.Context, c resources.Caller) (int, error)
}

// Registrar creates companies and binds domains to them. Its dependencies are its fields; all are required. It is safe
// for concurrent use, by several processes too.
type Registrar struct {
	Companies Companies
	Marks     PolicyMarks
	Verifier  *Verifier
	Directory Reconsiderer
	// DomainsChanged hears of a company's domains in force after each change, to end what other domains still have
	// (sign-in sessions: clients.md section 9.2, rule 7). It may be called again with the same domains.
	DomainsChanged func(ctx context.Context, company string, domains []string) error
	// Grace is how long a proved domain stays in force after its record vanished from DNS, so that a slip in a zone
	// file does not stop a company. 72 hours is a good value.
	Grace time.Duration
	Now   func() time.Time
	NewID func() string // UUIDv7
	Log   *slog.Logger
}

// CreateCompany makes a company, or returns the one that has the name. An empty mode is OutsideReject.
func (r *Registrar) CreateCompany(ctx context.Context, actor audit.Actor, name string, mode OutsideMode) (Company, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || utf8.RuneCountInString(name) > maxCompanyName || !utf8.ValidString(name) {
		return Company{}, resources.Errorf(resources.ErrInvalidValue, "name", "a company's name has 1 to %d characters", maxCompanyName)
	}
	if mode == "" {
		mode = OutsideReject
	}
	if err := mode.check(); err != nil {
		return Company{}, err
	}
	return r.Companies.CreateCompany(ctx, actor, Company{ID: r.NewID(), Name: name, OutsideDomain: mode, Created: r.Now()})
}

// SetOutsideDomain changes what happens to addresses outside the company's domains, and asks again about its Users.
func (r *Registrar) SetOutsideDomain(ctx context.Context, actor audit.Actor, company string, mode OutsideMode) error {
	if err := mode.check(); err != nil {
		return err
	}
	if err := r.Companies.SetOutsideDomain(ctx, actor, company, mode); err != nil {
		return err
	}
	return r.Settle(ctx)
}

func (m OutsideMode) check() error {
	if m != OutsideReject && m != OutsideHold {
		return resources.Errorf(resources.ErrInvalidValue, "outsideDomain", "%q is no mode: use %s or %s", m, OutsideReject, OutsideHold)
	}
	return nil
}

// AddDomain claims a domain for a company. It is in force at once when assumeVerified (an operator's word, from the
// command line only); else it waits for the DNS record that [ProofRecord] and Domain.Proof give. Adding a domain again
// returns it as it is, with the same proof.
func (r *Registrar) AddDomain(ctx context.Context, actor audit.Actor, company, name string, assumeVerified bool) (Domain, error) {
	name, err := OwnableDomain(name)
	if err != nil {
		return Domain{}, err
	}
	d, err := r.domain(ctx, company, name)
	switch {
	case errors.Is(err, resources.ErrNotFound):
		d = Domain{Company: company, Name: name, Proof: NewProof()}
	case err != nil:
		return Domain{}, err
	case d.InForce() || !assumeVerified:
		return d, nil
	}
	if assumeVerified {
		d.Proof, d.Verified = "", r.Now()
	}
	return d, r.put(ctx, actor, d)
}

// CheckDomain looks up a domain's proof. Proof that is there puts the domain in force. Proof that is gone from a domain
// in force is noted, and ends it after the grace period. A domain not in force without proof is ErrInvalidValue with the
// record to make; no answer from DNS is ErrBusy and changes nothing.
func (r *Registrar) CheckDomain(ctx context.Context, actor audit.Actor, company, name string) (Domain, error) {
	name, err := NormalizeDomain(name)
	if err != nil {
		return Domain{}, err
	}
	d, err := r.domain(ctx, company, name)
	if err != nil || d.assumed() {
		return d, err
	}
	proved, err := r.Verifier.Proved(ctx, d)
	if err != nil {
		return d, &resources.Error{Kind: resources.ErrBusy, Path: "domain", Cause: err,
			Detail: fmt.Sprintf("DNS gave no answer about %s; nothing was changed, try again later", ProofRecord(name))}
	}
	before := d
	r.weigh(&d, proved)
	if d != before {
		if err := r.put(ctx, actor, d); err != nil {
			return before, err
		}
	}
	if !d.InForce() {
		return d, resources.Errorf(resources.ErrInvalidValue, "domain",
			"%s has no TXT record with the value %s; add it at the DNS provider, wait some minutes and check again", ProofRecord(name), d.Proof)
	}
	return d, nil
}

// weigh applies an answer of DNS to a domain.
func (r *Registrar) weigh(d *Domain, proved bool) {
	now := r.Now()
	switch {
	case proved && d.InForce():
		d.Missing = time.Time{}
	case proved:
		d.Verified, d.Missing = now, time.Time{}
	case !d.InForce():
	case d.Missing.IsZero():
		d.Missing = now
	case now.Sub(d.Missing) >= r.Grace:
		d.Verified, d.Missing = time.Time{}, time.Time{}
	}
}

// assumed says whether the domain is in force on an operator's word, with nothing to ask of DNS.
func (d Domain) assumed() bool { return d.InForce() && d.Proof == "" }

// RemoveDomain takes a domain from a company. Its Users with addresses there are refused or held from now on, and
// sign-in sessions of the domain end.
func (r *Registrar) RemoveDomain(ctx context.Context, actor audit.Actor, company, name string) error {
	name, err := NormalizeDomain(name)
	if err != nil {
		return err
	}
	if err := r.Companies.RemoveDomain(ctx, actor, company, name); err != nil {
		return err
	}
	return r.Settle(ctx)
}

// Recheck looks up the proof of every domain in force of every company, and settles what is left unsettled. One
// domain's failure does not keep the others from being checked.
func (r *Registrar) Recheck(ctx context.Context) error {
	companies, err := r.Companies.Companies(ctx)
	if err != nil {
		return fmt.Errorf("list companies: %w", err)
	}
	errs := []error{r.Settle(ctx)}
	actor := audit.Actor{Kind: audit.ActorSystem, Name: "domain check"}
	for _, c := range companies {
		domains, err := r.Companies.Domains(ctx, c.ID)
		if err != nil {
			errs = append(errs, fmt.Errorf("list domains of %s: %w", c.Name, err))
		}
		for _, d := range domains {
			if !d.InForce() || ctx.Err() != nil {
				continue
			}
			checked, err := r.CheckDomain(ctx, actor, c.ID, d.Name)
			if err != nil {
				errs = append(errs, fmt.Errorf("check %s: %w", d.Name, err))
			}
			if checked.Missing.IsZero() != d.Missing.IsZero() || !checked.InForce() {
				r.Log.WarnContext(ctx, "domain proof changed", "company", c.ID, "domain", d.Name,
					"in_force", checked.InForce(), "missing_since", checked.Missing)
			}
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

// Settle draws the consequences of changed rules for every company that has some: ends what lost domains still have and
// asks the policy again about the company's Users. It does nothing when there is nothing to do; call it at start and
// from time to time.
func (r *Registrar) Settle(ctx context.Context) error {
	marked, err := r.Marks.PolicyChanges(ctx)
	if err != nil {
		return fmt.Errorf("list changed policies: %w", err)
	}
	var errs []error
	for company, generation := range marked {
		if err := r.settle(ctx, company, generation); err != nil {
			errs = append(errs, fmt.Errorf("settle the rules of company %s: %w", company, err))
		}
	}
	return errors.Join(errs...)
}

func (r *Registrar) settle(ctx context.Context, company string, generation int64) error {
	domains, err := r.Companies.Domains(ctx, company)
	if err != nil {
		return err
	}
	if err := r.DomainsChanged(ctx, company, inForce(domains)); err != nil {
		return err
	}
	caller := resources.Caller{Company: company, Actor: audit.Actor{Kind: audit.ActorSystem, Name: "domain policy"}}
	changed, err := r.Directory.Reconsider(ctx, caller)
	if err != nil {
		return err
	}
	r.Log.InfoContext(ctx, "users reconsidered", "company", company, "changed", changed)
	return r.Marks.SettlePolicy(ctx, company, generation)
}

// put stores a domain and draws the consequences.
func (r *Registrar) put(ctx context.Context, actor audit.Actor, d Domain) error {
	if err := r.Companies.PutDomain(ctx, actor, d); err != nil {
		return err
	}
	return r.Settle(ctx)
}

func (r *Registrar) domain(ctx context.Context, company, name string) (Domain, error) {
	domains, err := r.Companies.Domains(ctx, company)
	if err != nil {
		return Domain{}, err
	}
	for _, d := range domains {
		if d.Name == name {
			return d, nil
		}
	}
	return Domain{}, resources.Errorf(resources.ErrNotFound, "domain", "the company has no domain %s", name)
}

// inForce returns the names of the domains that count.
func inForce(domains []Domain) []string {
	var names []string
	for _, d := range domains {
		if d.InForce() {
			names = append(names, d.Name)
		}
	}
	return names
}
