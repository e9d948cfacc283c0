package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	// fetchWithin is how long an answer of a public address may take. Who signs at a counter does not wait longer either.
	fetchWithin = 10 * time.Second
	// mostFetched bounds what is read: a list of some hundred thousand entries.
	mostFetched = 64 << 20
)

// outside fetches over a connection of its own each time, as somebody does who comes for the first time.
type outside struct{ client *http.Client }

func newOutside(transport http.RoundTripper) outside {
	if transport == nil {
		transport = &http.Transport{DisableKeepAlives: true, TLSHandshakeTimeout: fetchWithin / 2}
	}
	return outside{&http.Client{Transport: transport, Timeout: fetchWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// fetched is what an address answered.
type fetched struct {
	status    int
	tag, kind string
	body      []byte
}

// do fetches; why is "" when there is an answer, whatever its status.
func (o outside) do(ctx context.Context, method, url string, header map[string]string, body []byte) (f fetched, why Reason) {
	r, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return f, OwnFault
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	answer, err := o.client.Do(r)
	if err != nil {
		return f, whyOf(err)
	}
	f.status, f.tag, f.kind = answer.StatusCode, answer.Header.Get("ETag"), answer.Header.Get("Content-Type")
	f.body, err = io.ReadAll(io.LimitReader(answer.Body, mostFetched+1))
	if err = cmp.Or(err, answer.Body.Close()); err != nil {
		return f, whyOf(err)
	}
	if len(f.body) > mostFetched {
		return f, Status
	}
	return f, ""
}

// whyOf tells silence from a connection that is refused or breaks off.
func whyOf(err error) Reason {
	var n net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout() {
		return Timeout
	}
	return Unreachable
}
