package validation

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// askOCSP is the kind of question by which a verifier asks over the lines of the exchange: the body is an OCSP request, the
// answer an OCSP response (RFC 6960). The line's certificate says who asks, so nobody can ask in another's name.
const askOCSP = "ocsp"

// onVerifierRegistration takes from a prefecture whom to serve, and whom no longer (公的個人認証法17条, 18条).
func (o *Validation) onVerifierRegistration(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.VerifierRegistration) ([]message.Out, error) {
	v, known, err := tx.Verifier(ctx, n.Verifier)
	if err != nil {
		return nil, err
	}
	// Only the prefecture with which an office filed may end it, or another could silence a verifier that is not its own.
	if known && v.Served && v.Prefecture != d.Sender {
		return nil, exchange.Reject("another-prefecture",
			"この署名検証者は、ほかの都道府県で受理されています。その都道府県で終えてから、送り直してください。",
			"this verifier is accepted by another prefecture: have it ended there, then send this again")
	}
	changed, err := tx.Register(ctx, d.Sender, n)
	if err != nil {
		return nil, err
	}
	detail := fmt.Sprintf("ended %d", n.Number)
	if n.Served {
		detail = fmt.Sprintf("served %d", n.Number)
	}
	if !changed {
		detail += ": changes nothing"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "verifier.registration", Subject: string(n.Verifier), Case: d.ID.String(), Detail: detail})
	return nil, nil
}

// strangers counts the questions of those whom the law does not let ask, since the start.
type strangers struct {
	mu sync.Mutex
	of map[message.Org]stranger
}

type stranger struct {
	n          int64
	last, told time.Time
}

// note counts a question. It tells of each who asks once a minute, so that nobody can fill the journal.
func (r *strangers) note(who message.Org, at time.Time) (s stranger, tell bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.of == nil {
		r.of = map[message.Org]stranger{} // no larger than our peers are many
	}
	s = r.of[who]
	s.n, s.last = s.n+1, at
	if tell = s.told.IsZero() || at.Sub(s.told).Abs() >= time.Minute; tell {
		s.told = at
	}
	r.of[who] = s
	return s, tell
}

func (r *strangers) get(who message.Org) stranger {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.of[who]
}

// answerVerifier answers a verifier's question, when it has filed and was accepted. Every question reads the register: an end
// counts from the moment at which it has committed.
func (o *Validation) answerVerifier(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
	var served bool
	err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		v, known, err := o.in(tx).Verifier(ctx, from)
		served = known && v.Served
		return err
	})
	switch {
	case err != nil:
		o.Log.ErrorContext(ctx, "the register of verifiers could not be read", "error", err)
		return ocspwire.TryLater.Encode(), nil
	case !served:
		if r, tell := o.strangers.note(from, o.Clock.Now()); tell {
			o.Log.WarnContext(ctx, "an organisation that is not served as a verifier asked for a status", "organisation", from, "times", r.n)
		}
		return ocspwire.Unauthorized.Encode(), nil
	case len(body) > ocspwire.MaxRequestOctets:
		return ocspwire.MalformedRequest.Encode(), nil
	}
	return o.answer(ctx, nil, body, string(from)).der, nil
}

// refusePublic answers somebody at the open address whom nobody knows. The law tells only verifiers that have filed
// (公的個人認証法18条), so without Config.Open nobody is answered there.
func (o *Validation) refusePublic(w http.ResponseWriter, ocsp bool) {
	w.Header().Set("Cache-Control", "no-store")
	if ocsp {
		w.Header().Set("Content-Type", "application/ocsp-response")
		w.Write(ocspwire.Unauthorized.Encode())
		return
	}
	http.Error(w, "失効情報は、届け出て受理された署名検証者にだけ提供します。都道府県に届け出てください（公的個人認証法第17条・第18条）。\n"+
		"Revocation information is for verifiers that have filed and were accepted: file with your prefecture (JPKI Act, arts. 17 and 18).", http.StatusForbidden)
}

// VerifierView is a verifier as the command line is told of it.
type VerifierView struct {
	Verifier message.Org `json:"verifier"`
	Office   string      `json:"office"`
	Served   bool        `json:"served"`
	Since    time.Time   `json:"since"`
}

// maxVerifiers is how many verifiers a list holds.
const maxVerifiers = 1000

// Verifiers lists those that are served, or were.
func (o *Validation) Verifiers(ctx context.Context) (views []VerifierView, err error) {
	views = []VerifierView{}
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := o.in(tx).Verifiers(ctx, maxVerifiers)
		for _, v := range all {
			views = append(views, VerifierView{v.ID, v.Office, v.Served, v.Since})
		}
		return err
	})
	return views, err
}
