package events

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"proprio/resources"
)

// pollRequest is what a receiver sends (RFC 8936 §2.2).
type pollRequest struct {
	MaxEvents         *int                `json:"maxEvents"`
	ReturnImmediately bool                `json:"returnImmediately"`
	Ack               []string            `json:"ack"`
	SetErrs           map[string]setError `json:"setErrs"`
}

// setError is what a receiver says of a SET that it does not take (RFC 8935 §2.4).
type setError struct {
	Err         string `json:"err"`
	Description string `json:"description"`
}

// pollResponse is what it gets (RFC 8936 §2.3).
type pollResponse struct {
	Sets          map[string]string `json:"sets"`
	MoreAvailable bool              `json:"moreAvailable,omitempty"`
}

// poll is RFC 8936: it takes acknowledgements and gives what waits. What is not acknowledged comes again with the next
// poll. Without returnImmediately it waits a while for something to give.
func (s *Server) poll(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	var ask pollRequest
	if err := s.decode(w, r, &ask); err != nil {
		return err
	}
	if ask.MaxEvents != nil && *ask.MaxEvents < 0 {
		return resources.Errorf(resources.ErrInvalidValue, "maxEvents", "It is negative; 0 asks for none.")
	}
	stream, err := s.own(r.Context(), c, r.PathValue("stream"))
	if err != nil {
		return err
	}
	if stream.Delivery.Method != Poll {
		return resources.Errorf(resources.ErrInvalidValue, "", "The stream is delivered by push; change its delivery.method to %s to poll.", Poll)
	}
	if err := s.acknowledge(r.Context(), stream, ask); err != nil {
		return err
	}
	most := s.Limits.Events
	if ask.MaxEvents != nil {
		most = min(*ask.MaxEvents, most)
	}
	if most == 0 {
		respond(w, http.StatusOK, pollResponse{Sets: map[string]string{}})
		return nil
	}
	sets, err := s.await(r.Context(), stream, most, ask.ReturnImmediately)
	if err != nil {
		return err
	}
	return s.give(w, r, stream, sets, most)
}

// acknowledge takes what the receiver has, and what it will not have: that is told to the administrator, and would be no
// better the next time.
func (s *Server) acknowledge(ctx context.Context, stream Stream, ask pollRequest) error {
	note := ""
	for _, jti := range slices.Sorted(maps.Keys(ask.SetErrs)) {
		note = fmt.Sprintf("the receiver refused %s: %s %s", clip(jti), clip(ask.SetErrs[jti].Err), clip(ask.SetErrs[jti].Description))
		s.Log.WarnContext(ctx, "security event token refused", "company", stream.Company, "stream", stream.ID, "reason", note)
	}
	done := append(slices.Clone(ask.Ack), slices.Collect(maps.Keys(ask.SetErrs))...)
	return s.Store.Acknowledge(ctx, stream.Company, stream.ID, done, strings.TrimSpace(note))
}

// await returns what waits, one more than most where there is more. When nothing does, and the receiver would rather
// wait, it looks again whenever something may have happened, for a bounded time.
func (s *Server) await(ctx context.Context, stream Stream, most int, atOnce bool) ([]SET, error) {
	end := time.NewTimer(s.Limits.Wait)
	defer end.Stop()
	for {
		rung := s.Bell.Wait()
		stream, err := s.Fill(ctx, stream.Company, stream.ID)
		if err != nil {
			return nil, err
		}
		sets, err := s.Store.Queued(ctx, stream.Company, stream.ID, stream.Status != Enabled, most+1)
		if err != nil || len(sets) > 0 || atOnce {
			return sets, err
		}
		look := time.NewTimer(s.Limits.Look)
		select {
		case <-rung:
		case <-look.C:
		case <-end.C:
			atOnce = true
		case <-s.Stopping:
			atOnce = true
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		look.Stop()
	}
}

func (s *Server) give(w http.ResponseWriter, r *http.Request, stream Stream, sets []SET, most int) error {
	response := pollResponse{Sets: map[string]string{}, MoreAvailable: len(sets) > most}
	sets = sets[:min(len(sets), most)]
	tokens, err := s.Signer.Sign(r.Context(), stream.Company, stream.Connection, sets)
	if err != nil {
		return err
	}
	for i, set := range sets {
		response.Sets[set.JTI] = tokens[i]
	}
	respond(w, http.StatusOK, response)
	return nil
}

// own returns a stream of the connection; another connection's does not exist for it.
func (s *Server) own(ctx context.Context, c resources.Connection, id string) (Stream, error) {
	stream, err := s.Store.Stream(ctx, c.Company, id)
	if err == nil && stream.Connection != c.ID {
		return Stream{}, resources.Errorf(resources.ErrNotFound, "stream_id", "There is no such stream.")
	}
	return stream, err
}
