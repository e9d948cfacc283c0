package validation

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// onVerifierRegistration takes from a prefecture whom to serve, and whom no longer (公的個人認証法17条, 18条).
func (o *Validation) onVerifierRegistration(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.VerifierRegistration) ([]message.Out, error) {
	if home, known := o.cfg.Homes[n.Verifier]; known && home != d.Sender {
		return nil, exchange.Reject("not-its-prefecture",
			"この署名検証者は、別の都道府県に届け出る機関です。失効情報提供の設定（peers の prefecture）と、届出先を確かめてください。",
			"this office files with another prefecture: check the configuration of the validation authority (peers, prefecture), and with whom it has filed")
	}
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
