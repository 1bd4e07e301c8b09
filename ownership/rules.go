package ownership

import (
	"context"
	"sync"
	"time"
)

// Rules are what the policy of a company asks, at one moment.
type Rules struct {
	OutsideDomain OutsideMode
	Domains       []string // in force
	Generation    int64    // from 1, +1 with each change of the rules; a write names the one it was judged by
}

// maxRules bounds how many companies' rules are kept.
const maxRules = 10_000

// rulesAge is how long rules that nobody wrote by are kept.
const rulesAge = 10 * time.Minute

// knownRules are the rules of companies as they were last read. They may be out of date: whoever lets a User in by them
// names their generation to the store, which refuses the write when it is not the one in place any more.
type knownRules struct {
	mu        sync.RWMutex
	byCompany map[string]datedRules
}

type datedRules struct {
	rules Rules
	read  time.Time
}

// find returns what is known, unless it is known to be out of date.
func (k *knownRules) find(company string, outdated int64, now time.Time) (Rules, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	known, ok := k.byCompany[company]
	return known.rules, ok && known.rules.Generation > outdated && now.Sub(known.read) < rulesAge
}

func (k *knownRules) keep(company string, rules Rules, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.byCompany == nil || len(k.byCompany) >= maxRules {
		k.byCompany = map[string]datedRules{}
	}
	if rules.Generation >= k.byCompany[company].rules.Generation {
		k.byCompany[company] = datedRules{rules, now}
	}
}

// fresh reads a company's rules.
func (p *Policy) fresh(ctx context.Context, company string) (Rules, error) {
	now := p.Now()
	rules, err := p.Companies.Rules(ctx, company)
	if err == nil {
		p.known.keep(company, rules, now)
	}
	return rules, err
}
