package validation

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

const questionType = "application/ocsp-request"

// Header values that are the same each time.
var (
	answerType = []string{"application/ocsp-response"}
	notStored  = []string{"no-store"}
)

// buffers holds room for questions and answers.
var buffers = sync.Pool{New: func() any { b := make([]byte, 4<<10); return &b }}

// serveOCSP answers a question (RFC 6960 A.1), in the body of a POST or in the path of a GET. Every answer of the
// protocol is an HTTP 200; what is no question at all gets malformedRequest. What did not come as a question comes is
// refused by HTTP. rest is the path behind the address.
func (o *Validation) serveOCSP(w http.ResponseWriter, r *http.Request, rest string) {
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	var der []byte
	var err error
	switch {
	case r.Method != http.MethodPost && r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET, POST")
		http.Error(w, "OCSPの問合せは、GETかPOSTで送ってください。\nSend an OCSP request by GET or POST.", http.StatusMethodNotAllowed)
		return
	case r.URL.RawQuery != "" || r.URL.ForceQuery || r.Method == http.MethodPost && rest != "":
		http.Error(w, "このアドレスでは問合せを受けません。POSTは …/ocsp に、GETは …/ocsp/（base64）に送ってください。\n"+
			"No requests are taken at this address: send a POST to …/ocsp, and a GET to …/ocsp/(base64).", http.StatusNotFound)
		return
	case r.Method == http.MethodGet:
		der, err = decodePath(strings.TrimPrefix(rest, "/"))
	case !isQuestion(r):
		o.refusals.note(r.Context(), o.Log, o.Clock.Now(), wrongType, o.requesterOf(r), nil)
		w.Header().Set("Accept-Post", questionType)
		http.Error(w, "OCSPの問合せは、Content-Type: application/ocsp-request で、圧縮せずに送ってください。\n"+
			"Send an OCSP request as Content-Type: application/ocsp-request, and not compressed.", http.StatusUnsupportedMediaType)
		return
	default:
		der, err = readBody(w, r, (*room)[:1<<10])
	}
	var a reply
	if err == nil {
		a = o.answer(r.Context(), (*room)[1<<10:1<<10], der, o.requesterOf(r))
	} else {
		o.refusals.note(r.Context(), o.Log, o.Clock.Now(), malformed, o.requesterOf(r), err)
		a = refused(ocspwire.MalformedRequest)
	}
	h := w.Header()
	h["Content-Type"] = answerType
	if r.Method == http.MethodGet && a.next != 0 {
		if o.mayBeKept(h, r, a) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	} else {
		h["Cache-Control"] = notStored
	}
	w.Write(a.der)
}

// mayBeKept says for how long an answer may be told again without asking (RFC 5019 6.2, RFC 9111): until its nextUpdate, which
// is never beyond what we can vouch for. It differs from the profile in one word: the answer is for its asker alone
// (private), because what a shared cache tells to others would be in no record, and those could not be found when a
// revocation turns out to have been late. It reports whether the asker holds this very answer.
func (o *Validation) mayBeKept(h http.Header, r *http.Request, a reply) (same bool) {
	left := max(0, a.next-o.Clock.Now().Unix())
	tag := `"` + hex.EncodeToString(a.mark[max(0, len(a.mark)-16):]) + `"` // of what was signed at random, or is a hash
	h.Set("Cache-Control", "private, max-age="+strconv.FormatInt(left, 10)+", no-transform, must-revalidate")
	h.Set("Expires", time.Unix(a.next, 0).UTC().Format(http.TimeFormat))
	h.Set("Last-Modified", time.Unix(a.this, 0).UTC().Format(http.TimeFormat))
	h.Set("ETag", tag)
	return r.Header.Get("If-None-Match") == tag
}

// isQuestion tells whether a POST says that it holds a question (RFC 6960 A.1).
func isQuestion(r *http.Request) bool {
	types := r.Header["Content-Type"]
	if len(types) != 1 || r.Header["Content-Encoding"] != nil {
		return false
	}
	if types[0] == questionType {
		return true
	}
	t, _, err := mime.ParseMediaType(types[0])
	return err == nil && t == questionType
}

var errTooLong = errors.New("the question is too long")

// readBody reads a question, into room when it fits.
func readBody(w http.ResponseWriter, r *http.Request, room []byte) ([]byte, error) {
	switch n := r.ContentLength; {
	case n > ocspwire.MaxRequestOctets:
		w.Header().Set("Connection", "close") // what it goes on to send is not read
		return nil, errTooLong
	case n >= 0 && n <= int64(len(room)):
		_, err := io.ReadFull(r.Body, room[:n])
		return room[:n], err
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, ocspwire.MaxRequestOctets))
}

var (
	padded   = base64.StdEncoding.Strict()
	unpadded = base64.RawStdEncoding.Strict()
)

// decodePath reads the question in a GET: base64, of which "/", "+" and "=" may be percent-encoded. Padding may be left out,
// as some do; half of it may not.
func decodePath(path string) ([]byte, error) {
	if len(path) > 2*ocspwire.MaxRequestOctets {
		return nil, errTooLong
	}
	text, err := url.PathUnescape(path)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(text, "\r\n") { // which the decoder would pass over
		return nil, errors.New("there is a line break in the question")
	}
	if strings.HasSuffix(text, "=") {
		return padded.DecodeString(text)
	}
	return unpadded.DecodeString(text)
}

// requesterOf is who asks, as far as the connection says.
func (o *Validation) requesterOf(r *http.Request) string {
	if o.checks.outside.isOurs(r) {
		return string(o.Self)
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		for _, u := range r.TLS.PeerCertificates[0].URIs {
			return u.Opaque
		}
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

// refusal is why a question was not taken.
type refusal int

const (
	malformed refusal = iota
	tooMany
	wrongType
	notOurs
	refusalKinds
)

var refusalSays = [refusalKinds]string{
	malformed: "questions were refused: they are no OCSP requests",
	tooMany:   "questions were refused: each asks for more than " + strconv.Itoa(ocspwire.MaxCertIDs) + " certificates at once",
	wrongType: "questions were refused: they do not say that they are OCSP requests (Content-Type)",
	notOurs:   "questions were refused: they are about certificates of no CA here, or of two at once",
}

// refusals counts what was refused, and tells the journal of it, of each kind once a minute: strangers must not be able to
// fill the disk.
type refusals struct {
	mu   sync.Mutex
	kind [refusalKinds]struct {
		n, told int64
		at      time.Time
	}
}

func (f *refusals) note(ctx context.Context, log *slog.Logger, now time.Time, why refusal, requester string, err error) {
	f.mu.Lock()
	k := &f.kind[why]
	k.n++
	n := k.n - k.told
	tell := k.at.IsZero() || now.Sub(k.at).Abs() >= time.Minute
	if tell {
		k.told, k.at = k.n, now
	}
	f.mu.Unlock()
	if tell {
		log.WarnContext(ctx, refusalSays[why], "questions", n, "last_requester", requester, "last_error", err)
	}
}

// count is how many were refused since the start.
func (f *refusals) count() (n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.kind {
		n += k.n
	}
	return n
}
