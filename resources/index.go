package resources

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
)

// Index derives from a document what the store keeps in columns of their own.
func (rt *ResourceType) Index(doc Document) Index {
	ix := Index{Active: true, Keys: rt.keys(doc)}
	if rt.NamedByColumn() {
		ix.DisplayName, _ = doc["displayName"].(string)
		ix.NameFolded = Fold(ix.DisplayName)
	}
	if rt.Name != TypeUser {
		if active, ok := doc["active"].(bool); ok && rt.traits.active != nil {
			ix.Active = active
		}
		return ix
	}
	ix.UserName, _ = doc["userName"].(string)
	ix.UserNameFolded = FoldUserName(ix.UserName)
	if active, ok := doc["active"].(bool); ok {
		ix.Active = active
	}
	extension, _ := doc[SchemaOwnership].(map[string]any)
	ix.Hold, _ = extension["hold"].(string)
	if ix.Active && ix.Hold == "" { // who has left, or is not in force, holds no post: a successor may take it
		post, _ := extension["post"].(string)
		ix.PostFolded = FoldEmail(post)
	}
	enterprise, _ := doc[SchemaEnterprise].(map[string]any)
	manager, _ := enterprise["manager"].(map[string]any)
	ix.Manager, _ = manager["value"].(string)
	emails, _ := doc["emails"].([]any)
	for _, v := range emails {
		if e, ok := indexEmail(v); ok {
			ix.Emails = append(ix.Emails, e)
		}
	}
	return ix
}

// NamedByColumn says whether the type's displayName is one that the index holds: a single text that is shown.
func (rt *ResourceType) NamedByColumn() bool {
	return rt.traits.name != nil && rt.traits.name.Name == "displayName"
}

// nameOf is what a reader recognises a resource by, for the audit record; "" when the type has nothing of the kind.
func (rt *ResourceType) nameOf(doc Document) string {
	if rt.Name == TypeUser {
		userName, _ := doc["userName"].(string)
		displayName, _ := doc["displayName"].(string)
		return cmp.Or(userName, displayName)
	}
	if rt.traits.name == nil {
		return ""
	}
	name, _ := doc[rt.traits.name.Name].(string)
	if name == "" && (rt.Name == TypeRole || rt.Name == TypeEntitlement) {
		name, _ = doc["value"].(string)
	}
	return name
}

func indexEmail(v any) (Email, bool) {
	object, _ := v.(map[string]any)
	var e Email
	e.Value, _ = object["value"].(string)
	e.Type, _ = object["type"].(string)
	e.Primary, _ = object["primary"].(bool)
	e.Folded = FoldEmail(e.Value)
	return e, object != nil
}

// Document decodes the resource's Body. The document is the caller's own, to change at will.
func (r *Resource) Document() (Document, error) {
	if v, ok := decodeFast(r.Body); ok {
		if object, ok := v.(map[string]any); ok {
			doc := Document(object)
			return doc, doc.reveal(r.Hidden)
		}
	}
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.UseNumber()
	var doc Document
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("decode stored %s %s: %w", r.Type, r.ID, err)
	}
	return doc, doc.reveal(r.Hidden)
}

// marshal writes a document as a Body.
func marshal(doc Document) json.RawMessage { return encode(map[string]any(doc)) }
