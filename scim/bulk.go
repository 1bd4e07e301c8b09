package scim

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	scimerrors "github.com/elimity-com/scim/errors"

	"proprio/resources"
)

// Message schemas of bulk (RFC 7644 §8.2).
const (
	schemaBulkRequest  = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
	schemaBulkResponse = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"
)

// bulk serves many changes in one request (RFC 7644 §3.7). Each is made like a request of its own: a failed one leaves
// the others as they are. But what they may cost, in work and in time, is what one request may, and they are written
// together: see bulk_run.go.
type bulk struct{ *site }

// bulkRequest is a decoded BulkRequest.
type bulkRequest struct {
	failOnErrors int // stop after so many errors; 0: never
	operations   []*bulkOperation
	creators     map[string]*bulkOperation // the POST operations by bulkId
}

// bulkAnswer is what became of one operation. The resource itself is left out, as RFC 7644 §3.7.3 allows.
type bulkAnswer struct {
	Method   string                `json:"method,omitempty"`
	BulkID   string                `json:"bulkId,omitempty"`
	Version  string                `json:"version,omitempty"`
	Location string                `json:"location,omitempty"`
	Status   string                `json:"status"`
	Response *scimerrors.ScimError `json:"response,omitempty"`
}

// serve processes the operations in an order in which references come after what they refer to, and answers them in the
// order of the request.
func (b *bulk) serve(w http.ResponseWriter, r *http.Request) error {
	body, err := b.readObject(w, r)
	if err != nil {
		return err
	}
	request, err := b.decode(body)
	if err != nil {
		return err
	}
	if err := b.run(resources.WithWork(r.Context()), request); err != nil {
		return err
	}
	answers := make([]*bulkAnswer, 0, len(request.operations))
	for _, o := range request.operations {
		if o.answer != nil {
			answers = append(answers, o.answer)
		}
	}
	out, err := json.Marshal(object{"schemas": []string{schemaBulkResponse}, "Operations": answers})
	if err != nil {
		return fmt.Errorf("bulk response: %w", err)
	}
	write(w, http.StatusOK, out)
	return nil
}

// decode reads the envelope. Faults of single operations are kept to be answered with them.
func (b *bulk) decode(body map[string]any) (*bulkRequest, error) {
	envelope, err := foldKeys(body, "schemas", "failonerrors", "operations")
	if err != nil {
		return nil, err
	}
	if err := checkMessage(envelope["schemas"], schemaBulkRequest); err != nil {
		return nil, err
	}
	list, ok := envelope["operations"].([]any)
	if !ok || len(list) == 0 {
		return nil, resources.Errorf(resources.ErrInvalidSyntax, "Operations", "A bulk request needs a list of at least one operation.")
	}
	if len(list) > b.Limits.Bulk {
		return nil, resources.Errorf(resources.ErrTooLarge, "Operations",
			"There are %d operations; maxOperations is %d. Send them in several requests.", len(list), b.Limits.Bulk)
	}
	request := &bulkRequest{creators: map[string]*bulkOperation{}}
	if request.failOnErrors, err = decodeFailOnErrors(envelope["failonerrors"]); err != nil {
		return nil, err
	}
	for _, item := range list {
		request.add(b.decodeOperation(item))
	}
	return request, nil
}

// decodeFailOnErrors takes 0, which would fail every request before its first operation, for no limit.
func decodeFailOnErrors(value any) (int, error) {
	if value == nil {
		return 0, nil
	}
	number, _ := value.(json.Number)
	n, err := strconv.Atoi(string(number))
	if err != nil || n < 0 {
		return 0, resources.Errorf(resources.ErrInvalidSyntax, "failOnErrors", "The number of errors to stop at is an integer from 1.")
	}
	return n, nil
}

// process makes one operation's change and notes its answer.
func (b *bulk) process(ctx context.Context, request *bulkRequest, o *bulkOperation) {
	o.answer = &bulkAnswer{Method: o.method, BulkID: o.bulkID}
	var result *resources.Result
	resolved, err := request.resolve(o)
	if err == nil {
		result, err = b.change(ctx, resolved)
	}
	if o.endpoint != nil && resolved.id != "" && !isBulkReference(resolved.id) {
		o.answer.Location = o.endpoint.renderer.location(url.PathEscape(resolved.id))
	}
	switch {
	case err != nil:
		b.fail(ctx, o, err)
		return
	case o.method == http.MethodDelete:
		o.answer.Status = strconv.Itoa(http.StatusNoContent)
		return
	case o.method == http.MethodPost:
		o.answer.Status = strconv.Itoa(http.StatusCreated)
		o.created = result.Resource.ID
		o.answer.Location = o.endpoint.renderer.location(o.created)
	default:
		o.answer.Status = strconv.Itoa(http.StatusOK)
	}
	o.answer.Version = etag(result.Resource.Version)
}

// fail answers an operation with an error.
func (b *bulk) fail(ctx context.Context, o *bulkOperation, err error) {
	e := eventFrom(ctx)
	wire := wireError(err, e.id)
	if wire.Status >= http.StatusInternalServerError {
		b.Log.ErrorContext(ctx, "bulk operation", slog.String("request", e.id), slog.String("method", o.method),
			slog.String("error", err.Error()))
	}
	o.answer.Status, o.answer.Response = strconv.Itoa(wire.Status), &wire
}

// change makes the change of an operation whose references are resolved.
func (b *bulk) change(ctx context.Context, o *bulkOperation) (*resources.Result, error) {
	c := change{method: o.method, id: o.id, data: o.data}
	if o.version != "" {
		c.match = []string{o.version}
	}
	if run := asyncRunFrom(ctx); run != nil {
		if made, ok := run.done[run.part(o.index)]; ok {
			return &resources.Result{Resource: &resources.Resource{ID: made.ObjectID, Version: made.Version}}, nil
		}
		ctx = run.within(ctx, o.index)
	}
	return o.endpoint.apply(ctx, c)
}
