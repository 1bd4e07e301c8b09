package db

import (
	"context"
	"encoding/json"
	"fmt"

	"proprio/ownership"
)

// Rules implements ownership.PolicyStore, in one query: rules and generation belong together.
func (d *DB) Rules(ctx context.Context, company string) (ownership.Rules, error) {
	var row struct {
		Mode       string `db:"outside_domain"`
		Domains    []byte `db:"domains"`
		Generation int64  `db:"generation"`
	}
	err := d.get(ctx, nil, &row, `select c.outside_domain, `+rulesGeneration("?")+` as generation,
		(select `+d.dialect.list("d.name")+` from domains d where d.company_id = c.id and d.verified > 0) as domains
		from companies c where c.id = ?`, company, company)
	if err != nil {
		return ownership.Rules{}, noCompany(err)
	}
	rules := ownership.Rules{OutsideDomain: ownership.OutsideMode(row.Mode), Generation: row.Generation}
	if err := json.Unmarshal(row.Domains, &rules.Domains); err != nil {
		return ownership.Rules{}, fmt.Errorf("domains of company %s: %w", company, err)
	}
	return rules, nil
}

// rulesGeneration is the generation of the rules of a company, which is a parameter.
func rulesGeneration(company string) string {
	return `(1 + coalesce((select p.generation from policy_marks p where p.company_id = ` + company + `), 0))`
}

// rulesHold is the condition that the rules by which a change was judged are in place. Its parameters are made by
// rulesArgs where they are written as ?.
func rulesHold(company, generation string) string {
	return `(cast(` + generation + ` as bigint) = 0 or ` + rulesGeneration(company) + ` = ` + generation + `)`
}

func rulesArgs(company string, generation int64) []any { return []any{generation, company, generation} }
