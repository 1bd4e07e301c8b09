package scim

import (
	"net/http"
	"time"
)

// pace gives a body its time. A request has a slot while its body comes: one of which half is sent and no more would keep
// it for as long as the server waits.
func (s *Server) pace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			size := s.Limits.Body
			if r.ContentLength >= 0 {
				size = min(size, r.ContentLength)
			}
			// net/http takes the deadline away when the body has come. When it has not, it stays, and ends the connection.
			// A writer that has no deadlines is a test's.
			patience := s.Limits.Patience * time.Duration(1+size>>20)
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(patience))
		}
		next.ServeHTTP(w, r)
	})
}

// writeParts writes what may not fit into the system's buffers, so that it waits for the client: each part has a deadline of
// its own, and all have that of the server's WriteTimeout, which it sets again for the next request.
func (w *responseWriter) writeParts(body []byte) (written int, err error) {
	server, ok := w.request.Context().Value(http.ServerContextKey).(*http.Server)
	if !ok || server.WriteTimeout <= 0 {
		return w.ResponseWriter.Write(body)
	}
	controller := http.NewResponseController(w.ResponseWriter)
	if w.until.IsZero() {
		w.until = time.Now().Add(server.WriteTimeout)
	}
	for written < len(body) && err == nil {
		deadline := time.Now().Add(w.patience)
		if deadline.After(w.until) {
			deadline = w.until
		}
		_ = controller.SetWriteDeadline(deadline)
		var n int
		n, err = w.ResponseWriter.Write(body[written:min(written+streamPart, len(body))])
		written += n
	}
	return written, err
}
