package export

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"proprio/ownership"
	"proprio/resources"
	"proprio/resources/load"
)

// Options say how a file is to be read, where it does not tell by itself.
type Options struct {
	Columns  map[string]string // names of columns by attribute: see Attributes
	Inactive []string          // words that say of an account that it is not active; every other word then says that it is
	Roles    ownership.Roles   // what is known of the product's roles
	Note     func(string)      // is told how the file is read; nil: nobody is
}

// List is a product's own account list as its export has it.
type List struct {
	Accounts []ownership.RemoteAccount
	// ByAddress says that the export has no ids: what stands for an account's is its address, folded. It is no id of the
	// product's.
	ByAddress bool
}

const (
	maxFile   = 64 << 20 // bytes
	maxFaults = 10       // rows that are told of, before the reading ends
)

// Read reads an export whole, or says in which lines it cannot be read.
func Read(in io.Reader, o Options) (List, error) {
	if o.Note == nil {
		o.Note = func(string) {}
	}
	text, err := asText(&limited{in: in, left: maxFile + 1})
	if err != nil {
		return List{}, err
	}
	table, err := load.OpenTable(text, o.Note)
	if errors.Is(err, io.EOF) {
		return List{}, resources.Errorf(resources.ErrInvalidSyntax, "", "the file is empty")
	}
	if err != nil {
		return List{}, invalid(err)
	}
	at, err := parseColumns(table.Header, o.Columns, o.Note)
	if err != nil {
		return List{}, err
	}
	r := reader{columns: at, states: statesOf(o.Inactive), roles: o.Roles, lines: map[string]int{}, places: map[string]int{}}
	if err := r.run(table); err != nil {
		return List{}, err
	}
	if len(r.accounts) == 0 {
		return List{}, resources.Errorf(resources.ErrInvalidSyntax, "", "the file names columns and lists no account")
	}
	return List{Accounts: r.accounts, ByAddress: len(at[attrID]) == 0}, nil
}

// reader turns rows into accounts.
type reader struct {
	columns  columns
	states   states
	roles    ownership.Roles
	accounts []ownership.RemoteAccount
	lines    map[string]int // where an account was read, by remote id
	places   map[string]int // among accounts, by remote id
	faults   []error
}

func (r *reader) run(table *load.Table) error {
	for len(r.faults) < maxFaults {
		record, err := table.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return invalid(errors.Join(append(r.faults, err)...))
		}
		err = record.Fault
		if err == nil {
			err = r.row(table.Header, record)
		}
		if err != nil {
			r.faults = append(r.faults, fmt.Errorf("line %d: %w", record.Line, err))
		}
	}
	return invalid(errors.Join(r.faults...))
}

// invalid makes a domain error of what is wrong with a file.
func invalid(err error) error {
	if err == nil {
		return nil
	}
	return resources.Errorf(resources.ErrInvalidSyntax, "", "%v", err)
}

// row reads one account. Rows that hold nothing are passed over.
func (r *reader) row(header []string, record load.Record) error {
	if len(record.Cells) > len(header) {
		return fmt.Errorf("there are %d cells and %d columns; a cell that holds the separator stands between quotation marks", len(record.Cells), len(header))
	}
	if !slices.ContainsFunc(record.Cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return nil
	}
	user, err := r.user(record.Cells)
	if err != nil {
		return err
	}
	account, err := ownership.AccountFromSCIM(user, r.roles)
	if err != nil {
		return err
	}
	account.LastUsed = r.columns.cell(record.Cells, attrLastUsed)
	return r.add(account, record.Line)
}

// user is a row as a SCIM User, so that one reading serves lists and exports.
func (r *reader) user(cells []string) (map[string]any, error) {
	at := r.columns
	emails, err := addresses(at.all(cells, attrEmail))
	if err != nil {
		return nil, err
	}
	name := at.cell(cells, attrUserName)
	if name == "" && len(emails) > 0 {
		name = emails[0] // where there is no name to sign in with, it is the address
	}
	active, err := r.states.active(at.cell(cells, attrStatus))
	if err != nil {
		return nil, err
	}
	id := at.cell(cells, attrID)
	switch {
	case len(at[attrID]) == 0 && name == "":
		return nil, errors.New("the row has neither an e-mail address nor a user name")
	case len(at[attrID]) == 0 && len(emails) > 0:
		id = resources.FoldEmail(emails[0])
	case len(at[attrID]) == 0:
		id = resources.FoldUserName(name)
	case id == "":
		return nil, errors.New("the row has no id, although the file has a column of ids")
	}
	user := map[string]any{
		"id": id, "userName": name, "displayName": at.cell(cells, attrDisplayName), "active": active,
		"name":       map[string]any{"givenName": at.cell(cells, attrGivenName), "familyName": at.cell(cells, attrFamilyName)},
		"externalId": at.cell(cells, attrExternalID), "emails": texts(emails), "roles": texts(rolesIn(at.cell(cells, attrRole))),
		resources.SchemaEnterprise: map[string]any{"employeeNumber": at.cell(cells, attrEmployeeNumber)},
	}
	return user, nil
}

// addresses are the e-mail addresses among cells: a column "Adresse" may hold the street beside one that holds the address.
func addresses(cells []string) ([]string, error) {
	var out []string
	for _, cell := range cells {
		if ownership.IsAddress(cell) {
			out = append(out, cell)
		}
	}
	if len(cells) > 0 && len(out) == 0 {
		return nil, fmt.Errorf("%q is no e-mail address", cells[0])
	}
	return out, nil
}

// rolesIn are the roles in a cell, which may hold several.
func rolesIn(cell string) []string {
	var out []string
	for role := range strings.FieldsFuncSeq(cell, func(c rune) bool { return strings.ContainsRune(",;|\r\n", c) }) {
		if role = strings.TrimSpace(role); role != "" {
			out = append(out, role)
		}
	}
	return out
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// add takes an account in. Some products write a row for each role of one: those are one account.
func (r *reader) add(a ownership.RemoteAccount, line int) error {
	i, again := r.places[a.RemoteID]
	if !again {
		r.places[a.RemoteID], r.lines[a.RemoteID] = len(r.accounts), line
		r.accounts = append(r.accounts, a)
		return nil
	}
	before := &r.accounts[i]
	if before.UserName != a.UserName || before.DisplayName != a.DisplayName || before.Active != a.Active || !slices.Equal(before.Emails, a.Emails) {
		return fmt.Errorf("account %s is on line %d already, and the two rows differ: export it again, or take one of them out", a.RemoteID, r.lines[a.RemoteID])
	}
	for _, role := range a.Roles {
		if !slices.Contains(before.Roles, role) {
			before.Roles = append(before.Roles, role)
		}
	}
	before.Administrator = before.Administrator || a.Administrator
	return nil
}

// limited reads no more than an export may have.
type limited struct {
	in   io.Reader
	left int
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, fmt.Errorf("it has more than %d MiB", maxFile>>20)
	}
	n, err := l.in.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
