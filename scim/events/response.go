package events

import (
	"context"
	"strconv"
	"strings"

	"proprio/resources"
)

// Responses are the outcomes of an asynchronous request as SETs, one for each operation (RFC 9967 §2.5.1). Those of a
// bulk request are numbered in the order of the request. They are made anew each time, with the same jti.
func Responses(r resources.AsyncRequest) ([]SET, error) {
	sets := make([]SET, len(r.Outcome))
	for i, outcome := range r.Outcome {
		txn := r.Txn
		if bulk(r) {
			txn += ":" + strconv.Itoa(i)
		}
		uri := relative(outcome.Location)
		if uri == "" { // nothing came of it: where it was to go
			uri, _, _ = strings.Cut(r.Path, "?")
		}
		outcome.Location = "" // sub_id says it
		payload, err := object(outcome)
		if err != nil {
			return nil, err
		}
		sets[i] = SET{
			JTI: "async-" + txn, At: r.Finished, Txn: txn, Subject: Subject{Format: "scim", URI: uri}, Event: AsyncResponse,
			Payload: payload,
		}
	}
	return sets, nil
}

func bulk(r resources.AsyncRequest) bool {
	path, _, _ := strings.Cut(r.Path, "?")
	return strings.EqualFold(strings.Trim(path, "/"), "Bulk")
}

// relative is a location under the SCIM base.
func relative(location string) string {
	const base = "/scim/v2"
	_, path, found := strings.Cut(location, base)
	if !found {
		return ""
	}
	return path
}

// Signed signs the outcomes of an asynchronous request, for the connection whose request it is.
func (p *Publisher) Signed(ctx context.Context, r resources.AsyncRequest) ([]string, error) {
	sets, err := Responses(r)
	if err != nil {
		return nil, err
	}
	return p.Signer.Sign(ctx, r.Company, r.Connection, sets)
}
