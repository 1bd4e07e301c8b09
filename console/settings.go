package console

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"proprio/ownership"
	"proprio/resources"
)

// Treatment is how an app is treated. What is 0 or empty is as for a new app.
type Treatment struct {
	Responsible     string
	LinkExisting    bool
	Repair          bool // what a nightly comparison finds is sent again; otherwise it is told
	GuardOff        bool // everybody may leave at once
	GuardCount      int
	GuardPercent    int
	DeleteAfterDays int
	Owner           string // of the credential
	Expires         string // its last day, as 2027-01-31
}

// settingsPage changes how an app is treated.
type settingsPage struct {
	App     App
	Product Product
	Form    Treatment
	Typed   map[string]string // what was typed into fields of numbers
	Errors  []fieldError
	Words   string
	Deletes string // what a deletion does there, in the reader's language; empty: nothing is known
}

// The bounds of fields of numbers.
const (
	mostRemovals = 1_000_000
	mostDays     = 3650
)

func (c *Console) settings(v *visit) error {
	p, err := c.newSettingsPage(v)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "settings", p)
}

func (c *Console) newSettingsPage(v *visit) (settingsPage, error) {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return settingsPage{}, err
	}
	p := settingsPage{App: app, Form: app.Treatment, Typed: map[string]string{}}
	for name, n := range map[string]int{"count": p.Form.GuardCount, "percent": p.Form.GuardPercent, "days": p.Form.DeleteAfterDays} {
		if n != 0 {
			p.Typed[name] = strconv.Itoa(n)
		}
	}
	p.Product, err = c.product(app.Profile)
	for _, fact := range p.Product.Facts {
		if fact.Key == "delete" {
			p.Deletes = fact.Text.EN
			if v.lang == French {
				p.Deletes = fact.Text.FR
			}
		}
	}
	return p, err
}

// saveSettings keeps them. Deleting, and deleting sooner, has to be said twice.
func (c *Console) saveSettings(v *visit) error {
	p, err := c.newSettingsPage(v)
	if err != nil {
		return err
	}
	p.read(v.r)
	if len(p.Errors) == 0 {
		err := c.Setup.SetTreatment(v.r.Context(), v.actor(), v.session.Company, p.App.ID, p.Form)
		switch {
		case err == nil:
			return back(v, "/apps/"+p.App.ID, "done", "changed")
		case errors.Is(err, resources.ErrInvalidValue):
			p.Words, _ = refusal(err)
		default:
			return err
		}
	}
	return c.render(v, http.StatusUnprocessableEntity, "settings", p)
}

// read fills in the form that was sent, and what is wrong with it.
func (p *settingsPage) read(r *http.Request) {
	field := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	wrong := func(field, message string) { p.Errors = append(p.Errors, fieldError{field, message}) }
	number := func(name string, most int) int {
		p.Typed[name] = field(name)
		if p.Typed[name] == "" {
			return 0
		}
		n, err := strconv.Atoi(p.Typed[name])
		if err != nil || n < 0 || n > most {
			wrong(name, name)
		}
		return n
	}
	before := p.Form
	p.Form = Treatment{Responsible: field("responsible"), LinkExisting: field("existing") == "link", Repair: field("repair") == "on", GuardOff: field("guard") == "off",
		Owner: field("owner"), Expires: field("expires")}
	if p.Product.Manual { // the form does not ask what is of no use there
		p.Form.Repair, p.Form.GuardOff, p.Form.GuardCount, p.Form.GuardPercent = before.Repair, before.GuardOff, before.GuardCount, before.GuardPercent
		p.Form.LinkExisting, p.Form.DeleteAfterDays, p.Form.Owner, p.Form.Expires = before.LinkExisting, before.DeleteAfterDays, before.Owner, before.Expires
	} else {
		p.Form.GuardCount, p.Form.GuardPercent, p.Form.DeleteAfterDays = number("count", mostRemovals), number("percent", 100), number("days", mostDays)
	}
	for name, address := range map[string]string{"responsible": p.Form.Responsible, "owner": p.Form.Owner} {
		if _, ok := ownership.AddressDomain(address); !ok && address != "" {
			wrong(name, name)
		}
	}
	if _, err := time.Parse(time.DateOnly, p.Form.Expires); err != nil && p.Form.Expires != "" {
		wrong("expires", "expires")
	}
	days := p.Form.DeleteAfterDays
	if sooner := days > 0 && (before.DeleteAfterDays == 0 || days < before.DeleteAfterDays); sooner && field("sure") == "" {
		wrong("sure", "sure")
	}
}
