package issuing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// DocumentTrace is what the server knows of a request, by its own database (事後の調査). It names nobody.
type DocumentTrace struct {
	Request string   `json:"request"`
	Kind    string   `json:"kind"`
	Items   []string `json:"items"`
	As      string   `json:"as"`

	AskedAt    time.Time          `json:"asked_at"`
	AskedBy    string             `json:"asked_by"`
	State      string             `json:"state"`
	Reasons    []string           `json:"reasons,omitempty"`
	DecidedAt  time.Time          `json:"decided_at,omitzero"`
	RegisterAt time.Time          `json:"register_at,omitzero"` // as of when the register answered
	Program    string             `json:"program,omitempty"`    // the version that decided
	Versions   []resident.Version `json:"versions"`             // of those who stand on it, by which it was decided, in their order on the page

	Number   string         `json:"number,omitempty"`
	IssuedAt time.Time      `json:"issued_at,omitzero"`
	Pages    int            `json:"pages,omitempty"`
	Content  string         `json:"content_digest,omitempty"`    // of all but the signature, from the decision on
	File     string         `json:"file_digest,omitempty"`       // of the signed file; "": it was not signed
	Signer   string         `json:"signed_by_program,omitempty"` // the version that drew it for good, signed it and judged it
	Kept     bool           `json:"file_kept"`                   // the file is still here …
	Altered  bool           `json:"file_altered"`                // … and is not what was signed
	Ending   message.Ending `json:"ending,omitempty"`            // as the counter said
	EndedAt  time.Time      `json:"ended_at,omitzero"`
	EndedBy  string         `json:"ended_by,omitempty"`
	Findings []string       `json:"findings,omitempty"`

	RecalledAt  time.Time `json:"recalled_at,omitzero"` // declared void after it had been handed over
	RecalledBy  string    `json:"recalled_by,omitempty"`
	RecoveredAt time.Time `json:"recovered_at,omitzero"` // its paper is back
	RecoveredBy string    `json:"recovered_by,omitempty"`

	Sheets int `json:"sheets"`
}

// TraceDocument says what the server knows of a request, for the person in the context, and writes down that it was asked; false: nothing.
func (o *Issuing) TraceDocument(ctx context.Context, request string) (t DocumentTrace, found bool, err error) {
	by := access.From(ctx)
	if err := access.May(by, access.TraceDocument, o.Self.Role()); err != nil {
		return t, false, err
	}
	err = o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		var r store.Request
		if r, found, err = tx.Request(ctx, request); err != nil || !found {
			return err
		}
		d, _, err := tx.DocumentOf(ctx, request)
		if err != nil {
			return err
		}
		t = traceOf(r, d)
		auditlog.Write(raw, auditlog.Entry{Actor: by.ID, Act: "document-trace", Subject: r.Subject.Reveal(), Case: r.ID, Detail: access.Detail(ctx, "")})
		return nil
	})
	return t, found && err == nil, err
}

func traceOf(r store.Request, d store.Document) DocumentTrace {
	t := DocumentTrace{Request: r.ID, Kind: r.Kind, Items: r.Items, As: r.As, AskedAt: r.AskedAt, AskedBy: r.AskedBy, State: string(r.State), Reasons: r.Reasons, DecidedAt: r.AnsweredAt,
		RegisterAt: r.RegisterAt, Program: r.Program, Number: d.Number, IssuedAt: d.IssuedAt, Pages: d.Pages, Content: d.Content.Hex(), File: d.File.Hex(), Signer: d.Signer,
		Kept: len(d.Bytes) > 0, Altered: len(d.Bytes) > 0 && d.File != (message.Hash{}) && sha256.Sum256(d.Bytes) != d.File,
		Ending: d.Ending, EndedAt: d.EndedAt, EndedBy: d.EndedBy, Findings: d.Findings, Sheets: d.Sheets,
		RecalledAt: d.RecalledAt, RecalledBy: d.RecalledBy, RecoveredAt: d.RecoveredAt, RecoveredBy: d.RecoveredBy}
	for _, p := range r.Persons {
		if !p.Beside {
			t.Versions = append(t.Versions, p.Version)
		}
	}
	return t
}

// FileOf says of which request a file is that somebody holds, by its digest; "": none of this server's. Whoever holds one under another request has
// another person's document.
func (o *Issuing) FileOf(ctx context.Context, file string) (request string, err error) {
	if err := access.May(access.From(ctx), access.TraceDocument, o.Self.Role()); err != nil {
		return "", err
	}
	b, err := hex.DecodeString(file)
	if err != nil || len(b) != sha256.Size {
		return "", plain.Bad("file", "ファイルのSHA-256を、16進数64文字で入力してください。", "Write the SHA-256 of the file, 64 characters in hexadecimal.")
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		d, _, err := o.in(raw).DocumentOfFile(ctx, message.Hash(b))
		request = d.Request
		return err
	})
	return request, err
}

// Decided is a request of a time, as the server has it.
type Decided struct {
	Request   string         `json:"request"`
	Kind      string         `json:"kind"`
	State     string         `json:"state"`
	AskedAt   time.Time      `json:"asked_at"`
	DecidedAt time.Time      `json:"decided_at,omitzero"`
	Program   string         `json:"program,omitempty"`           // that decided
	Signer    string         `json:"signed_by_program,omitempty"` // that drew, signed and judged it
	Number    string         `json:"number,omitempty"`
	File      string         `json:"file_digest,omitempty"`
	Ending    message.Ending `json:"ending,omitempty"`
}

// maxDecided is how many requests a list has.
const maxDecided = 5000

// Decided lists the requests of a time for the person in the context, the oldest first; whole: there are no more. It names nobody.
func (o *Issuing) Decided(ctx context.Context, from, until time.Time) (all []Decided, whole bool, err error) {
	by := access.From(ctx)
	if err := access.May(by, access.TraceDocument, o.Self.Role()); err != nil {
		return nil, false, err
	}
	// Written down before anything is read: a long list must not keep the requests of the moment from being written.
	if err := o.Store.Update(ctx, func(_ context.Context, raw *sqlstore.Tx) error {
		auditlog.Write(raw, auditlog.Entry{Actor: by.ID, Act: "documents-decided", Detail: access.Detail(ctx, from.UTC().Format(time.RFC3339)+" to "+until.UTC().Format(time.RFC3339))})
		return nil
	}); err != nil {
		return nil, false, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		rows, err := o.in(raw).RequestsIn(ctx, from, until, maxDecided+1)
		if err != nil {
			return err
		}
		all, whole = []Decided{}, len(rows) <= maxDecided
		for _, r := range rows[:min(len(rows), maxDecided)] {
			all = append(all, Decided{Request: r.ID, Kind: r.Kind, State: string(r.State), AskedAt: r.AskedAt, DecidedAt: r.AnsweredAt, Program: r.Program, Signer: r.Signer, Number: r.Number, File: r.File.Hex(), Ending: r.Ending})
		}
		return nil
	})
	return all, whole, err
}
