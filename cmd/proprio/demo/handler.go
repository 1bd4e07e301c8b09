package demo

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/elimity-com/scim"
	scimerrors "github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// handler keeps one resource type of the app in memory. Its lock is the app's.
type handler struct {
	mu         *sync.Mutex
	key        string // the attribute that must be unique, in any letter case
	schema     schema.Schema
	extensions []schema.Schema
	rows       map[string]row
	order      []string // ids as they came
	next       int
}

type row struct {
	attributes        scim.ResourceAttributes
	created, modified time.Time
	version           int
}

var _ scim.ResourceHandler = (*handler)(nil)

func newHandler(mu *sync.Mutex, key string, core schema.Schema, extensions []scim.SchemaExtension) *handler {
	h := &handler{mu: mu, key: key, schema: core, rows: map[string]row{}}
	for _, e := range extensions {
		h.extensions = append(h.extensions, e.Schema)
	}
	return h
}

// Create implements scim.ResourceHandler.
func (h *handler) Create(_ *http.Request, attributes scim.ResourceAttributes) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken(attributes, "") {
		return scim.Resource{}, scimerrors.ScimErrorUniqueness
	}
	return h.resource(h.insert(attributes)), nil
}

// Get implements scim.ResourceHandler.
func (h *handler) Get(_ *http.Request, id string) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.rows[id]; !ok {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	return h.resource(id), nil
}

// GetAll implements scim.ResourceHandler.
func (h *handler) GetAll(_ *http.Request, params scim.ListRequestParams) (scim.Page, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	page := scim.Page{Resources: []scim.Resource{}}
	for _, id := range h.order {
		if params.FilterValidator != nil && params.FilterValidator.PassesFilter(h.rows[id].attributes) != nil {
			continue
		}
		page.TotalResults++
		if page.TotalResults >= params.StartIndex && len(page.Resources) < params.Count {
			page.Resources = append(page.Resources, h.resource(id))
		}
	}
	return page, nil
}

// Replace implements scim.ResourceHandler.
func (h *handler) Replace(_ *http.Request, id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.rows[id]; !ok {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	return h.update(id, attributes)
}

// Delete implements scim.ResourceHandler.
func (h *handler) Delete(_ *http.Request, id string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.rows[id]; !ok {
		return scimerrors.ScimErrorResourceNotFound(id)
	}
	delete(h.rows, id)
	h.order = slices.DeleteFunc(h.order, func(have string) bool { return have == id })
	return nil
}

// Patch implements scim.ResourceHandler.
func (h *handler) Patch(_ *http.Request, id string, ops []scim.PatchOperation) (scim.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	have, ok := h.rows[id]
	if !ok {
		return scim.Resource{}, scimerrors.ScimErrorResourceNotFound(id)
	}
	next, err := scim.ApplyPatch(clone(have.attributes).(map[string]any), ops, h.schema, h.extensions...)
	if err != nil {
		return scim.Resource{}, err
	}
	return h.update(id, next)
}

func (h *handler) insert(attributes map[string]any) string {
	h.next++
	id := fmt.Sprintf("%s-%04d", strings.ToLower(h.schema.Name.Value()), h.next)
	now := time.Now().UTC()
	h.rows[id] = row{attributes: clone(attributes).(map[string]any), created: now, modified: now, version: 1}
	h.order = append(h.order, id)
	return id
}

func (h *handler) update(id string, attributes scim.ResourceAttributes) (scim.Resource, error) {
	if h.taken(attributes, id) {
		return scim.Resource{}, scimerrors.ScimErrorUniqueness
	}
	have := h.rows[id]
	have.attributes = clone(map[string]any(attributes)).(map[string]any)
	have.modified = time.Now().UTC()
	have.version++
	h.rows[id] = have
	return h.resource(id), nil
}

func (h *handler) taken(attributes scim.ResourceAttributes, except string) bool {
	name, _ := attributes[h.key].(string)
	for id, have := range h.rows {
		other, _ := have.attributes[h.key].(string)
		if id != except && strings.EqualFold(name, other) {
			return true
		}
	}
	return false
}

// resource copies a row: the library writes into the map it is handed.
func (h *handler) resource(id string) scim.Resource {
	have := h.rows[id]
	attributes := clone(have.attributes).(map[string]any)
	r := scim.Resource{
		ID: id, Attributes: attributes,
		Meta: scim.Meta{Created: &have.created, LastModified: &have.modified, Version: fmt.Sprintf(`W/"%d"`, have.version)},
	}
	if external, ok := attributes["externalId"].(string); ok {
		r.ExternalID = optional.NewString(external)
	}
	return r
}

func clone(v any) any {
	switch v := v.(type) {
	case scim.ResourceAttributes:
		return clone(map[string]any(v))
	case map[string]any:
		out := maps.Clone(v)
		for k, e := range out {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i, e := range out {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
