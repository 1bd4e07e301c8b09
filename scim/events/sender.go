package events

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// sender posts SETs (RFC 8935).
type sender struct {
	guarded, open *http.Client // the second may also call private networks
}

const sendTime = 15 * time.Second // of one SET, from dialling to the end of the answer

// newSender takes transports that do and do not stay out of private networks. It follows no redirect: a token and its
// Authorization header are for the address that was configured alone.
func newSender(guarded, open http.RoundTripper) sender {
	client := func(t http.RoundTripper) *http.Client {
		return &http.Client{Transport: t, Timeout: sendTime, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
	}
	return sender{guarded: client(guarded), open: client(open)}
}

// refusal means that the receiver has looked at a SET and says that it will never take it (RFC 8935 §2.4).
type refusal struct{ setError }

func (r refusal) Error() string {
	return fmt.Sprintf("the receiver refused it: %s %s", clip(r.Err), clip(r.Description))
}

// send delivers one token. A refusal is final; after any other error the token must be sent again.
func (s sender) send(ctx context.Context, d Delivery, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Endpoint, bytes.NewReader([]byte(token)))
	if err != nil {
		return fmt.Errorf("endpoint_url: %w", err)
	}
	req.Header.Set("Content-Type", "application/secevent+jwt")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Proprio")
	if d.Authorization != "" {
		req.Header.Set("Authorization", d.Authorization)
	}
	client := s.guarded
	if d.AllowPrivate {
		client = s.open
	}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 16<<10))
	switch {
	case resp.StatusCode/100 == 2: // 202, and what comes near it
		return nil
	case err != nil:
		return fmt.Errorf("answer %s broke off: %w", resp.Status, err)
	case resp.StatusCode == http.StatusBadRequest:
		return badRequest(resp, body)
	}
	return fmt.Errorf("answer %s", resp.Status)
}

// badRequest tells a token that is wrong in itself from one that may be taken later: keys are fetched anew, an audience or
// an authorization is set right.
func badRequest(resp *http.Response, body []byte) error {
	var says setError
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if media != "application/json" || json.Unmarshal(body, &says) != nil || says.Err == "" {
		return errors.New("answer 400 without a reason")
	}
	if says.Err == "invalid_request" {
		return refusal{says}
	}
	return fmt.Errorf("answer 400: %s %s", clip(says.Err), clip(says.Description))
}
