package scim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	elimity "github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"

	"proprio/audit"
	"proprio/db"
	"proprio/resources"
	"proprio/resources/filter"
	"proprio/scim"
)

// oracle lets elimity's own server answer over our Directory and Store (design.md, decision "elimity-com/scim").
type oracle struct {
	directory *resources.Directory
	store     resources.Store
	caller    resources.Caller
	rt        *resources.ResourceType
}

var _ elimity.ResourceHandler = oracle{}

func (o oracle) Create(r *http.Request, in elimity.ResourceAttributes) (elimity.Resource, error) {
	return o.changed(o.directory.Create(r.Context(), o.caller, o.rt.Name, o.input(in)))(r, "")
}

func (o oracle) Replace(r *http.Request, id string, in elimity.ResourceAttributes) (elimity.Resource, error) {
	return o.changed(o.directory.Replace(r.Context(), o.caller, o.rt.Name, id, resources.Precondition{}, o.input(in)))(r, id)
}

func (o oracle) Patch(r *http.Request, id string, ops []elimity.PatchOperation) (elimity.Resource, error) {
	var out []resources.Operation
	for _, op := range ops {
		if op.Path != nil {
			out = append(out, resources.Operation{Op: resources.Op(op.Op), Path: *op.Path, Value: op.Value})
			continue
		}
		for name, value := range op.Value.(map[string]any) { // the library has seen to it that it is one
			path, err := filter.ParsePath(name)
			if err != nil {
				return elimity.Resource{}, scimerrors.ScimErrorInvalidPath
			}
			out = append(out, resources.Operation{Op: resources.Op(op.Op), Path: path, Value: value})
		}
	}
	return o.changed(o.directory.Modify(r.Context(), o.caller, o.rt.Name, id, resources.Precondition{}, out))(r, id)
}

func (o oracle) Delete(r *http.Request, id string) error {
	return o.fault(id, o.directory.Remove(r.Context(), o.caller, o.rt.Name, id, resources.Precondition{}))
}

func (o oracle) Get(r *http.Request, id string) (elimity.Resource, error) {
	res, err := o.store.Get(r.Context(), o.caller, o.rt.Name, id, resources.With{Members: o.rt.Name == resources.TypeGroup})
	if err != nil {
		return elimity.Resource{}, o.fault(id, err)
	}
	return o.resource(res)
}

func (o oracle) GetAll(r *http.Request, params elimity.ListRequestParams) (elimity.Page, error) {
	q := resources.Query{
		Type: o.rt.Name, StartIndex: params.StartIndex, Count: params.Count, With: resources.With{Members: o.rt.Name == resources.TypeGroup},
	}
	var err error
	if params.FilterValidator != nil {
		if q.Where, err = o.rt.Bind(params.FilterValidator.GetFilter()); err != nil {
			return elimity.Page{}, o.fault("", err)
		}
	}
	found, err := o.store.Find(r.Context(), o.caller, q)
	if err != nil {
		return elimity.Page{}, o.fault("", err)
	}
	page := elimity.Page{TotalResults: found.Total, Resources: []elimity.Resource{}}
	for _, res := range found.Resources {
		one, err := o.resource(res)
		if err != nil {
			return page, err
		}
		page.Resources = append(page.Resources, one)
	}
	return page, nil
}

// input is what the library validated, with `schemas`, which it takes away.
func (o oracle) input(in elimity.ResourceAttributes) resources.Input {
	schemas := []any{o.rt.Schema.ID}
	for _, e := range o.rt.Extensions {
		if in[e.ID] != nil {
			schemas = append(schemas, e.ID)
		}
	}
	in["schemas"] = schemas
	return resources.Input(in)
}

// changed answers a change with what is stored after it.
func (o oracle) changed(result *resources.Result, err error) func(r *http.Request, id string) (elimity.Resource, error) {
	return func(r *http.Request, id string) (elimity.Resource, error) {
		if err != nil {
			return elimity.Resource{}, o.fault(id, err)
		}
		return o.Get(r, result.Resource.ID)
	}
}

func (o oracle) resource(res *resources.Resource) (elimity.Resource, error) {
	out := elimity.Resource{
		ID:   res.ID,
		Meta: elimity.Meta{Created: &res.Created, LastModified: &res.LastModified, Version: fmt.Sprintf(`W/"%d"`, res.Version)},
	}
	if res.ExternalID != "" {
		out.ExternalID = optional.NewString(res.ExternalID)
	}
	if err := json.Unmarshal(res.Body, &out.Attributes); err != nil {
		return out, err
	}
	var members []any
	for _, m := range res.Members {
		members = append(members, object{"value": m.ID})
	}
	if members != nil {
		out.Attributes["members"] = members
	}
	return out, nil
}

// fault says in the library's words what went wrong. An error that is missing here becomes the library's 500.
func (o oracle) fault(id string, err error) error {
	switch {
	case errors.Is(err, resources.ErrNotFound):
		return scimerrors.ScimErrorResourceNotFound(id)
	case errors.Is(err, resources.ErrUniqueness):
		return scimerrors.ScimErrorUniqueness
	case errors.Is(err, resources.ErrInvalidValue):
		return scimerrors.ScimErrorInvalidValue
	case errors.Is(err, resources.ErrMutability):
		return scimerrors.ScimErrorMutability
	}
	return err
}

// twins are the same empty company behind two servers: ours, and elimity's.
func twins(t *testing.T, d *db.DB) (ours, theirs tenant) {
	t.Helper()
	start := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	same := func(s *scim.Server) { // both give the same ids, and live at the same moment
		n := 0
		s.Directory.NewID = func() string { n++; return fmt.Sprintf("019a0000-0000-7000-8000-%012d", n) }
		s.Directory.Now = func() time.Time { return start }
	}
	ours = newWorld(t, d, same).tenant("Ours", "")
	theirs = newWorld(t, d, same).tenant("Theirs", "")
	var types []elimity.ResourceType
	for _, rt := range resources.NewRegistry().Types() {
		handler := oracle{
			directory: theirs.server.Directory, store: d, rt: rt,
			caller: resources.Caller{
				Company: theirs.company, Connection: theirs.connection.ID,
				Actor: audit.Actor{Kind: audit.ActorConnection, ID: theirs.connection.ID},
			},
		}
		declared := elimity.ResourceType{Name: rt.Name, Endpoint: rt.Endpoint, Schema: rt.Schema, Handler: handler}
		for _, e := range rt.Extensions {
			declared.SchemaExtensions = append(declared.SchemaExtensions, elimity.SchemaExtension{Schema: e})
		}
		types = append(types, declared)
	}
	server, err := elimity.NewServer(&elimity.ServerArgs{
		ServiceProviderConfig: &elimity.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true}, ResourceTypes: types,
	}, elimity.WithBaseURL(base))
	if err != nil {
		t.Fatal(err)
	}
	running := httptest.NewServer(http.StripPrefix(scim.BasePath, server))
	t.Cleanup(running.Close)
	theirs.world = &world{t: t, db: d, server: theirs.server, url: running.URL}
	return ours, theirs
}
