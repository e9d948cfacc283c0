package issuing

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// dueSign is the kind of due item that signs a document.
const dueSign = "issuing.sign"

// holds is how long a decision holds: a document that could not be signed by then is not given out, because the register was asked too long ago.
const holds = 30 * time.Second

// draft writes down what is to be signed of a request that may have its document: its number, the chance that is in it, and the digest of every
// octet but the signature. It says why there can be none.
func (o *Issuing) draft(ctx context.Context, tx *store.Tx, r store.Request, page []onPage) (Reason, error) {
	day := resident.DateOf(tx.Now())
	n, err := tx.NextNumber(ctx, day)
	if err != nil {
		return "", err
	}
	d := store.Document{Request: r.ID, IssuedAt: tx.Now(),
		Number: fmt.Sprintf("%s-%s-%05d", o.Self.Code(), strings.ReplaceAll(day.String(), "-", ""), n)}
	var secret [10]byte
	for _, random := range [][]byte{d.Nonce[:], secret[:]} {
		if _, err := io.ReadFull(o.Rand, random); err != nil {
			return "", fmt.Errorf("couldn't draft a document: %w", err)
		}
	}
	// What verifies the document is in the fragment, which no browser sends and no server writes into a log.
	d.Verify = o.press.Verify + "/" + d.Number + "#" + base32.StdEncoding.EncodeToString(secret[:])
	paper, err := o.paper(r, d, page)
	if _, refused := plain.AsProblems(err); refused {
		return making.NotAllowed, nil
	}
	if err != nil {
		return "", err
	}
	draft, err := o.press.Draft(paper)
	if _, refused := plain.AsProblems(err); refused {
		return making.Glyph, nil
	}
	if err != nil {
		return "", err
	}
	d.Content, d.Binding, d.Pages, d.Specimen = draft.Content, paper.Binding(), draft.Pages, draft.Specimen
	tx.AddDocument(d)
	return "", nil
}

// paper is what is to stand on the document of a request, of the people as they are given.
func (o *Issuing) paper(r store.Request, d store.Document, page []onPage) (document.Paper, error) {
	c := making.Content{Form: r.Kind, Items: making.ItemsOf(r.Items), Request: document.Request{ID: r.ID, Nonce: d.Nonce, Number: d.Number,
		Requester: document.Requester{ID: r.Requester, Role: document.Role(r.As)}, Channel: document.Counter, At: d.IssuedAt, Verify: d.Verify}}
	for i, p := range page {
		if p.Record.Record.Relation == resident.Head {
			c.Head = p.Record.Record.Name
		}
		if !p.beside {
			c.Page = append(c.Page, making.Person{IssuingRecord: p.Record, Protection: r.Persons[i].Protection, Release: r.Persons[i].Release})
		}
	}
	return c.Paper(o.press.Office)
}

// signing signs a document in three steps. What is signed was committed with the decision; after the signature the copy is looked at once more.
func (o *Issuing) signing() due.Rule {
	return due.Rule{Kind: dueSign, Prepare: o.prepareSign, Outside: o.sign, Finish: o.signed}
}

// toSign is what was decided on, made again.
type toSign struct {
	document store.Document
	paper    document.Paper
	no       Reason // there is nothing to sign
}

func (o *Issuing) prepareSign(ctx context.Context, raw *sqlstore.Tx, item due.Item) (any, error) {
	r, d, paper, no, err := o.again(ctx, o.in(raw), item.Ref)
	if err != nil || r.State != store.Ready {
		return nil, err
	}
	return toSign{d, paper, no}, nil
}

// again makes of a request the paper that was decided on. It says why there is none: the people are not as they were, or it is too late.
func (o *Issuing) again(ctx context.Context, tx *store.Tx, id string) (r store.Request, d store.Document, paper document.Paper, no Reason, err error) {
	r, found, err := tx.Request(ctx, id)
	if err != nil || !found || r.State != store.Ready {
		return r, d, paper, "", err
	}
	d, found, err = tx.DocumentOf(ctx, id)
	if err != nil {
		return r, d, paper, "", err
	}
	if !found {
		return r, d, paper, "", errors.New("a request is ready and nothing was written down to be signed")
	}
	if tx.Now().Sub(d.IssuedAt) > holds {
		return r, d, paper, making.Late, nil
	}
	page, err := o.held(ctx, tx, r)
	if err != nil {
		return r, d, paper, "", err
	}
	for i, p := range r.Persons {
		if h := page[i]; !h.known || h.Damaged || h.Hash != p.Hash || h.Record.Version != p.Version {
			return r, d, paper, making.Stale, nil
		}
	}
	paper, err = o.paper(r, d, page)
	return r, d, paper, "", err
}

// signedFile is a finished document, and what the gate found in it.
type signedFile struct {
	toSign
	bytes    []byte
	digest   message.Hash
	findings []gate.Finding
	program  string // that did all of it
}

// sign draws the document again, signs it, and has the gate judge the finished file.
func (o *Issuing) sign(_ context.Context, prepared any) (any, error) {
	p, ok := prepared.(toSign)
	if !ok || p.no != "" {
		return signedFile{toSign: p}, nil
	}
	file, err := o.press.Sign(p.paper, o.Rand)
	if errors.Is(err, hsm.ErrNoneReady) {
		return nil, due.Later(err)
	}
	if err != nil {
		return nil, err
	}
	// Of the file's digest the machine is the only witness; what was to be signed stands in the database.
	digest := sha256.Sum256(file)
	findings, err := o.press.Judge(file, func() (document.Paper, error) { return p.paper, nil }, p.document.Content, digest)
	return signedFile{p, file, digest, findings, o.program}, err
}

// signed gives a document out when the people on it are still those of whom it was made.
func (o *Issuing) signed(ctx context.Context, raw *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
	tx := o.in(raw)
	s, ok := result.(signedFile)
	if !ok {
		return nil, nil
	}
	r, d, paper, no, err := o.again(ctx, tx, item.Ref)
	if err != nil || r.State != store.Ready {
		return nil, err
	}
	halted, err := o.stopped(ctx, tx)
	if err != nil {
		return nil, err
	}
	switch {
	case halted:
		no = making.Halted
	case s.no != "":
		no = s.no
	case no == "" && len(s.findings) > 0:
		no = making.Gate
	case no == "" && (paper.Binding() != s.paper.Binding() || d.Content != s.document.Content):
		no = making.Stale
	}
	if s.bytes != nil {
		if err := tx.SignedBy(ctx, d.Number, s.program); err != nil {
			return nil, err
		}
	}
	state, detail := store.Issued, d.Number
	if no != "" {
		state, r.Reasons, detail = store.Refused, []string{string(no)}, d.Number+" "+string(no)
		d.Ending, d.EndedAt, d.Bytes = message.Stopped, tx.Now(), s.bytes // evidence
		for _, f := range s.findings {
			d.Findings = append(d.Findings, string(f.Code))
		}
		if _, err := tx.End(ctx, d); err != nil {
			return nil, err
		}
	} else if err := tx.Signed(ctx, d.Number, s.digest, s.bytes); err != nil {
		return nil, err
	}
	if done, err := tx.Settle(ctx, r.ID, state, r.Reasons); err != nil || !done {
		return nil, err
	}
	auditlog.Write(raw, auditlog.Entry{Actor: string(o.Self), Act: "issuing.issued", Subject: r.Subject.Reveal(), Case: r.ID, Detail: detail})
	if no != "" {
		return o.refusal(r), nil
	}
	return []message.Out{{To: o.municipality, Trace: r.Trace, Body: message.IssuingDocument{Request: r.ID, Program: s.program, Number: d.Number, IssuedAt: d.IssuedAt, Nonce: d.Nonce,
		Verify: d.Verify, Content: d.Content, File: s.bytes}}}, nil
}
