package scim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"proprio/resources"
)

// Schema URNs of the discovery resources (RFC 7643 §10.3).
const (
	schemaProviderConfig = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
	schemaResourceType   = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
	schemaSchema         = "urn:ietf:params:scim:schemas:core:2.0:Schema"
	schemaListResponse   = "urn:ietf:params:scim:api:messages:2.0:ListResponse"

	schemaAgent              = "urn:ietf:params:scim:schemas:core:2.0:Agent"
	schemaAgenticApplication = "urn:ietf:params:scim:schemas:core:2.0:AgenticApplication"
)

// discovery serves what the server can do (RFC 7644 §4). All of it is known at the start, so it is rendered once.
type discovery struct {
	config document
	types  documents
	urns   documents
}

// document is a response that never changes, with its entity tag.
type document struct {
	body []byte
	tag  string
}

// documents are a list and its members by lower-case id.
type documents struct {
	kind string // for errors
	list document
	byID map[string]document
}

type object = map[string]any

func newDiscovery(s *site) *discovery {
	base := s.PublicURL + BasePath
	var types, schemas []object
	for _, rt := range s.types() {
		types = append(types, resourceTypeObject(base, rt))
	}
	publish := func(id string, o object) {
		if s.profile {
			declareTypes(o)
		}
		o["meta"] = discoveryMeta("Schema", base+"/Schemas/"+id)
		schemas = append(schemas, o)
	}
	for _, urn := range s.registry.Schemas() {
		if !slices.ContainsFunc(s.stored(), func(rt *resources.ResourceType) bool { return rt.URN(urn.ID) != "" }) {
			continue
		}
		publish(urn.ID, s.registry.SchemaDocument(urn))
	}
	for _, rt := range s.views {
		publish(rt.Schema.ID, rt.Schema.ToMap())
	}
	config := providerConfigObject(base, s.Limits, s.authenticationSchemes())
	if !s.plain {
		s.addExtras(config)
	}
	return &discovery{
		config: newDocument(config),
		types:  newDocuments("resource type", types),
		urns:   newDocuments("schema", schemas),
	}
}

// addExtras says what is beyond RFC 7643 and RFC 9865.
func (s *site) addExtras(config object) {
	if s.profile {
		config["interopProfileConformant"] = true // draft-zollner-scim-interop-profile
	}
	if s.hasDelta() {
		config["DeltaQuery"] = deltaConfig(s.stored())
	}
	if s.features.Roles {
		config["RolesAndEntitlements"] = object{
			"roles":        object{"supported": true, "multipleRolesSupported": true, "primarySupported": true, "typeSupported": true},
			"entitlements": object{"supported": true, "multipleEntitlementsSupported": true, "primarySupported": true, "typeSupported": true},
		}
	}
	if agents := agentConfig(s.stored()); agents != nil {
		config["agentExtension"] = agents
	}
	if len(s.EventURIs) > 0 || s.Async != nil {
		config["securityEvents"] = securityEvents(s.EventURIs, s.Async != nil)
	}
}

// providerConfigObject says what this server truly does (RFC 7643 §5; RFC 9865 §4 for pagination).
func providerConfigObject(base string, l Limits, schemes []object) object {
	supported := func(yes bool) object { return object{"supported": yes} }
	return object{
		"schemas":        []string{schemaProviderConfig},
		"patch":          supported(true),
		"bulk":           object{"supported": true, "maxOperations": l.Bulk, "maxPayloadSize": l.Body},
		"filter":         object{"supported": true, "maxResults": l.MaxPage},
		"changePassword": supported(false),
		"sort":           supported(true),
		"etag":           supported(true),
		"pagination": object{
			"cursor": true, "index": true, "defaultPaginationMethod": "index",
			"defaultPageSize": l.PageSize, "maxPageSize": l.MaxPage, "cursorTimeout": l.CursorTimeout,
		},
		"authenticationSchemes": schemes,
		"meta":                  discoveryMeta("ServiceProviderConfig", base+"/ServiceProviderConfig"),
	}
}

// authenticationSchemes says how a client gets in (RFC 7643 §5).
func (s *Server) authenticationSchemes() []object {
	schemes := []object{{
		"type": "oauthbearertoken", "name": "Bearer token", "primary": true,
		"description": "A token that an administrator issues for one connection, sent as Authorization: Bearer.",
		"specUri":     "https://www.rfc-editor.org/info/rfc6750",
	}}
	if s.ResourceMetadata != "" {
		schemes = append(schemes, object{
			"type": "oauth2", "name": "OAuth 2.0 client credentials",
			"description": "A bearer token of an hour that a client gets by itself, with scope scim: by a client secret, " +
				"private_key_jwt or a federated assertion. The document at documentationUri names the authorization server.",
			"specUri": "https://www.rfc-editor.org/info/rfc6749", "documentationUri": s.ResourceMetadata,
		})
	}
	return schemes
}

// securityEvents is RFC 9967 §4.
func securityEvents(eventURIs []string, async bool) object {
	o := object{"asyncRequest": "none", "eventUris": eventURIs}
	if async {
		o["asyncRequest"] = "request"
	}
	if len(eventURIs) == 0 {
		delete(o, "eventUris")
	}
	return o
}

// agentConfig is what draft-abbey-scim-agent-extension adds, where the company has its types; nil where it has none. An
// Agent with a name is that of this draft; other drafts use the same URN.
func agentConfig(types []*resources.ResourceType) object {
	named := func(a *resources.Attribute) bool { return a.Name == "name" }
	has := func(urn string) bool {
		return slices.ContainsFunc(types, func(rt *resources.ResourceType) bool {
			return rt.Schema.ID == urn && slices.ContainsFunc(rt.Attributes(), named)
		})
	}
	agents, applications := has(schemaAgent), has(schemaAgenticApplication)
	if !agents && !applications {
		return nil
	}
	return object{"supported": true, "agentsSupported": agents, "agenticApplicationsSupported": applications}
}

// resourceTypeObject is RFC 7643 §6. Its id is its name.
func resourceTypeObject(base string, rt *resources.ResourceType) object {
	o := object{
		"schemas": []string{schemaResourceType}, "id": rt.Name, "name": rt.Name, "description": rt.Description,
		"endpoint": rt.Endpoint, "schema": rt.Schema.ID,
		"meta": discoveryMeta("ResourceType", base+"/ResourceTypes/"+rt.Name),
	}
	var extensions []object
	for _, extension := range rt.Extensions {
		extensions = append(extensions, object{"schema": extension.ID, "required": rt.Requires(extension.ID)})
	}
	if extensions != nil {
		o["schemaExtensions"] = extensions
	}
	return o
}

func discoveryMeta(resourceType, location string) object {
	return object{"resourceType": resourceType, "location": location}
}

func newDocuments(kind string, all []object) documents {
	d := documents{kind: kind, byID: map[string]document{}}
	for _, o := range all {
		id, _ := o["id"].(string)
		d.byID[strings.ToLower(id)] = newDocument(o)
	}
	d.list = newDocument(object{
		"schemas": []string{schemaListResponse}, "totalResults": len(all), "startIndex": 1, "itemsPerPage": len(all),
		"Resources": all,
	})
	return d
}

func newDocument(o object) document {
	body, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("scim: discovery document: %v", err)) // texts, numbers and booleans of our own
	}
	body = withoutEmptyTexts(body)
	sum := sha256.Sum256(body)
	return document{body, `W/"` + hex.EncodeToString(sum[:8]) + `"`}
}

// withoutEmptyTexts drops members that are "": elimity's schemas have such descriptions, and clients that generate
// models take them for values (protocol.md 2.1, 8).
func withoutEmptyTexts(body []byte) []byte {
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return body
	}
	dropEmptyTexts(value)
	clean, err := json.Marshal(value)
	if err != nil {
		return body
	}
	return clean
}

func dropEmptyTexts(value any) {
	switch v := value.(type) {
	case object:
		for key, inner := range v {
			if inner == "" {
				delete(v, key)
				continue
			}
			dropEmptyTexts(inner)
		}
	case []any:
		for _, inner := range v {
			dropEmptyTexts(inner)
		}
	}
}

func (d *discovery) providerConfig(w http.ResponseWriter, r *http.Request) error {
	return serve(w, r, d.config)
}

func (d *discovery) resourceTypes(w http.ResponseWriter, r *http.Request) error {
	return d.types.serveList(w, r)
}

func (d *discovery) resourceType(w http.ResponseWriter, r *http.Request) error {
	return d.types.serveOne(w, r)
}

func (d *discovery) schemas(w http.ResponseWriter, r *http.Request) error {
	return d.urns.serveList(w, r)
}

func (d *discovery) schema(w http.ResponseWriter, r *http.Request) error {
	return d.urns.serveOne(w, r)
}

// serveList refuses a filter: a client that sends one would take the whole list for its result (RFC 7644 §4).
func (d documents) serveList(w http.ResponseWriter, r *http.Request) error {
	parameters, err := parseParameters(r)
	if err != nil {
		return err
	}
	if _, ok := parameters["filter"]; ok {
		return resources.Errorf(resources.ErrForbidden, "filter", "This list takes no filter (RFC 7644 §4).")
	}
	return serve(w, r, d.list)
}

func (d documents) serveOne(w http.ResponseWriter, r *http.Request) error {
	one, ok := d.byID[strings.ToLower(pathID(r))]
	if !ok {
		return resources.Errorf(resources.ErrNotFound, "", "There is no %s %q.", d.kind, clip(pathID(r)))
	}
	return serve(w, r, one)
}

func serve(w http.ResponseWriter, r *http.Request, d document) error {
	w.Header().Set("ETag", d.tag)
	for _, tag := range entityTags(r.Header.Values("If-None-Match")) {
		if tag == "*" || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(d.tag, "W/") {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	write(w, http.StatusOK, d.body)
	return nil
}
