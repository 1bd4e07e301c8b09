package ownership

import (
	"context"
	"fmt"
	"time"

	"proprio/resources"
)

// PolicyStore is what the policy asks of the companies' store.
type PolicyStore interface {
	// Rules returns a company's rules as they are in place.
	Rules(ctx context.Context, company string) (Rules, error)
}

// Policy implements resources.Policy: it binds every User to the company's verified domains (design.md, domain policy)
// and asks for a sponsor and an end date of everybody who is not an employee. The rules of the moment of the write hold:
// rules that were read before may only let a User in, and then the write names them (see [Rules]).
type Policy struct {
	Companies PolicyStore
	Now       func() time.Time

	known knownRules
}

var _ resources.Policy = (*Policy)(nil)

// Judge looks at a User about to be written. Nobody is held or refused by rules that may be out of date.
func (p *Policy) Judge(ctx context.Context, company string, doc resources.Document, outdated int64) (resources.Judgement, error) {
	who, err := readPerson(doc)
	if err != nil {
		return resources.Judgement{}, err
	}
	rules, known := p.known.find(company, outdated, p.Now())
	var outside []boundAddress
	if known {
		outside = outsideAddresses(doc, rules.Domains)
	}
	if !known || len(outside) > 0 {
		if rules, err = p.fresh(ctx, company); err != nil {
			return resources.Judgement{}, fmt.Errorf("read the rules of a company: %w", err)
		}
		outside = outsideAddresses(doc, rules.Domains)
	}
	judged := resources.Judgement{Rules: rules.Generation}
	if len(outside) == 0 {
		return judged, nil
	}
	if rules.OutsideDomain == OutsideHold {
		judged.Hold = holdReason(outside)
		return judged, nil
	}
	return judged, resources.Errorf(resources.ErrInvalidValue, outside[0].path, "%s%s",
		outside[0].fault(rules.Domains), who.clientHint(p.Now()))
}
