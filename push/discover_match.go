package push

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"proprio/ownership"
	"proprio/resources"
)

// discovery is one look at all accounts of an app.
type discovery struct {
	*Engine
	app  App
	list Listing
	now  time.Time

	found      []Found
	candidates [][]candidate       // of each account found
	rows       map[string]Account  // of the engine, by remote id
	own        map[string]Account  // the same by person
	people     map[string]Standing // of all candidates
}

// candidate is somebody whose account one may be, and by what.
type candidate struct{ id, by string }

const discoverBatch = 500 // accounts or people that are looked up together

func (d *discovery) read(ctx context.Context) error {
	ref := ownership.AppRef{Company: d.app.Company, ID: d.app.ID, Name: d.app.Name}
	accounts, holders, err := ownership.Assess(ctx, d.Store, ref, d.list.Accounts, d.now)
	if err != nil {
		return err
	}
	told := make(map[string]ownership.RemoteAccount, len(d.list.Accounts))
	for _, a := range d.list.Accounts {
		told[a.RemoteID] = a
	}
	numbers, err := d.numbers(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		d.found = append(d.found, d.foundOf(a, told[a.RemoteID].LastUsed))
		d.candidates = append(d.candidates, candidatesOf(a, told[a.RemoteID], holders, numbers))
	}
	if err := d.lookUp(ctx); err != nil {
		return err
	}
	if err := d.decisions(ctx); err != nil {
		return err
	}
	return d.relate()
}

func (d *discovery) foundOf(a ownership.ObservedAccount, lastUsed string) Found {
	f := Found{RemoteID: a.RemoteID, UserName: a.UserName, DisplayName: a.DisplayName, Emails: a.Emails, Active: a.Active,
		Administrator: a.Administrator, Roles: a.Roles, LastUsed: lastUsed, Verdict: a.Verdict, Reasons: a.Reasons,
		key: a.RemoteID, byAddress: d.list.ByAddress, export: d.list.Export || d.list.Old, account: a}
	if d.list.ByAddress {
		f.RemoteID = ""
	}
	return f
}

// numbers are the people by the employee numbers that the list tells.
func (d *discovery) numbers(ctx context.Context) (map[string][]string, error) {
	var numbers []string
	for _, a := range d.list.Accounts {
		if a.EmployeeNumber != "" {
			numbers = append(numbers, a.EmployeeNumber)
		}
	}
	if len(numbers) == 0 {
		return nil, nil
	}
	return d.Store.NumberedUsers(ctx, d.app.Company, numbers)
}

// candidatesOf are the people an account may be of, each by the first attribute that says so.
func candidatesOf(a ownership.ObservedAccount, told ownership.RemoteAccount, holders ownership.Holders, numbers map[string][]string) []candidate {
	var out []candidate
	add := func(id, by string) {
		if !slices.ContainsFunc(out, func(c candidate) bool { return c.id == id }) {
			out = append(out, candidate{id, by})
		}
	}
	if told.ExternalID != "" {
		add(told.ExternalID, "externalId") // the engine writes its User's id there
	}
	if a.UserName != "" {
		for _, h := range holders.Having(a.UserName) {
			add(h.ID, "userName")
		}
	}
	for _, h := range holders.Having(slices.Concat(a.Logins, a.Emails)...) {
		add(h.ID, "emails")
	}
	for _, id := range numbers[told.EmployeeNumber] {
		add(id, "employeeNumber")
	}
	return out
}

// lookUp reads the engine's rows of the accounts and of the people, and how the people stand.
func (d *discovery) lookUp(ctx context.Context) error {
	d.rows, d.own, d.people = map[string]Account{}, map[string]Account{}, map[string]Standing{}
	var ids, people []string
	for i, f := range d.found {
		ids = append(ids, f.key)
		for _, c := range d.candidates[i] {
			people = append(people, c.id)
		}
	}
	for chunk := range slices.Chunk(ids, discoverBatch) {
		rows, err := d.Store.AccountsByRemote(ctx, d.app.Company, d.app.ID, resources.TypeUser, chunk)
		if err != nil {
			return err
		}
		for id, row := range rows {
			d.rows[id] = row
		}
	}
	slices.Sort(people)
	for chunk := range slices.Chunk(slices.Compact(people), discoverBatch) {
		standings, err := d.standings(ctx, d.app, resources.TypeUser, chunk)
		if err != nil {
			return err
		}
		rows, err := d.Store.AccountsIn(ctx, d.app.Company, d.app.ID, resources.TypeUser, chunk)
		if err != nil {
			return err
		}
		for _, id := range chunk {
			d.people[id], d.own[id] = standings[id], rows[id]
		}
	}
	for i, list := range d.candidates { // an externalId may be of anything
		d.candidates[i] = slices.DeleteFunc(list, func(c candidate) bool { return !d.people[c.id].Exists })
	}
	return nil
}

// relate says of each account whose it is. Those that were left or excepted stand in nobody's way.
func (d *discovery) relate() error {
	of := map[string][]int{} // accounts by the one person they may be of
	var aside []int
	for i := range d.found {
		row, linked := d.rows[d.found[i].key]
		switch list := d.candidates[i]; {
		case linked:
			d.linked(i, row)
		case len(list) == 0:
			d.found[i].Relation, d.found[i].Why = Nobodys, "nobody of the directory has its user name or an address of it"
		case len(list) > 1:
			d.several(i)
		case d.found[i].Decision != nil && d.found[i].Decision.SetAside():
			aside = append(aside, i)
		default:
			of[list[0].id] = append(of[list[0].id], i)
		}
	}
	for id, places := range of {
		for _, i := range places {
			if err := d.one(i, id, places); err != nil {
				return err
			}
		}
	}
	for _, i := range aside {
		if err := d.one(i, d.candidates[i][0].id, nil); err != nil {
			return err
		}
	}
	return nil
}

func (d *discovery) linked(i int, row Account) {
	f := &d.found[i]
	f.Relation, f.People, f.holder = Linked, []Person{{ID: row.ObjectID, UserName: row.ObjectName}}, row.ID
	f.Why = "it is the account of " + row.ObjectName
	if row.Wish == WishInactive {
		f.Why, f.free = "it was the account of "+row.ObjectName+", whose access is taken away", true
	}
}

func (d *discovery) several(i int) {
	f := &d.found[i]
	var names []string
	for _, c := range d.candidates[i] {
		p := d.person(c.id)
		f.People = append(f.People, p)
		names = append(names, p.UserName+" by "+c.by)
	}
	slices.SortFunc(f.People, func(a, b Person) int { return cmp.Compare(a.UserName, b.UserName) })
	slices.Sort(names)
	f.Relation, f.Why = Ambiguous, "it may be several people's: "+strings.Join(names, ", ")
}

// one is about an account that may be of one person, among others that may be, too.
func (d *discovery) one(i int, id string, places []int) error {
	f, c := &d.found[i], d.candidates[i][0]
	f.People, f.By = []Person{d.person(id)}, c.by
	name, row := f.People[0].UserName, d.own[id]
	if row.There() && (row.RemoteID == "" || d.list.ByAddress) { // there is no id to know it by
		its, err := bears(row, f.aliases())
		if err != nil {
			return err
		}
		if its {
			d.linked(i, row)
			return nil
		}
	}
	for _, other := range places {
		if other != i {
			f.Others = append(f.Others, d.found[other].key)
		}
	}
	switch {
	case row.RemoteID != "":
		f.Others = append(f.Others, row.RemoteID)
		f.Relation, f.Why = Ambiguous, fmt.Sprintf("%s has another account in the app already (id %s)", name, row.RemoteID)
	case row.There():
		f.Relation, f.Why = Ambiguous, name+" has another account in the app already, under another name"
	case len(f.Others) > 0:
		f.Relation, f.Why = Ambiguous, fmt.Sprintf("%s has %d accounts in the app: link one of them, and leave the others or remove them there", name, len(places))
	default:
		f.Relation, f.Why = Fitting, fmt.Sprintf("it is %s's by %s", name, c.by)
	}
	return nil
}

// bears says whether one of some folded addresses was written into an account; where nothing was written yet, it may be.
func bears(row Account, folded []string) (bool, error) {
	written, err := decodeFields(row.Written)
	if err != nil || written == nil {
		return err == nil, err
	}
	return slices.ContainsFunc(addressesOf(written), func(s string) bool { return slices.Contains(folded, s) }), nil
}

// person is somebody of the directory, and what becomes of an account that is theirs.
func (d *discovery) person(id string) Person { return personOf(d.app, id, d.people[id]) }

func personOf(app App, id string, s Standing) Person {
	p := Person{ID: id, UserName: s.Name}
	switch at := place(app, resources.TypeUser, id, s); {
	case at.broken != nil:
		p.Unclear = at.broken.words
	case at.wish == WishInactive || !at.active:
		p.Closes = at.why
	}
	return p
}

// decisions puts what was decided beside the accounts.
func (d *discovery) decisions(ctx context.Context) error {
	all, err := d.Store.Decisions(ctx, d.app.Company, d.app.ID)
	if err != nil {
		return err
	}
	byID, byAddress := map[string]*Decision{}, map[string]*Decision{}
	for i := range all {
		switch {
		case all[i].ByAddress || d.list.ByAddress:
			byAddress[cmp.Or(all[i].Address, all[i].Account)] = &all[i]
		default:
			byID[all[i].Account] = &all[i]
		}
	}
	for i := range d.found {
		f := &d.found[i]
		f.Decision = byID[f.key]
		for _, address := range append([]string{f.key}, f.account.AddressKeys()...) {
			if f.Decision == nil {
				f.Decision = byAddress[address]
			}
		}
	}
	return nil
}
