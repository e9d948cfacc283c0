package printing

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing/ipp"
)

// line carries requests to a printer, each on a connection of its own.
type line struct {
	uri, user string // printer-uri and requesting-user-name of every request
	url       string
	client    *http.Client
	number    atomic.Uint32
}

// answerLimit is the size of an answer that is read. A list of five hundred jobs has some 200 KB.
const answerLimit = 4 << 20

// errAbroad: without encryption a document goes no further than the own network.
var errAbroad = errors.New("the address is outside the own network, and ipp:// is not encrypted")

func newLine(c QueueConfig) (*line, error) {
	u, err := url.Parse(c.URI)
	if err != nil || u.Scheme != "ipp" && u.Scheme != "ipps" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, plain.Bad("printer", "プリンターのアドレスが正しくありません。ipp://ホスト/ipp/print か ipps://ホスト/ipp/print の形で書いてください(利用者名やパスワードは書けません)。",
			"The printer's address is not right. Write it as ipp://HOST/ipp/print or ipps://HOST/ipp/print, without a user or a password.")
	}
	if !userForm(c.User) {
		return nil, plain.Bad("user", "プリンターに伝える利用者名は、半角の英小文字・数字・ハイフン1～32文字にしてください。",
			"The user's name that the printer is told must be 1 to 32 small letters, digits and hyphens.")
	}
	port := u.Port()
	if port == "" {
		port = "631" // RFC 3510, RFC 7472
	}
	web := url.URL{Scheme: "http", Host: net.JoinHostPort(u.Hostname(), port), Path: u.Path}
	dialer := &net.Dialer{}
	if u.Scheme == "ipps" {
		web.Scheme = "https"
	} else {
		// Looked at when the connection is made, so that no name leads elsewhere later.
		dialer.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			if a, err := netip.ParseAddrPort(address); err != nil || !near(a.Addr()) {
				return errAbroad
			}
			return nil
		}
	}
	return &line{uri: c.URI, user: c.User, url: web.String(), client: &http.Client{
		// A redirection would take the document somewhere else, and so would a proxy.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives:      true, // nothing is ever sent a second time because a kept connection was dead
			DisableCompression:     true,
			MaxResponseHeaderBytes: 64 << 10,
		},
	}}, nil
}

func userForm(s string) bool {
	return len(s) >= 1 && len(s) <= 32 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func near(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast()
}

// QueueConfig says which printer it is.
type QueueConfig struct {
	URI   string         // ipp://HOST[:PORT]/PATH on the own network, or ipps://
	User  string         // requesting-user-name: whose jobs ours are
	Roots *x509.CertPool // who vouches for an ipps:// printer; nil: whom the system trusts
}

// refusedError is an answer that is no success. The printer's own words are left out of it: they could hold some of the document.
type refusedError struct{ web, ipp int } // one of them

func (e *refusedError) Error() string {
	if e.web != 0 {
		return fmt.Sprintf("HTTP status %d", e.web)
	}
	return fmt.Sprintf("IPP status %#04x", e.ipp)
}

// ask makes one request and reads its answer. Each error but a *refusedError means that there was no answer that can be read.
func (l *line) ask(ctx context.Context, operation uint16, about []ipp.Attribute, job []ipp.Attribute, document []byte) (ipp.Message, error) {
	number := l.number.Add(1) & 0x7fffffff
	request := ipp.Message{Major: 1, Minor: 1, Code: operation, RequestID: number, Groups: []ipp.Group{{Tag: ipp.OperationGroup, Attributes: append([]ipp.Attribute{
		// In this order (RFC 8011 sections 4.1.4 and 4.1.5).
		ipp.Strings(ipp.Charset, "attributes-charset", "utf-8"),
		ipp.Strings(ipp.Language, "attributes-natural-language", "ja"),
		ipp.Strings(ipp.URI, "printer-uri", l.uri),
	}, about...)}}}
	if job != nil {
		request.Groups = append(request.Groups, ipp.Group{Tag: ipp.JobGroup, Attributes: job})
	}
	head, err := request.Encode()
	if err != nil {
		return ipp.Message{}, err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, l.url, io.MultiReader(bytes.NewReader(head), bytes.NewReader(document)))
	if err != nil {
		return ipp.Message{}, err
	}
	post.ContentLength = int64(len(head) + len(document))
	post.Header.Set("Content-Type", "application/ipp")
	post.Header.Set("User-Agent", "akashi")
	got, err := l.client.Do(post)
	if err != nil {
		return ipp.Message{}, err
	}
	defer got.Body.Close()
	if got.StatusCode != http.StatusOK {
		return ipp.Message{}, &refusedError{web: got.StatusCode}
	}
	if kind, _, err := mime.ParseMediaType(got.Header.Get("Content-Type")); err != nil || kind != "application/ipp" {
		return ipp.Message{}, errors.New("the answer is not application/ipp")
	}
	body, err := io.ReadAll(io.LimitReader(got.Body, answerLimit+1))
	if err != nil {
		return ipp.Message{}, err
	}
	if len(body) > answerLimit {
		return ipp.Message{}, errors.New("the answer is too large")
	}
	return readAnswer(body, number)
}

// readAnswer reads an answer to the request of a number.
func readAnswer(body []byte, number uint32) (ipp.Message, error) {
	m, _, err := ipp.Decode(body)
	switch {
	case err != nil:
		return ipp.Message{}, err
	case m.Major != 1 && m.Major != 2:
		return ipp.Message{}, fmt.Errorf("IPP version %d", m.Major)
	case m.Code >= 0x0100: // RFC 8011 appendix B: successful-xxx end at 0x00ff
		return ipp.Message{}, &refusedError{ipp: int(m.Code)}
	case m.RequestID != number:
		return ipp.Message{}, errors.New("the answer is to another request")
	}
	return m, nil
}

// groups returns the groups of a tag.
func groups(m ipp.Message, tag byte) (found []ipp.Group) {
	for _, g := range m.Groups {
		if g.Tag == tag {
			found = append(found, g)
		}
	}
	return found
}
