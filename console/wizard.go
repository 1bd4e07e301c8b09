package console

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"proprio/ownership"
	"proprio/resources"
)

// productsPage is the first step: which product.
type productsPage struct {
	Products []Product
	Steps    []string
}

// newAppPage is the second step: what there is to know of the product, and how it is reached.
type newAppPage struct {
	Product Product
	Steps   []string
	Form    NewApp
	Errors  []fieldError
	Words   string // of what could not be used, when no field tells it
	Begun   App    // an app of that name whose set-up goes on; zero: none
}

// fieldError is what is wrong with one field of a form: the message field.<Message>.
type fieldError struct{ Field, Message string }

// newApp lists the products, or asks for what one of them needs.
func (c *Console) newApp(v *visit) error {
	name := v.r.URL.Query().Get("product")
	if name == "" {
		return c.render(v, http.StatusOK, "products", productsPage{c.Setup.Products(), setupSteps()})
	}
	product, err := c.product(name)
	if err != nil {
		return err
	}
	form := NewApp{Product: name, Name: product.Title, Responsible: v.session.Email}
	if !strings.Contains(product.Address, "{") {
		form.URL = product.Address
	}
	return c.render(v, http.StatusOK, "new_app", newAppPage{Product: product, Steps: setupSteps(), Form: form})
}

func (c *Console) product(name string) (Product, error) {
	all := c.Setup.Products()
	i := slices.IndexFunc(all, func(p Product) bool { return p.Name == name })
	if i < 0 {
		return Product{}, resources.Errorf(resources.ErrNotFound, "", "no product %q", name)
	}
	return all[i], nil
}

// addApp adds the app, paused, so that nothing is lost when the browser closes. A credential that was typed is not shown
// again, also when something else is wrong.
func (c *Console) addApp(v *visit) error {
	ctx := v.r.Context()
	product, err := c.product(v.r.PostForm.Get("product"))
	if err != nil {
		return err
	}
	field := func(name string) string { return strings.TrimSpace(v.r.PostForm.Get(name)) }
	p := newAppPage{Product: product, Steps: setupSteps(), Form: NewApp{Product: product.Name, Name: field("name"), Responsible: field("responsible")}}
	if !product.Manual {
		p.Form.Access = accessOf(v)
	}
	switch {
	case p.Form.Name == "":
		p.Errors = append(p.Errors, fieldError{"name", "name"})
	case len(p.Form.Name) > longestName || !readableName(p.Form.Name):
		p.Errors = append(p.Errors, fieldError{"name", "name-odd"})
	}
	if _, ok := ownership.AddressDomain(p.Form.Responsible); (!ok || len(p.Form.Responsible) > longestAddress) && p.Form.Responsible != "" {
		p.Errors = append(p.Errors, fieldError{"responsible", "responsible"})
	}
	p.Errors = append(p.Errors, accessErrors(product, p.Form.Access)...)
	if len(p.Errors) == 0 {
		id, err := c.Setup.Add(ctx, v.actor(), v.session.Company, p.Form)
		switch {
		case err == nil:
			return back(v, "/apps/"+id+"/setup", "done", "added")
		case errors.Is(err, resources.ErrUniqueness):
			p.Errors = []fieldError{{"name", "taken"}}
			if p.Begun, err = c.begunApp(v, p.Form.Name); err != nil {
				return err
			}
		case errors.Is(err, ErrPrivate):
			p.Errors = []fieldError{{"private", "private"}}
		case errors.Is(err, resources.ErrInvalidValue):
			p.Words = err.Error()
		default:
			return err
		}
	}
	p.Form.Credential = ""
	return c.render(v, http.StatusUnprocessableEntity, "new_app", p)
}

// begunApp is the app of a name that is being set up: perhaps by this form, which was sent twice.
func (c *Console) begunApp(v *visit, name string) (App, error) {
	apps, err := c.Apps.Apps(v.r.Context(), v.session.Company)
	i := slices.IndexFunc(apps, func(a App) bool { return a.Name == name && a.InSetup() })
	if err != nil || i < 0 {
		return App{}, err
	}
	return apps[i], nil
}

const (
	longestName    = 200 // bytes
	longestAddress = 320
)

// readableName says that a name holds nothing that cannot be seen, or that changes how what stands beside it is read.
func readableName(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

func accessOf(v *visit) Access {
	return Access{URL: strings.TrimSpace(v.r.PostForm.Get("url")), Credential: strings.TrimSpace(v.r.PostForm.Get("credential")),
		AllowPrivate: v.r.PostForm.Get("private") != ""}
}

// accessErrors says what is missing before anybody is called.
func accessErrors(product Product, a Access) (wrong []fieldError) {
	secure, plain := hasScheme(a.URL, "https"), hasScheme(a.URL, "http")
	switch {
	case product.Manual: // there is nobody to call
		return nil
	case strings.ContainsAny(a.URL, "{}"):
		wrong = append(wrong, fieldError{"url", "url-braces"})
	case !secure && !(a.AllowPrivate && plain):
		wrong = append(wrong, fieldError{"url", "url"})
	}
	switch {
	case a.Credential == "":
		wrong = append(wrong, fieldError{"credential", "credential"})
	case !product.Lines && strings.ContainsFunc(a.Credential, func(r rune) bool { return r <= ' ' || r > '~' }):
		wrong = append(wrong, fieldError{"credential", "credential-blank"})
	}
	return wrong
}

func hasScheme(address, scheme string) bool {
	before, _, ok := strings.Cut(address, "://")
	return ok && strings.EqualFold(before, scheme)
}

// accessPage gives an app another address and credential.
type accessPage struct {
	App     App
	Product Product
	Form    Access
	Errors  []fieldError
	Words   string
}

// access asks for an app's address and credential.
func (c *Console) access(v *visit) error {
	p, err := c.newAccessPage(v)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "access", p)
}

func (c *Console) newAccessPage(v *visit) (accessPage, error) {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return accessPage{}, err
	}
	p := accessPage{App: app, Form: Access{URL: app.URL, AllowPrivate: app.AllowPrivate}}
	if p.Product, err = c.product(app.Profile); err == nil && p.Product.Manual {
		err = resources.Errorf(resources.ErrNotFound, "", "app %s has nobody to call", app.Name)
	}
	return p, err
}

// setAccess stores them; an app that is being set up is then tried.
func (c *Console) setAccess(v *visit) error {
	p, err := c.newAccessPage(v)
	if err != nil {
		return err
	}
	p.Form = accessOf(v)
	p.Errors = accessErrors(p.Product, p.Form)
	if len(p.Errors) == 0 {
		err := c.Setup.SetAccess(v.r.Context(), v.actor(), v.session.Company, p.App.ID, p.Form)
		switch {
		case err == nil && p.App.InSetup():
			return back(v, "/apps/"+p.App.ID+"/setup/"+stepTest, "done", "access")
		case err == nil:
			return back(v, "/apps/"+p.App.ID, "done", "access")
		case errors.Is(err, ErrPrivate):
			p.Errors = []fieldError{{"private", "private"}}
		case errors.Is(err, resources.ErrInvalidValue):
			p.Words = err.Error()
		default:
			return err
		}
	}
	p.Form.Credential = ""
	return c.render(v, http.StatusUnprocessableEntity, "access", p)
}
