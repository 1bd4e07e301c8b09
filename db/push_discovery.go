package db

import (
	"context"
	"slices"
	"time"

	"github.com/jmoiron/sqlx"

	"proprio/audit"
	"proprio/ownership"
	"proprio/push"
	"proprio/resources"
)

// Holders implements ownership.Facts.
func (d *DB) Holders(ctx context.Context, company string, folded []string) (ownership.Holders, error) {
	return d.holders(ctx, nil, company, folded)
}

// NumberedUsers implements push.Discoveries. No index answers it: one statement for many numbers reads the Users once.
func (d *DB) NumberedUsers(ctx context.Context, company string, numbers []string) (map[string][]string, error) {
	number := d.dialect.jsonPath("body", []string{resources.SchemaEnterprise, "employeeNumber"})
	out := map[string][]string{}
	for chunk := range slices.Chunk(keepables(numbers), numbersAtOnce) {
		var rows []struct {
			Number string `db:"number"`
			ID     string `db:"id"`
		}
		args := append(slices.Clone(number.args), company, resources.TypeUser)
		args = append(append(args, number.args...), d.dialect.values(chunk))
		err := d.list(ctx, nil, &rows, `select `+number.text+` as number, id from resources where company_id = ? and type = ?
			and `+number.text+` `+d.dialect.in()+` order by id`, args...)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out[r.Number] = append(out[r.Number], r.ID)
		}
	}
	return out, nil
}

// numbersAtOnce are as many as one statement looks for: each statement reads all Users.
const numbersAtOnce = 10_000

const decisionColumns = `app_id, account, by_address, address, name, verb, user_id, user_name, until, responsible, reason, at, decided_by`

type decisionRow struct {
	App         string `db:"app_id"`
	Account     string `db:"account"`
	ByAddress   bool   `db:"by_address"`
	Address     string `db:"address"`
	Name        string `db:"name"`
	Verb        string `db:"verb"`
	User        string `db:"user_id"`
	UserName    string `db:"user_name"`
	Until       int64  `db:"until"`
	Responsible string `db:"responsible"`
	Reason      string `db:"reason"`
	At          int64  `db:"at"`
	By          string `db:"decided_by"`
}

func (d *DB) decisions(ctx context.Context, company, where string, args ...any) ([]push.Decision, error) {
	var rows []decisionRow
	err := d.list(ctx, nil, &rows, `select `+decisionColumns+` from account_decisions where company_id = ? and `+where+` order by at, account`,
		append([]any{company}, args...)...)
	out := make([]push.Decision, len(rows))
	for i, r := range rows {
		out[i] = push.Decision{Company: company, App: r.App, Account: r.Account, ByAddress: r.ByAddress, Address: r.Address, Name: r.Name,
			Verb: push.Verb(r.Verb), User: r.User, UserName: r.UserName, Until: fromMicros(r.Until), Responsible: r.Responsible,
			Reason: r.Reason, At: fromMicros(r.At), By: r.By}
	}
	return out, err
}

// Decisions implements push.Discoveries.
func (d *DB) Decisions(ctx context.Context, company, app string) ([]push.Decision, error) {
	return d.decisions(ctx, company, `app_id = ?`, app)
}

// DecisionsOn implements push.Discoveries.
func (d *DB) DecisionsOn(ctx context.Context, company, app string, ids, addresses []string) ([]push.Decision, error) {
	in := d.dialect.in()
	return d.decisions(ctx, company, `app_id = ? and (not by_address and account `+in+` or by_address and account `+in+`)`,
		app, d.dialect.values(keepables(ids)), d.dialect.values(keepables(addresses)))
}

// Waivers implements ownership.Observation: accounts that were left, and exceptions that have not ended.
func (o *observation) Waivers(ctx context.Context, at time.Time) (ownership.Waivers, error) {
	var rows []decisionRow
	err := o.db.list(ctx, o.tx, &rows, `select `+decisionColumns+` from account_decisions where company_id = ? and app_id = ?
		and (verb = ? or verb = ? and until > ?)`, o.app.Company, o.app.ID, string(push.VerbLeave), string(push.VerbExcept), micros(at))
	w := ownership.Waivers{IDs: map[string]bool{}, Addresses: map[string]bool{}}
	for _, r := range rows {
		if r.ByAddress {
			w.Addresses[r.Account] = true
		} else {
			w.IDs[r.Account] = true
		}
	}
	return w, err
}

// Decide implements push.Discoveries.
func (d *DB) Decide(ctx context.Context, decisions []push.Decision, entries ...audit.Entry) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := d.lockForLinks(ctx, tx, decisions); err != nil {
			return err
		}
		for _, one := range decisions {
			row, err := d.holderOf(ctx, tx, one)
			if err != nil {
				return err
			}
			switch {
			case row.ID == "" || row.ended():
			case row.Wish == string(push.WishInactive):
				return resources.Errorf(resources.ErrUniqueness, "", "account %s is still that of %s, whose access is being taken away: decide once that is done",
					one.Name, row.ObjectName)
			default:
				return resources.Errorf(resources.ErrUniqueness, "", "account %s was linked to %s meanwhile", one.Name, row.ObjectName)
			}
			if err := d.putDecision(ctx, tx, one); err != nil {
				return err
			}
		}
		return d.appendEntries(ctx, tx, entries...)
	})
}

// Reopen implements push.Discoveries.
func (d *DB) Reopen(ctx context.Context, p push.Decision, entry audit.Entry) error {
	return d.inTx(ctx, func(ctx context.Context, tx *sqlx.Tx) error {
		n, err := d.dropDecisions(ctx, tx, p)
		if err == nil && n == 0 {
			err = resources.Errorf(resources.ErrNotFound, "", "what was decided about account %s was taken back already", p.Name)
		}
		if err != nil {
			return err
		}
		return d.appendEntries(ctx, tx, entry)
	})
}

// dropDecisions forgets what was decided about an account, whether under its id or under a name or address of it.
func (d *DB) dropDecisions(ctx context.Context, tx *sqlx.Tx, p push.Decision) (int64, error) {
	in, keys := d.dialect.in(), d.dialect.values(keepables(p.Keys))
	return d.exec(ctx, tx, `delete from account_decisions where company_id = ? and app_id = ? and (by_address = ? and account = ?
		or by_address and account `+in+` or ? and not by_address and address `+in+`)`,
		p.Company, p.App, p.ByAddress, p.Account, keys, p.ByAddress, keys)
}

// putDecision keeps a decision in the place of all earlier ones about the account.
func (d *DB) putDecision(ctx context.Context, tx *sqlx.Tx, p push.Decision) error {
	if _, err := d.dropDecisions(ctx, tx, p); err != nil {
		return err
	}
	_, err := d.exec(ctx, tx, `insert into account_decisions (company_id, `+decisionColumns+`)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.Company, p.App, storable(p.Account), p.ByAddress, storable(p.Address), storable(p.Name), string(p.Verb), p.User, p.UserName,
		micros(p.Until), storable(p.Responsible), storable(p.Reason), micros(p.At), storable(p.By))
	return err
}
