package validation

import (
	"bytes"
	"cmp"
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	// fetchWithin is how long a fetch may take, in real time.
	fetchWithin = 10 * time.Second
	// mostFetched bounds what is read: a list of some hundred thousand entries.
	mostFetched = 64 << 20
)

// outside fetches from the public addresses, as those who rely on certificates do: over a connection of its own each time, so that
// nothing of this process is between. Without such an address it asks our own handler (inside.go).
type outside struct {
	base   string
	client *http.Client
	// mark goes with each question of ours, and nobody else knows it: what the inspection was told is in the record under our own
	// name, because nobody relies on it.
	mark string
}

// markHeader carries the mark.
const markHeader = "Akashi-Inspection"

func newOutside(base string, transport http.RoundTripper, random io.Reader) (outside, error) {
	if transport == nil {
		transport = &http.Transport{DisableKeepAlives: true, TLSHandshakeTimeout: fetchWithin / 2}
	}
	mark := make([]byte, 16)
	if _, err := io.ReadFull(random, mark); err != nil {
		return outside{}, fmt.Errorf("couldn't draw the mark of the inspection: %w", err)
	}
	return outside{base: base, client: &http.Client{Transport: transport, Timeout: fetchWithin}, mark: hex.EncodeToString(mark)}, nil
}

// isOurs tells whether a question is the inspection's.
func (f outside) isOurs(r *http.Request) bool {
	return subtle.ConstantTimeCompare([]byte(r.Header.Get(markHeader)), []byte(f.mark)) == 1
}

// status is the error of an address that answered, with something else than what was asked for.
type status int

func (s status) Error() string { return fmt.Sprintf("HTTP %d %s", int(s), http.StatusText(int(s))) }

// get fetches what is published at a path.
func (f outside) get(ctx context.Context, path string) ([]byte, error) {
	return f.fetch(ctx, http.MethodGet, path, "", nil)
}

// ask puts a question to the responder (RFC 6960 A.1).
func (f outside) ask(ctx context.Context, question []byte) ([]byte, error) {
	return f.fetch(ctx, http.MethodPost, "/ocsp", "application/ocsp-request", question)
}

func (f outside) fetch(ctx context.Context, method, path, kind string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, f.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	r.Header.Set(markHeader, f.mark)
	answer, err := f.client.Do(r)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(io.LimitReader(answer.Body, mostFetched+1))
	err = cmp.Or(err, answer.Body.Close())
	switch {
	case err != nil:
		return nil, err
	case answer.StatusCode != http.StatusOK:
		return nil, status(answer.StatusCode)
	case len(got) > mostFetched:
		return nil, errors.New("it is longer than anything that is published")
	}
	return got, nil
}
