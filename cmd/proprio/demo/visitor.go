package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// visitor is somebody with a browser but without JavaScript: it opens pages, keeps cookies, follows redirects and
// submits forms.
type visitor struct {
	client *http.Client
	at     *url.URL
	page   *html.Node
	text   string
}

func newVisitor() *visitor {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &visitor{client: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// open gets a page.
func (v *visitor) open(ctx context.Context, address string) error {
	return v.send(ctx, http.MethodGet, address, nil)
}

// form is a form of the page.
type form struct {
	action string
	method string
	fields url.Values // hidden and preset ones
	// buttons are the submit buttons with a name, as name=value, by what they say.
	buttons map[string][2]string
	text    string
}

// submit sends the first form whose address or text contains `which`, with the button that says `button` when given.
func (v *visitor) submit(ctx context.Context, which, button string) error {
	for _, f := range forms(v.page) {
		if !strings.Contains(f.action, which) && !strings.Contains(f.text, which) {
			continue
		}
		for label, field := range f.buttons {
			if button != "" && strings.Contains(label, button) {
				f.fields.Set(field[0], field[1])
			}
		}
		target, err := v.at.Parse(f.action)
		if err != nil {
			return fmt.Errorf("form address %q: %w", f.action, err)
		}
		if strings.EqualFold(f.method, http.MethodPost) {
			return v.send(ctx, http.MethodPost, target.String(), f.fields)
		}
		target.RawQuery = f.fields.Encode()
		return v.send(ctx, http.MethodGet, target.String(), nil)
	}
	return fmt.Errorf("%s has no form for %q", v.at, which)
}

// sees says whether the page's text holds all of the words.
func (v *visitor) sees(words ...string) error {
	for _, w := range words {
		if !strings.Contains(v.text, w) {
			return fmt.Errorf("%s does not say %q", v.at, w)
		}
	}
	return nil
}

// link returns the address of the first link whose text contains the words.
func (v *visitor) link(words string) (string, error) {
	for n := range v.page.Descendants() {
		if n.Type == html.ElementNode && n.Data == "a" && strings.Contains(text(n), words) {
			target, err := v.at.Parse(attr(n, "href"))
			if err != nil {
				return "", err
			}
			return target.String(), nil
		}
	}
	return "", fmt.Errorf("%s has no link %q", v.at, words)
}

func (v *visitor) send(ctx context.Context, method, address string, fields url.Values) error {
	var body io.Reader
	if fields != nil {
		body = strings.NewReader(fields.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return err
	}
	req.Header.Set("Accept-Language", "fr")
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := v.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	page, err := html.Parse(io.LimitReader(resp.Body, 8<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, address, err)
	}
	v.at, v.page, v.text = resp.Request.URL, page, text(page)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s at %s", method, address, resp.Status, v.at)
	}
	return nil
}

func forms(page *html.Node) []form {
	var out []form
	for n := range page.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		f := form{action: attr(n, "action"), method: attr(n, "method"), fields: url.Values{}, buttons: map[string][2]string{}, text: text(n)}
		for e := range n.Descendants() {
			switch name := attr(e, "name"); {
			case e.Type != html.ElementNode || name == "":
			case e.Data == "button":
				f.buttons[text(e)] = [2]string{name, attr(e, "value")}
			case e.Data == "input" && attr(e, "type") != "submit":
				f.fields.Add(name, attr(e, "value"))
			}
		}
		out = append(out, f)
	}
	return out
}

// text is what a reader sees of a node, white space folded.
func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode && d.Parent.Data != "style" && d.Parent.Data != "script" {
			b.WriteString(d.Data)
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
