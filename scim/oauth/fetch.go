package oauth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"proprio/scim/client"
)

const (
	keysLife     = time.Hour        // after which keys are fetched again
	keysLongest  = 24 * time.Hour   // how long known keys are used while their address does not answer
	keysInterval = 30 * time.Second // at least between two fetches of one set, whatever assertions name
	fetchTime    = 10 * time.Second // of one document
	maxDocument  = 1 << 20          // bytes
	maxSources   = 1000             // kept; past it all are fetched anew
)

// errKeysUnreachable means that whether an assertion is good cannot be told now.
var errKeysUnreachable = errors.New("the keys cannot be fetched")

// source is where keys come from.
type source struct {
	issuer  string // its discovery document says where, when
	url     string // is empty
	private bool
}

// fetcher fetches keys through the guard that keeps out of private networks, and keeps them for a while.
type fetcher struct {
	now     func() time.Time
	guarded http.Client
	private http.Client

	mu   sync.Mutex
	each map[source]*fetched
}

// fetched are the keys of one source. Its lock is held while they are fetched: the others want the same.
type fetched struct {
	mu    sync.Mutex
	set   keySet
	at    time.Time // of the last success
	tried time.Time
	err   error // of the last try
}

func newFetcher(now func() time.Time, calls func(http.RoundTripper) http.RoundTripper) *fetcher {
	f := &fetcher{now: now, each: map[source]*fetched{}, guarded: httpClient(true), private: httpClient(false)}
	if calls != nil {
		f.guarded.Transport, f.private.Transport = calls(f.guarded.Transport), calls(f.private.Transport)
	}
	return f
}

// httpClient follows no redirect: a document has one place, and a redirect could lead from it to any other.
func httpClient(guarded bool) http.Client {
	return http.Client{
		Transport: client.Transport(guarded), Timeout: fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// verify checks an assertion with a source's keys. Keys are fetched when there are none, when they are old, and when
// none of them is the assertion's: it may be new.
func (f *fetcher) verify(ctx context.Context, from source, token *jwt.JSONWebToken) error {
	keys := f.of(from)
	keys.mu.Lock()
	defer keys.mu.Unlock()
	now := f.now()
	if age := now.Sub(keys.at); age < keysLongest {
		err := keys.set.verify(token)
		if age < keysLife && !errors.Is(err, errKeyUnknown) {
			return err
		}
	}
	if now.Sub(keys.tried) >= keysInterval {
		f.refresh(ctx, from, keys, now)
	}
	if now.Sub(keys.at) >= keysLongest {
		return fmt.Errorf("%w: %w", errKeysUnreachable, keys.err)
	}
	err := keys.set.verify(token)
	if errors.Is(err, errKeyUnknown) && keys.err != nil {
		return fmt.Errorf("%w: %w", errKeysUnreachable, keys.err)
	}
	return err
}

func (f *fetcher) of(from source) *fetched {
	f.mu.Lock()
	defer f.mu.Unlock()
	keys := f.each[from]
	if keys == nil {
		if len(f.each) >= maxSources {
			clear(f.each)
		}
		keys = &fetched{}
		f.each[from] = keys
	}
	return keys
}

// refresh goes on when the request that caused it ends: others wait for the same keys.
func (f *fetcher) refresh(ctx context.Context, from source, keys *fetched, now time.Time) {
	set, err := f.fetch(context.WithoutCancel(ctx), from)
	keys.tried, keys.err = now, err
	if err == nil {
		keys.set, keys.at = set, now
	}
}

func (f *fetcher) fetch(ctx context.Context, from source) (keySet, error) {
	address := from.url
	if address == "" {
		var err error
		address, err = f.discover(ctx, from)
		if err != nil {
			return keySet{}, err
		}
	}
	document, err := f.document(ctx, address, from.private)
	if err != nil {
		return keySet{}, err
	}
	set, err := fetchedKeys(document)
	if err != nil {
		return set, fmt.Errorf("%s: %w", address, err)
	}
	return set, nil
}

// discover finds an issuer's keys (OpenID Connect Discovery §4). The document must be the issuer's own.
func (f *fetcher) discover(ctx context.Context, from source) (string, error) {
	address := from.issuer + "/.well-known/openid-configuration"
	document, err := f.document(ctx, address, from.private)
	if err != nil {
		return "", err
	}
	var found struct {
		Issuer  string `json:"issuer"`
		KeysURL string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(document, &found); err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	if found.Issuer != from.issuer {
		return "", fmt.Errorf("%s is the document of %q", address, found.Issuer)
	}
	return found.KeysURL, Client{Private: from.private}.checkURL("jwks_uri", found.KeysURL)
}

func (f *fetcher) document(ctx context.Context, address string, private bool) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	through := &f.guarded
	if private {
		through = &f.private
	}
	response, err := through.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", address, response.Status)
	}
	document, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	if len(document) > maxDocument {
		return nil, fmt.Errorf("%s is longer than %d bytes", address, maxDocument)
	}
	return document, nil
}
