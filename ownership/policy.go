package ownership

import (
	"context"
	"fmt"
	"time"

	"proprio/resources"
)

// PolicyStore is what the policy asks of the companies' store.
type PolicyStore interface {
	Company(ctx context.Context, id string) (Company, error)
	Domains(ctx context.Context, company string) ([]Domain, error)
}

// Policy implements resources.Policy: it binds every User to the company's verified domains (design.md, domain policy)
// and asks for a sponsor and an end date of everybody who is not an employee. It keeps no state and no cache: the rules
// of the moment of the write hold.
type Policy struct {
	Companies PolicyStore
	Now       func() time.Time
}

var _ resources.Policy = (*Policy)(nil)

// Judge looks at a User about to be written.
func (p *Policy) Judge(ctx context.Context, company string, doc resources.Document) (string, error) {
	who, err := readPerson(doc)
	if err != nil {
		return "", err
	}
	c, err := p.Companies.Company(ctx, company)
	if err != nil {
		return "", fmt.Errorf("read company: %w", err)
	}
	domains, err := p.Companies.Domains(ctx, company)
	if err != nil {
		return "", fmt.Errorf("read domains: %w", err)
	}
	allowed := inForce(domains)
	outside := outsideAddresses(doc, allowed)
	if len(outside) == 0 {
		return "", nil
	}
	if c.OutsideDomain == OutsideHold {
		return holdReason(outside), nil
	}
	return "", resources.Errorf(resources.ErrInvalidValue, outside[0].path, "%s%s",
		outside[0].fault(allowed), who.clientHint(p.Now()))
}
