package events

import (
	"context"
	"net/http"

	"proprio/audit"
	"proprio/resources"
)

// streamStatus is SSF 1.0 §8.1.2.
type streamStatus struct {
	StreamID string `json:"stream_id"`
	Status   Status `json:"status"`
	Reason   string `json:"reason,omitempty"`
}

func (s *Server) readStatus(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	stream, err := s.own(r.Context(), c, r.URL.Query().Get("stream_id"))
	if err == nil {
		respond(w, http.StatusOK, streamStatus{stream.ID, stream.Status, stream.Reason})
	}
	return err
}

func (s *Server) changeStatus(w http.ResponseWriter, r *http.Request, c resources.Connection) error {
	var ask streamStatus
	if err := s.decode(w, r, &ask); err != nil {
		return err
	}
	stream, err := s.own(r.Context(), c, ask.StreamID)
	if err != nil {
		return err
	}
	if err := s.SetStatus(r.Context(), actorOf(c), stream, ask.Status, ask.Reason); err != nil {
		return err
	}
	respond(w, http.StatusOK, ask)
	return nil
}

// SetStatus enables, pauses or disables a stream. A stream that was disabled goes on from the end of the log: what
// happened meanwhile is not told. When it is not the receiver that changes it, the receiver is told (SSF 1.0 §8.1.5).
func (p *Publisher) SetStatus(ctx context.Context, actor audit.Actor, stream Stream, status Status, reason string) error {
	was := stream.Status
	stream.Status, stream.Reason = status, reason
	restart := was == Disabled && status != Disabled
	if restart {
		stream.begin()
	}
	if err := stream.Check(); err != nil {
		return err
	}
	if len(reason) > maxText {
		return resources.Errorf(resources.ErrInvalidValue, "reason", "It has more than %d bytes.", maxText)
	}
	if err := p.Store.SetStream(ctx, actor, stream, restart); err != nil {
		return err
	}
	if status == was || actor.Kind == audit.ActorConnection {
		return nil
	}
	says := map[string]string{"status": string(status)}
	if reason != "" {
		says["reason"] = reason
	}
	return p.aboutStream(ctx, stream, StreamUpdated, says)
}

// aboutStream queues an event about the stream itself.
func (p *Publisher) aboutStream(ctx context.Context, stream Stream, event string, says map[string]string) error {
	body, err := object(says)
	if err != nil {
		return err
	}
	return p.Store.Enqueue(ctx, stream.Company, stream.ID, SET{
		JTI: p.NewID(), At: p.Now(), Txn: p.NewID(), Subject: Subject{Format: "opaque", ID: stream.ID}, Event: event, Payload: body,
	})
}
