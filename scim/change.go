package scim

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"proprio/resources"
)

// change is one change of a resource, as a request or an operation of a bulk request asks for it.
type change struct {
	method    string // POST, PUT, PATCH or DELETE
	id        string // of the resource; none for POST
	match     []string
	noneMatch []string // values of If-Match and If-None-Match
	data      map[string]any
}

// changeOf is the change that a request with that body asks for.
func changeOf(r *http.Request, data map[string]any) change {
	return change{
		method: r.Method, id: pathID(r), data: data,
		match: r.Header.Values("If-Match"), noneMatch: r.Header.Values("If-None-Match"),
	}
}

// apply makes a change. The result of DELETE is empty.
func (e *endpoint) apply(ctx context.Context, c change) (*resources.Result, error) {
	if e.rt.ReadOnly {
		return nil, resources.Errorf(resources.ErrMutability, "", "A %s is read over SCIM; an administrator changes it.", e.rt.Name)
	}
	caller := callerFrom(ctx)
	result := &resources.Result{}
	pre, err := e.precondition(ctx, c)
	if err != nil {
		return nil, err
	}
	switch c.method {
	case http.MethodPost:
		result, err = e.Directory.Create(ctx, caller, e.rt.Name, c.data)
	case http.MethodPut:
		result, err = e.Directory.Replace(ctx, caller, e.rt.Name, c.id, pre, c.data)
	case http.MethodPatch:
		result, err = e.patch(ctx, caller, c, pre)
	case http.MethodDelete:
		err = e.Directory.Remove(ctx, caller, e.rt.Name, c.id, pre)
	default:
		err = methodNotAllowed(c.method)
	}
	if err != nil {
		return nil, e.about(c.id, err)
	}
	eventFrom(ctx).ignore(result.Ignored)
	return result, nil
}

func (e *endpoint) patch(ctx context.Context, caller resources.Caller, c change, pre resources.Precondition) (*resources.Result, error) {
	ops, err := decodePatch(e.rt, c.data, patchOptionsOf(caller.Switches))
	if err != nil {
		return nil, err
	}
	return e.Directory.Modify(ctx, caller, e.rt.Name, c.id, pre, ops)
}

// about names the resource in an error that says that there is none. Where the error has a path, it is about something
// else.
func (e *endpoint) about(id string, err error) error {
	named := new(resources.Error)
	if id == "" || !errors.Is(err, resources.ErrNotFound) || errors.As(err, &named) && named.Path != "" {
		return err
	}
	return &resources.Error{
		Kind: resources.ErrNotFound, Detail: fmt.Sprintf("There is no %s with the id %q.", e.rt.Name, clip(id)), Cause: err,
	}
}
