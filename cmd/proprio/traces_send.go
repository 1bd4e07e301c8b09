package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

const (
	sendTime  = 10 * time.Second // for one request to the receiver
	sendTries = 3
	closeTime = 2 * time.Second // for all that is left when the program ends
)

// receiver sends traces by OTLP over HTTP (OTLP 1.x, binary protobuf). It is an otlptrace.Client in place of
// OpenTelemetry's own: that one links gRPC, which is a third of this program's size, to send one message.
type receiver struct {
	url     string
	headers http.Header
	client  *http.Client
	pause   time.Duration // before another try, where the receiver names none
}

// Start implements otlptrace.Client.
func (r *receiver) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (r *receiver) Stop(context.Context) error {
	r.client.CloseIdleConnections()
	return nil
}

// UploadTraces implements otlptrace.Client. A receiver that is busy is tried again a few times.
func (r *receiver) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// An ExportTraceServiceRequest has the one field that TracesData has, under the same number.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		after, err := r.send(ctx, body)
		if err == nil || after < 0 || try == sendTries {
			return err
		}
		timer := time.NewTimer(after)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return errors.Join(err, ctx.Err())
		}
	}
}

// send makes one try, and says when another makes sense; never, when after is negative.
func (r *receiver) send(ctx context.Context, body []byte) (after time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	req.Header = r.headers.Clone()
	req.Header.Set("Content-Type", "application/x-protobuf")
	resp, err := r.client.Do(req)
	if err != nil {
		return r.pause, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	if resp.StatusCode < 300 {
		return 0, nil
	}
	err = fmt.Errorf("the receiver of traces answers %s", resp.Status)
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if seconds, wrong := strconv.Atoi(resp.Header.Get("Retry-After")); wrong == nil && seconds > 0 {
			return min(time.Duration(seconds)*time.Second, sendTime), err
		}
		return r.pause, err
	}
	return -1, err
}

// reported says in the log what could not be sent. The traces are lost; requests never wait for them. Nor does the end of
// the program wait for long: once abandoned is done, what is being sent is given up, and so is what is left.
type reported struct {
	sdktrace.SpanExporter
	abandoned context.Context
	log       *slog.Logger
}

// ExportSpans implements sdktrace.SpanExporter.
func (r reported) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.abandoned, cancel)()
	if err := r.SpanExporter.ExportSpans(ctx, spans); err != nil {
		if r.abandoned.Err() != nil {
			err = fmt.Errorf("the receiver did not take them within the %s that the end of the program waits: %w", closeTime, err)
		}
		r.log.WarnContext(ctx, "traces not sent", "spans", len(spans), "error", err)
	}
	return nil
}
