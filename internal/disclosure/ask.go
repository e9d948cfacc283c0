package disclosure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	// AskKind is the question who looked at a person.
	AskKind = "look.disclosure"

	dueAsk  = "disclosure.ask"
	prefix  = "akashi looks v1\n" // of what is signed, so that it is mistaken for nothing else
	mostTel = 1000                // looks that one office tells of one person; the newest
)

// question names the person by every record code that there was.
type question struct {
	Request string   `json:"request"`
	Codes   []string `json:"codes"`
}

// signed is an answer: the bytes that were signed, and by whom.
type signed struct {
	Body        []byte `json:"body"`
	Signature   []byte `json:"signature"`
	Certificate []byte `json:"certificate"`
}

// told is the body of an answer.
type told struct {
	Request string      `json:"request"`
	Office  message.Org `json:"office"`
	For     message.Org `json:"for"`
	At      time.Time   `json:"at"`
	Looks   []Look      `json:"looks"`
	More    bool        `json:"more"` // there are older ones
}

// Look is what a person is told of a look.
type Look struct {
	At       time.Time    `json:"at"`
	Operator string       `json:"operator"`
	Purpose  look.Purpose `json:"purpose"`
	Items    look.Items   `json:"items"`
}

// Part is what one other office answered.
type Part struct {
	Office message.Org
	GotAt  time.Time // zero: nothing yet
	Looks  []Look
	More   bool
}

// Got tells whether the office has answered.
func (p Part) Got() bool { return !p.GotAt.IsZero() }

func partsOf(ctx context.Context, tx *sqlstore.Tx, id string) ([]Part, error) {
	return sqlstore.List(ctx, tx, func(r *sqlstore.Rows, p *Part) error {
		var got int64
		var answer []byte
		if err := r.Scan(&p.Office, &got, &answer); err != nil || got == 0 {
			return err
		}
		_, body, err := open(answer)
		if err != nil {
			return fmt.Errorf("the answer of %s can't be read: %w", p.Office, err)
		}
		p.GotAt, p.Looks, p.More = sqlstore.FromMicros(got), body.Looks, body.More
		return nil
	}, `SELECT office, got_at, answer FROM disclosure_part WHERE request = $1 ORDER BY office`, id)
}

// Looks are those of this office at a person, the newest first.
func Looks(ctx context.Context, tx *sqlstore.Tx, codes []resident.RecordCode) (all []Look, more bool, err error) {
	for _, c := range codes {
		rows, err := look.List(ctx, tx, look.Filter{Subject: c.Reveal(), Limit: mostTel})
		if err != nil {
			return nil, false, err
		}
		for _, r := range rows {
			all = append(all, Look{r.At, r.Operator, r.Ground.Purpose, r.Items})
		}
		more = more || len(rows) == mostTel
	}
	slices.SortStableFunc(all, func(a, b Look) int { return b.At.Compare(a.At) })
	if len(all) > mostTel {
		all, more = all[:mostTel], true
	}
	return all, more, nil
}

// Answerer answers the question for an organisation. may says whether who asks keeps the register of the person now: nobody
// else is told anything.
func Answerer(h *host.Host, may func(ctx context.Context, tx *sqlstore.Tx, from message.Org, code resident.RecordCode) (bool, error)) func(context.Context, message.Org, []byte) ([]byte, error) {
	return func(ctx context.Context, from message.Org, body []byte) ([]byte, error) {
		var q question
		if err := json.Unmarshal(body, &q); err != nil || len(q.Codes) == 0 || len(q.Codes) > 100 || q.Request == "" || len(q.Request) > 100 {
			return nil, errors.New("the question can't be read")
		}
		t := told{Request: q.Request, Office: h.Self, For: from, Looks: []Look{}}
		err := h.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			var codes []resident.RecordCode
			keeps := false
			for _, s := range q.Codes {
				c, err := resident.ParseRecordCode("codes", s)
				if err != nil {
					return errors.New("the question names what is no record code")
				}
				codes = append(codes, c)
				yes, err := may(ctx, tx, from, c)
				if err != nil {
					return err
				}
				keeps = keeps || yes
			}
			if !keeps {
				return fmt.Errorf("%s does not keep the register of this person", from)
			}
			t.At = tx.Now()
			t.Looks, t.More, err = Looks(ctx, tx, codes)
			auditlog.Write(tx, auditlog.Entry{Actor: string(from), Act: "disclosure.tell", Subject: codes[len(codes)-1].Reveal(), Case: q.Request})
			return err
		})
		if err != nil {
			return nil, err
		}
		s := signed{Certificate: h.Signer.Certificate}
		if s.Body, err = json.Marshal(t); err != nil {
			return nil, err
		}
		if s.Signature, err = pki.SignTBS(h.Rand, h.Signer.Key, append([]byte(prefix), s.Body...)); err != nil {
			return nil, err
		}
		return json.Marshal(s)
	}
}

// pending is the payload of the due work, and what is asked.
type pending struct {
	Request string      `json:"request"`
	Office  message.Org `json:"office"`
	codes   []string
}

func askSoon(tx *sqlstore.Tx, request string, office message.Org) error {
	payload, err := json.Marshal(pending{Request: request, Office: office})
	if err == nil {
		due.Add(tx, tx.Now(), dueAsk, request, payload)
	}
	return err
}

type answer struct {
	pending
	bytes []byte
}

// Rule asks the other offices. One that is away is asked again until it answers; the request shows that it is missing.
func Rule(h func() *host.Host) due.Rule {
	return due.Rule{
		Kind: dueAsk,
		Prepare: func(ctx context.Context, tx *sqlstore.Tx, i due.Item) (any, error) {
			var p pending
			if err := json.Unmarshal(i.Payload, &p); err != nil || p.Request == "" || p.Office == "" {
				return nil, plain.Bad("", "どの団体に尋ねるのか読めません。請求の画面で、答えていない団体に電話で尋ねてください。",
					"It can't be read which office is asked: see the request, and ask by telephone who has not answered.")
			}
			r, _, err := Find(ctx, tx, p.Request)
			for _, c := range r.Codes {
				p.codes = append(p.codes, c.Reveal())
			}
			return p, err
		},
		Outside: func(ctx context.Context, prepared any) (any, error) {
			p := prepared.(pending)
			body, err := json.Marshal(question{p.Request, p.codes})
			if err != nil {
				return nil, err
			}
			bytes, err := h().Exchange.Ask(ctx, p.Office, AskKind, body)
			if err != nil {
				return nil, due.Later(err)
			}
			return answer{p, bytes}, check(h(), p, bytes)
		},
		Finish: func(ctx context.Context, tx *sqlstore.Tx, _ due.Item, result any) ([]message.Out, error) {
			a := result.(answer)
			_, err := tx.Exec(ctx, `UPDATE disclosure_part SET got_at = $1, answer = $2 WHERE request = $3 AND office = $4 AND got_at = 0`, tx.Now(), a.bytes, a.Request, string(a.Office))
			return nil, err
		},
	}
}

func open(bytes []byte) (s signed, t told, err error) {
	if err = json.Unmarshal(bytes, &s); err == nil {
		err = json.Unmarshal(s.Body, &t)
	}
	return s, t, err
}

// check reads an answer, and refuses one that is not this office's answer to this question.
func check(h *host.Host, p pending, bytes []byte) error {
	s, t, err := open(bytes)
	if err != nil {
		return fmt.Errorf("the answer of %s can't be read: %w", p.Office, err)
	}
	signer, err := h.Trust.Identify(s.Certificate, pki.ForSigning, t.At)
	if err == nil {
		err = pki.VerifyTBS(signer.Public, append([]byte(prefix), s.Body...), s.Signature)
	}
	if err != nil || signer.Organisation != string(p.Office) || t.Office != p.Office || t.For != h.Self || t.Request != p.Request {
		return plain.Bad("", string(p.Office)+"の答えの署名を確かめられません。相手の証明書と署名を確かめてから、もう一度尋ねてください。",
			"The answer of "+string(p.Office)+" can't be verified: check its certificate and signature, then ask again.")
	}
	return nil
}
