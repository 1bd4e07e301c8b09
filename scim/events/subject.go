package events

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"proprio/resources"
)

// subjectRequest is SSF 1.0 §8.1.3.
type subjectRequest struct {
	StreamID string  `json:"stream_id"`
	Subject  Subject `json:"subject"`
}

// addSubject puts a resource into the receiver's feed.
func (s *Server) addSubject(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	if err := s.stand(w, r, c, true); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// removeSubject takes one out of it.
func (s *Server) removeSubject(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	if err := s.stand(w, r, c, false); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// stand makes a resource's standing what the receiver asks for. Where that changes something, it is told in the stream
// (RFC 9967 §2.3), so that it stands in its place among the other events.
func (s *Server) stand(w http.ResponseWriter, r *http.Request, c resources.Connection, in bool) error {
	var ask subjectRequest
	if err := s.decode(w, r, &ask); err != nil {
		return err
	}
	ctx := r.Context()
	stream, err := s.own(ctx, c, ask.StreamID)
	if err != nil {
		return err
	}
	ref, err := s.resolve(ctx, c, ask.Subject)
	if err != nil {
		return err
	}
	standings, err := s.Store.FeedStandings(ctx, c.Company, stream.ID, []string{ref.ID})
	if err != nil {
		return err
	}
	if stream.includes(ref.Type, standings[ref.ID]) == in {
		return nil
	}
	st, event := Removed, FeedRemove
	if in {
		st, event = Added, FeedAdd
	}
	if err := s.Store.SetFeedStanding(ctx, c.Company, stream.ID, ref.ID, st); err != nil {
		return err
	}
	sets, err := s.feedSETs(ctx, stream, event, []Ref{ref})
	if err == nil {
		err = s.Store.Enqueue(ctx, c.Company, stream.ID, sets...)
	}
	return err
}

// resolve finds the resource that a subject identifies (RFC 9493): by its path or id, by what the receiver calls it, or
// a User by address.
func (s *Server) resolve(ctx context.Context, c resources.Connection, sub Subject) (Ref, error) {
	unknown := resources.Errorf(resources.ErrNotFound, "subject", "There is no such resource.")
	caller := resources.Caller{Company: c.Company, Connection: c.ID}
	switch sub.Format {
	case "scim", "opaque":
		id := sub.ID
		if at := strings.LastIndex(sub.URI, "/"); id == "" && at >= 0 {
			id = sub.URI[at+1:]
		}
		types, err := s.Resources.Types(ctx, caller, []string{id})
		if err == nil && types[id] == "" {
			err = unknown
		}
		return Ref{Type: types[id], ID: id}, err
	case "email":
		user, err := s.Resources.GetByUserName(ctx, caller, resources.FoldUserName(sub.Email))
		if errors.Is(err, resources.ErrNotFound) {
			err = unknown
		}
		if err != nil {
			return Ref{}, err
		}
		return Ref{Type: resources.TypeUser, ID: user.ID}, nil
	case "iss_sub":
		if sub.Issuer != s.Signer.Issuer(c.Company) {
			return Ref{}, unknown
		}
		return s.resolve(ctx, c, Subject{Format: "opaque", ID: sub.Subject})
	}
	return Ref{}, resources.Errorf(resources.ErrInvalidValue, "subject.format", "It is %q; use scim, email, iss_sub or opaque.", clip(sub.Format))
}
