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
	next, err := scim.ApplyPatch(h.flat(clone(have.attributes).(map[string]any)), ops, withCommon(h.schema), h.extensions...)
	if err != nil {
		return scim.Resource{}, err
	}
	return h.update(id, onceEach(h.nested(next)))
}

// withCommon adds externalId and its like, which the library's ApplyPatch looks for in the schema it is given.
func withCommon(s schema.Schema) schema.Schema {
	s.Attributes = append(slices.Clone(s.Attributes), schema.CommonAttributes()...)
	return s
}

// flat puts extension attributes where the library's PATCH looks for them: beside their schema's URN, as
// "urn:…:User:department".
func (h *handler) flat(attributes scim.ResourceAttributes) scim.ResourceAttributes {
	for _, e := range h.extensions {
		inner, _ := attributes[e.ID].(map[string]any)
		delete(attributes, e.ID)
		for name, value := range inner {
			attributes[e.ID+":"+name] = value
		}
	}
	return attributes
}

// nested puts them back under the URN, where filters and clients look for them. What an operation without a path wrote
// there is newer.
func (h *handler) nested(attributes scim.ResourceAttributes) scim.ResourceAttributes {
	for _, e := range h.extensions {
		for key, value := range attributes {
			name, ok := strings.CutPrefix(key, e.ID+":")
			if !ok {
				continue
			}
			delete(attributes, key)
			inner, _ := attributes[e.ID].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
				attributes[e.ID] = inner
			}
			if _, newer := inner[name]; !newer {
				inner[name] = value
			}
		}
	}
	return attributes
}

// onceEach drops members that are there twice: the library's add does not look whether a value is there (RFC 7644
// §3.5.2.1 wants it to).
func onceEach(attributes scim.ResourceAttributes) scim.ResourceAttributes {
	members, _ := attributes["members"].([]any)
	seen := map[any]bool{}
	for _, m := range members {
		if member, ok := m.(map[string]any); ok {
			seen[member["value"]] = false
		}
	}
	if len(seen) == len(members) {
		return attributes
	}
	attributes["members"] = slices.DeleteFunc(slices.Clone(members), func(m any) bool {
		value := m.(map[string]any)["value"]
		there := seen[value]
		seen[value] = true
		return there
	})
	return attributes
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
