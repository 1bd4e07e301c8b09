package scim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	scimerrors "github.com/elimity-com/scim/errors"

	"proprio/resources"
)

// bulkMethods are the methods that an operation may have (RFC 7644 §3.7).
var bulkMethods = []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

// bulkOperation is one operation of a bulk request, and what became of it.
type bulkOperation struct {
	index    int    // place in the request, from 0
	method   string // in capitals
	bulkID   string
	version  string
	endpoint *endpoint
	id       string // from the path, or a reference in its place; none for POST
	data     map[string]any
	fault    error // why it cannot be made, as far as the request alone shows

	references []string       // bulkIds that the path and the data name
	later      map[string]any // the part of data set aside, because it leads in a circle to what comes later
	created    string         // id of the resource that a POST made
	answer     *bulkAnswer    // nil until it was processed
}

// decodeOperation decodes one operation as far as it can, so that the answer can say which one it was.
func (b *bulk) decodeOperation(item any) *bulkOperation {
	o := &bulkOperation{}
	object, ok := item.(map[string]any)
	if !ok {
		o.fault = resources.Errorf(resources.ErrInvalidSyntax, "", "An operation is an object with method, path, bulkId and data.")
		return o
	}
	fields, err := foldKeys(object, "method", "bulkid", "version", "path", "data")
	if err != nil {
		o.fault = err
		return o
	}
	for _, fault := range []error{
		o.decodeMethod(fields["method"]), o.decodeTexts(fields), b.decodePath(o, fields["path"]), o.decodeData(fields["data"]),
	} {
		if o.fault == nil {
			o.fault = fault
		}
	}
	return o
}

func (o *bulkOperation) decodeMethod(value any) error {
	text, _ := value.(string)
	if method := strings.ToUpper(text); slices.Contains(bulkMethods, method) {
		o.method = method
		return nil
	}
	o.method = clip(text)
	return resources.Errorf(resources.ErrInvalidSyntax, "method", "The method of an operation is one of %s, not %q.",
		strings.Join(bulkMethods, ", "), clip(text))
}

func (o *bulkOperation) decodeTexts(fields map[string]any) error {
	var isText bool
	if o.bulkID, isText = fields["bulkid"].(string); !isText && fields["bulkid"] != nil {
		return resources.Errorf(resources.ErrInvalidSyntax, "bulkId", "A bulkId is a text.")
	}
	if o.version, isText = fields["version"].(string); !isText && fields["version"] != nil {
		return resources.Errorf(resources.ErrInvalidSyntax, "version", "A version is a text, as in meta.version.")
	}
	if o.bulkID == "" && o.method == http.MethodPost {
		return resources.Errorf(resources.ErrInvalidSyntax, "bulkId", "A POST needs a bulkId (RFC 7644 §3.7).")
	}
	return nil
}

// decodePath finds what an operation is about: /Users for POST, /Users/{id} for the others, in the forms that the path
// of a request may have.
func (b *bulk) decodePath(o *bulkOperation, value any) error {
	path, ok := value.(string)
	if !ok || path == "" {
		return resources.Errorf(resources.ErrInvalidSyntax, "path", "An operation needs a path, such as /Users or /Users/{id}.")
	}
	segments := strings.Split(strings.TrimPrefix(canonicalPath(BasePath+"/"+path, b.names), BasePath+"/"), "/")
	o.endpoint = b.endpoints["/"+segments[0]]
	switch {
	case o.endpoint == nil || len(segments) > 2:
		return scimerrors.ScimError{
			Status: http.StatusNotFound,
			Detail: fmt.Sprintf("path: There is no %s. The endpoints are listed by %s/ResourceTypes.", clip(path), BasePath),
		}
	case strings.ContainsAny(path, "?#"):
		return resources.Errorf(resources.ErrInvalidPath, "path", "The path of an operation takes no query.")
	case o.method == http.MethodPost && len(segments) == 2:
		return resources.Errorf(resources.ErrInvalidPath, "path", "The path of a POST is that of the resource type, %s.", o.endpoint.rt.Endpoint)
	case o.method != http.MethodPost && len(segments) == 1:
		return resources.Errorf(resources.ErrInvalidPath, "path", "The path of %s is that of one resource, %s/{id}.", o.method, o.endpoint.rt.Endpoint)
	case len(segments) == 2:
		o.id = unescape(segments[1])
	}
	return nil
}

func (o *bulkOperation) decodeData(value any) error {
	if o.method == http.MethodDelete {
		return nil
	}
	data, ok := value.(map[string]any)
	if !ok {
		return resources.Errorf(resources.ErrInvalidSyntax, "data", "A %s needs data: what would be the body of its own request.", o.method)
	}
	o.data = data
	return nil
}
