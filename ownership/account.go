package ownership

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// ErrIncomplete says that an app's account list was not read whole, so nothing may be concluded from it.
var ErrIncomplete = errors.New("account list incomplete")

// AppRef names an app whose accounts are read.
type AppRef struct {
	Company string
	ID      string
	Name    string
}

// AccountReader reads an app's own account list: every account, made by Proprio or not, active or not. A list that
// could not be read to its end is an error (wrapping ErrIncomplete where the app answered), never a shorter list. It
// changes nothing in the app.
type AccountReader interface {
	ReadAccounts(ctx context.Context, app AppRef) ([]RemoteAccount, error)
}

// RemoteAccount is one account as an app reports it.
type RemoteAccount struct {
	RemoteID      string
	UserName      string
	DisplayName   string
	Emails        []resources.Email // Folded may be empty
	Active        bool
	Roles         []string // values or display names, the primary one first
	Administrator bool

	// What helps to tell whose it is, where the app tells it:
	ExternalID     string
	EmployeeNumber string
	LastUsed       string // as the app writes it
}

// AccountFromSCIM reads an account from a SCIM User as an app sends it, decoded. roles are what the app's profile says of
// its roles. Apps deviate from RFC 7643 in harmless ways, which are tolerated; an account without id is ErrIncomplete.
func AccountFromSCIM(user map[string]any, roles Roles) (RemoteAccount, error) {
	a := RemoteAccount{
		RemoteID: strings.TrimSpace(scalar(field(user, "id"))), UserName: scalar(field(user, "userName")),
		DisplayName: displayName(user), Active: active(field(user, "active")), ExternalID: scalar(field(user, "externalId")),
		EmployeeNumber: scalar(field(object(field(user, resources.SchemaEnterprise)), "employeeNumber")),
	}
	if a.RemoteID == "" || len(a.RemoteID) > maxRemoteID {
		return a, fmt.Errorf("%w: the app lists an account without a usable id (userName %q)", ErrIncomplete, a.UserName)
	}
	for _, v := range values(field(user, "emails")) {
		e := resources.Email{Value: scalar(field(v, "value")), Type: scalar(field(v, "type")), Primary: field(v, "primary") == true}
		if e.Value != "" {
			a.Emails = append(a.Emails, e)
		}
	}
	a.Roles, a.Administrator = rolesOf(user, roles)
	return a, nil
}

// displayName is what a reader recognises the account by.
func displayName(user map[string]any) string {
	name := object(field(user, "name"))
	for _, s := range []string{
		scalar(field(user, "displayName")), scalar(field(name, "formatted")),
		strings.TrimSpace(scalar(field(name, "givenName")) + " " + scalar(field(name, "familyName"))),
	} {
		if s != "" {
			return s
		}
	}
	return ""
}

// active reads the state of an account. An app that says nothing of it has no inactive accounts.
func active(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return !strings.EqualFold(v, "false")
	}
	return true
}

// field finds a member of a JSON object in any letter case (RFC 7643 §2.1); nil when there is none.
func field(o map[string]any, name string) any {
	if v, ok := o[name]; ok {
		return v
	}
	for k, v := range o {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return nil
}

// values reads a multi-valued attribute whose elements may be objects or plain strings, or that may be one element
// without array.
func values(v any) []map[string]any {
	var out []map[string]any
	elements, ok := v.([]any)
	if !ok && v != nil {
		elements = []any{v}
	}
	for _, e := range elements {
		switch e := e.(type) {
		case map[string]any:
			out = append(out, e)
		case string:
			out = append(out, map[string]any{"value": e})
		}
	}
	return out
}

// scalar reads a string or a number as text: some apps have numeric ids and role ids.
func scalar(v any) string {
	switch v := v.(type) {
	case string:
		return clean(v)
	case fmt.Stringer: // json.Number
		return v.String()
	case float64:
		return fmt.Sprintf("%.0f", v)
	}
	return ""
}

// clean takes out of a text what databases cannot keep: NUL characters and bytes that are not UTF-8. An app that has such
// an account must not keep all others from being read.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// maxRemoteID bounds an app's id of an account, in bytes.
const maxRemoteID = 1000

// observe turns what an app reported into accounts to be judged, by remote id. The list is refused as ErrIncomplete when
// it cannot be whole: an id twice means that pages moved while they were read.
func observe(app AppRef, read []RemoteAccount, at time.Time) ([]ObservedAccount, error) {
	accounts := make([]ObservedAccount, 0, len(read))
	for _, r := range read {
		a := ObservedAccount{
			Company: app.Company, App: app.ID, RemoteID: r.RemoteID, UserName: r.UserName, DisplayName: r.DisplayName,
			Active: r.Active, Roles: r.Roles, Administrator: r.Administrator, ExternalID: r.ExternalID, EmployeeNumber: r.EmployeeNumber, ReadAt: at,
		}
		if IsAddress(r.UserName) {
			a.Logins = append(a.Logins, r.UserName)
		}
		for i, e := range r.Emails {
			a.Emails = append(a.Emails, e.Value)
			if bound(r.Emails, i) && !slices.Contains(a.Logins, e.Value) {
				a.Logins = append(a.Logins, e.Value)
			}
		}
		accounts = append(accounts, a)
	}
	slices.SortFunc(accounts, func(a, b ObservedAccount) int { return strings.Compare(a.RemoteID, b.RemoteID) })
	for i := 1; i < len(accounts); i++ {
		if accounts[i].RemoteID == accounts[i-1].RemoteID {
			return nil, fmt.Errorf("%w: the app lists account %s twice", ErrIncomplete, accounts[i].RemoteID)
		}
	}
	return accounts, nil
}
