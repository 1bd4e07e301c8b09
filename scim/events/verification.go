package events

import (
	"errors"
	"fmt"
	"net/http"

	"proprio/resources"
)

// errTooSoon means that something was asked for again before it may be.
var errTooSoon = errors.New("too soon")

// verify sends the receiver an event of its own making over the stream, with the state that it gave (SSF 1.0 §8.1.4).
func (s *Server) verify(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	var ask struct {
		StreamID string `json:"stream_id"`
		State    string `json:"state"`
	}
	if err := s.decode(w, r, &ask); err != nil {
		return err
	}
	if len(ask.State) > maxText {
		return resources.Errorf(resources.ErrInvalidValue, "state", "It has more than %d bytes.", maxText)
	}
	stream, err := s.own(r.Context(), c, ask.StreamID)
	if err != nil {
		return err
	}
	now := s.Now()
	noted, err := s.Store.NoteVerification(r.Context(), c.Company, stream.ID, now, now.Add(-s.Limits.Verify))
	if err != nil {
		return err
	}
	if !noted {
		w.Header().Set("Retry-After", fmt.Sprint(int(s.Limits.Verify.Seconds())+1))
		return fmt.Errorf("%w: min_verification_interval is %v; ask again later", errTooSoon, s.Limits.Verify)
	}
	says := map[string]string{}
	if ask.State != "" {
		says["state"] = ask.State
	}
	if err := s.aboutStream(r.Context(), stream, Verification, says); err != nil {
		return err
	}
	s.Bell.Ring()
	w.WriteHeader(http.StatusNoContent)
	return nil
}
