package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// accountPage is one account that an app holds: whose it may be, what was decided, what can be decided.
type accountPage struct {
	App     App
	List    string // that it is of
	Account FoundAccount
	Verbs   []string // what can be decided
	Form    accountForm
}

// accountForm is a decision before it is made: it is shown with what will happen, and changed nothing so far.
type accountForm struct {
	Verb    string // empty: none is chosen
	Person  string
	Until   string
	Latest  string // day that an exception may end on
	First   string
	Respond string // who answers for it
	Reason  string
	Nobody  bool     // is called Person
	Preview *Preview // what becomes of the account when it is Person's
	Text    string   // what the app would be sent of that person
	Wrong   string   // key of what is missing
	Words   string   // why it was not done
}

// account shows an account, and what deciding would do once a decision is chosen.
func (c *Console) account(v *visit) error {
	p, err := c.newAccountPage(v, v.r.URL.Query())
	if err != nil {
		return err
	}
	if p.Form.Verb != "" && p.Form.Respond == "" {
		p.Form.Respond = v.session.Email
	}
	return c.showAccount(v, http.StatusOK, p)
}

func (c *Console) newAccountPage(v *visit, q url.Values) (accountPage, error) {
	ctx := v.r.Context()
	app, err := c.findApp(ctx, v)
	if err != nil {
		return accountPage{}, err
	}
	list := oneOf(q.Get("list"), listExport)
	found, err := c.Discovery.Found(ctx, v.session.Company, app.ID, list != "")
	if err != nil {
		return accountPage{}, err
	}
	key := q.Get("key")
	i := slices.IndexFunc(found.Accounts, func(a FoundAccount) bool { return a.Key == key })
	if i < 0 {
		return accountPage{}, resources.Errorf(resources.ErrNotFound, "", "the app lists no account %q", key)
	}
	field := func(name string) string { return strings.TrimSpace(q.Get(name)) }
	p := accountPage{App: app, List: list, Account: found.Accounts[i]}
	p.Verbs = p.Account.verbs()
	now := c.Now().In(c.Zone)
	p.Form = accountForm{Verb: oneOf(q.Get("verb"), p.Verbs...), Person: field("person"), Until: field("until"), Respond: field("responsible"), Reason: field("reason"),
		First: now.Format(time.DateOnly), Latest: now.AddDate(1, 0, -1).Format(time.DateOnly)}
	if p.Form.Person == "" && len(p.Account.People) == 1 {
		p.Form.Person = p.Account.People[0].Name
	}
	return p, nil
}

// verbs are what can be decided about the account.
func (a FoundAccount) verbs() []string {
	if a.Relation == "linked" {
		return []string{verbUnlink}
	}
	can := []string{verbLink, verbLeave, verbExcept}
	if a.Outside {
		can = []string{verbAdopt, verbLink, verbLeave, verbExcept}
	}
	if a.Decision != nil && (a.Decision.Verb == verbLeave || a.Decision.Verb == verbExcept) {
		can = append(can, verbReopen)
	}
	return can
}

// ToPerson says that the decision makes the account a person's.
func (f accountForm) ToPerson() bool { return f.Verb == verbLink || f.Verb == verbAdopt }

// showAccount adds what would become of the account at the person whose it is to be.
func (c *Console) showAccount(v *visit, status int, p accountPage) error {
	if p.Form.ToPerson() && p.Form.Person != "" {
		scope := Scope{Groups: p.App.ScopeGroups, LinkExisting: p.App.LinkExisting, Expression: p.App.Expression, Rules: p.App.Rules}
		made, err := c.Setup.Preview(v.r.Context(), v.session.Company, p.App.ID, scope, p.Form.Person)
		switch {
		case errors.Is(err, resources.ErrNotFound):
			p.Form.Nobody = true
		case err != nil:
			return err
		default:
			p.Form.Person, p.Form.Preview, p.Form.Text = made.Name, &made, readable(made.Document)
		}
	}
	return c.render(v, status, "account", p)
}

// decideAccount does what was shown.
func (c *Console) decideAccount(v *visit) error {
	p, err := c.newAccountPage(v, v.r.PostForm)
	if err != nil {
		return err
	}
	f := &p.Form
	d := AccountDecision{Verb: f.Verb, Person: f.Person, Responsible: f.Respond, Reason: f.Reason}
	if f.Wrong = f.missing(); f.Wrong == "" && f.Verb == verbExcept {
		day, err := time.ParseInLocation(time.DateOnly, f.Until, c.Zone)
		if err != nil {
			f.Wrong = "until"
		}
		d.Until = day.AddDate(0, 0, 1).Add(-time.Second) // the end of that day
	}
	if f.Wrong != "" {
		return c.showAccount(v, http.StatusUnprocessableEntity, p)
	}
	err = c.Discovery.Decide(v.r.Context(), v.actor(), v.session.Company, p.App.ID, p.List != "", p.Account.Key, d)
	if words, refused := refusal(err); refused {
		f.Words = words
		return c.showAccount(v, http.StatusUnprocessableEntity, p)
	}
	if err != nil {
		return err
	}
	return back(v, accountsPath(p.App.ID, p.List), "done", "decided-"+f.Verb)
}

// missing is what a decision lacks, by the field: the message decide.wrong.<field>.
func (f accountForm) missing() string {
	switch {
	case f.Verb == "":
		return "verb"
	case f.ToPerson() && f.Person == "":
		return "person"
	case f.Reason == "" && (f.Verb == verbLeave || f.Verb == verbExcept):
		return "reason"
	}
	return ""
}

// refusal are the words of an error that tells the reader why something cannot be done.
func refusal(err error) (words string, refused bool) {
	for _, kind := range []error{resources.ErrInvalidValue, resources.ErrUniqueness, resources.ErrMutability, resources.ErrNotFound, resources.ErrInvalidSyntax} {
		if !errors.Is(err, kind) {
			continue
		}
		var told *resources.Error
		if errors.As(err, &told) && told.Detail != "" {
			return told.Detail, true
		}
		return err.Error(), true
	}
	return "", false
}

// accountPath is the page of an account that a list of an app has.
func accountPath(app, list, key string) string {
	q := url.Values{"key": {key}}
	if list != "" {
		q.Set("list", list)
	}
	return "/apps/" + app + "/account?" + q.Encode()
}

// accountsPath is the page of a list of an app's accounts.
func accountsPath(app, list string) string {
	if list != "" {
		return "/apps/" + app + "/accounts?list=" + list
	}
	return "/apps/" + app + "/accounts"
}
