package console

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"proprio/resources"
)

// uploadSize is how long a form with an export may be, in bytes: a hundred thousand accounts. It is read into memory.
const uploadSize = 8 << 20

// exportPage takes an export of an app's accounts.
type exportPage struct {
	App      App
	Kept     Found // of the export that was given last
	Columns  string
	Inactive string
	Words    string // what is wrong with the file
	TooLarge bool
	Megabyte int // that a file may have
}

// ExportOptions say how an export is to be read, where it does not tell by itself.
type ExportOptions struct {
	Columns  map[string]string // names of columns by attribute
	Inactive []string          // words that say of an account that it is not active
}

func (c *Console) export(v *visit) error {
	p, err := c.newExportPage(v)
	if err != nil {
		return err
	}
	return c.render(v, http.StatusOK, "export", p)
}

func (c *Console) newExportPage(v *visit) (exportPage, error) {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return exportPage{}, err
	}
	p := exportPage{App: app, Megabyte: uploadSize >> 20}
	p.Kept, err = c.Discovery.Found(v.r.Context(), v.session.Company, app.ID, true)
	return p, err
}

// upload keeps an export, and shows its accounts. Nothing is linked by it. What cannot be read whole changes nothing.
func (c *Console) upload(v *visit) error {
	p, err := c.newExportPage(v)
	if err != nil {
		return err
	}
	err = readUpload(v.w, v.r)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		p.TooLarge = true
		return c.render(v, http.StatusRequestEntityTooLarge, "export", p)
	case err != nil:
		return err
	}
	defer v.r.MultipartForm.RemoveAll() //nolint:errcheck // all of it is in memory
	field := func(name string) string { return strings.TrimSpace(strings.Join(v.r.MultipartForm.Value[name], "\n")) }
	p.Columns, p.Inactive = field("columns"), field("inactive")
	options, err := exportOptions(p.Columns, p.Inactive)
	if err == nil {
		err = c.keepExport(v, p.App, options)
	}
	if _, refused := refusal(err); refused {
		p.Words = err.Error()
		return c.render(v, http.StatusUnprocessableEntity, "export", p)
	}
	if err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/apps/"+p.App.ID+"/accounts?list=export&done=uploaded", http.StatusSeeOther)
	return nil
}

func (c *Console) keepExport(v *visit, app App, o ExportOptions) error {
	files := v.r.MultipartForm.File["file"]
	if len(files) != 1 || files[0].Filename == "" {
		return resources.Errorf(resources.ErrInvalidValue, "", "no file was chosen")
	}
	file, err := files[0].Open()
	if err != nil {
		return err
	}
	defer file.Close()
	return c.Discovery.Upload(v.r.Context(), v.actor(), v.session.Company, app.ID, file, o)
}

// forget takes the kept export away.
func (c *Console) forget(v *visit) error {
	app, err := c.findApp(v.r.Context(), v)
	if err != nil {
		return err
	}
	if err := c.Discovery.Forget(v.r.Context(), v.actor(), v.session.Company, app.ID); err != nil {
		return err
	}
	return back(v, "/apps/"+app.ID+"/export", "done", "forgotten")
}

// TakesFile says whether a request may have a file in its body, so that it is longer than any other form.
func TakesFile(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/apps/") && strings.HasSuffix(r.URL.Path, "/export")
}

// readUpload reads a form with a file whole, into memory. What is left of one that is too long is read and thrown away, so that
// the browser stays to hear the answer.
func readUpload(w http.ResponseWriter, r *http.Request) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return fmt.Errorf("%w: content type %q", errForm, r.Header.Get("Content-Type"))
	}
	body := r.Body
	r.Body = http.MaxBytesReader(w, body, uploadSize)
	err = r.ParseMultipartForm(uploadSize)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		_, _ = io.CopyN(io.Discard, body, 8*uploadSize)
	case err != nil:
		return fmt.Errorf("%w: %w", errForm, err)
	}
	return err
}

// exportOptions reads what a form says of an export: a column a line, as attribute=name; words between commas.
func exportOptions(columns, inactive string) (ExportOptions, error) {
	o := ExportOptions{}
	for line := range strings.Lines(columns) {
		line = strings.TrimSpace(line)
		attribute, name, ok := strings.Cut(line, "=")
		if line == "" {
			continue
		}
		if !ok || strings.TrimSpace(name) == "" {
			return o, resources.Errorf(resources.ErrInvalidValue, "", "column %q: want an attribute and the name of its column, such as email=Courriel", line)
		}
		if o.Columns == nil {
			o.Columns = map[string]string{}
		}
		o.Columns[strings.TrimSpace(attribute)] = strings.TrimSpace(name)
	}
	for word := range strings.SplitSeq(inactive, ",") {
		o.Inactive = append(o.Inactive, strings.TrimSpace(word))
	}
	o.Inactive = slices.DeleteFunc(o.Inactive, func(word string) bool { return word == "" })
	return o, nil
}
