package ownership

import (
	"context"
	"slices"
	"time"
)

// Facts are what verdicts stand on besides an app's own list.
type Facts interface {
	// Domains returns a company's domains.
	Domains(ctx context.Context, company string) ([]Domain, error)
	// Holders returns the company's Users that have one of the folded names or addresses, by it.
	Holders(ctx context.Context, company string, folded []string) (Holders, error)
}

// Assess judges an app's whole account list as it stands now and keeps nothing. The accounts come by remote id, with the
// Users who bear one of their names or addresses. A list that cannot be whole is ErrIncomplete.
func Assess(ctx context.Context, f Facts, app AppRef, read []RemoteAccount, at time.Time) ([]ObservedAccount, Holders, error) {
	accounts, err := observe(app, read, at)
	if err != nil {
		return nil, nil, err
	}
	domains, err := f.Domains(ctx, app.Company)
	if err != nil {
		return nil, nil, err
	}
	folded := addressKeys(accounts)
	for _, a := range accounts {
		if a.UserName != "" && len(a.UserName) <= maxAddress {
			folded = append(folded, keys(a.UserName)...)
		}
	}
	slices.Sort(folded)
	users, err := f.Holders(ctx, app.Company, slices.Compact(folded))
	if err != nil {
		return nil, nil, err
	}
	judge(accounts, users, inForce(domains))
	return accounts, users, nil
}
