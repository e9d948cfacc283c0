package prefecture

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// validation serves whom the prefecture has accepted.
const validation = message.Org(message.Validation)

// onVerifierFiling takes what an office files as a signature verifier (公的個人認証法17条). It waits for two persons here; until
// they have decided, nothing is served under it. An end needs nobody's leave, and takes effect at once.
func (o *Prefecture) onVerifierFiling(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.VerifierFiling) ([]message.Out, error) {
	if d.Sender != n.Verifier {
		return nil, exchange.Reject("another-verifier",
			"ほかの機関の名前で届け出ています。自分の名前で届け出てください。",
			"the filing names another office than its sender: file under your own name")
	}
	f := store.Filing{Verifier: n.Verifier, Number: n.Number, Office: n.Office, Procedures: n.Procedures, Address: n.Address, FiledBy: n.By, State: store.Waiting}
	if n.Act == "end" {
		return o.endByOffice(ctx, tx, d, n)
	}
	fresh, err := tx.File(ctx, f)
	if err != nil {
		return nil, err
	}
	if !fresh {
		return nil, numberUsed()
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "verifier.filing", Subject: subjectOf(f), Case: d.ID.String(), Detail: n.By})
	return nil, nil
}

// numberUsed refuses what an office files whose database was restored from a copy, and which no longer knows what it has filed since.
func numberUsed() error {
	return exchange.Reject("number-used",
		"この番号の届出は、すでに受けています。電文の画面で「訂正して再送」を選んでください。新しい番号で届け出ます。",
		"a filing with this number has come before: have the message sent again corrected, and it will have a new number")
}

// endByOffice ends what an office has filed, accepted or waiting.
func (o *Prefecture) endByOffice(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.VerifierFiling) (outs []message.Out, err error) {
	standing, err := tx.StandingFilings(ctx, n.Verifier)
	if err != nil {
		return nil, err
	}
	if len(standing) == 0 {
		return nil, exchange.Reject("nothing-filed", "終了する届出がありません。", "there is no filing that could end")
	}
	const why = "届出をした機関が終了した。 / ended by the office itself"
	for _, f := range standing {
		if err := tx.Settle(ctx, f, store.Ended, why, n.By, ""); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "verifier.ended", Subject: subjectOf(f), Case: d.ID.String(), Detail: n.By})
		outs = append(outs, message.Out{To: n.Verifier, Body: message.VerifierDecision{Verifier: n.Verifier, Number: f.Number, Decision: "ended", Reason: why, By: n.By}})
		if f.State == store.Accepted {
			outs = append(outs, registration(f, false))
		}
	}
	return outs, nil
}

func subjectOf(f store.Filing) string { return fmt.Sprintf("%s/%d", f.Verifier, f.Number) }

func registration(f store.Filing, served bool) message.Out {
	return message.Out{To: validation, Body: message.VerifierRegistration{Verifier: f.Verifier, Number: f.Number, Served: served,
		Office: f.Office, Procedures: f.Procedures, Address: f.Address}}
}

// Decision is what a person would do with a filing.
type Decision struct {
	Verifier message.Org
	Number   uint64
	Act      string // accept, refuse, end
	Why      string
	Seen     string // the proposal that is confirmed, as SeenAs names it
}

// decisions are the acts, from which state each leads to which.
var decisions = map[string]struct {
	from, to store.FilingState
	wire     string
}{
	"accept": {store.Waiting, store.Accepted, "accepted"},
	"refuse": {store.Waiting, store.Refused, "refused"},
	"end":    {store.Accepted, store.Ended, "ended"},
}

// Propose has one person say what is to become of a filing. A refusal and an end say why.
func (o *Prefecture) Propose(ctx context.Context, by access.Person, d Decision) error {
	if err := access.May(by, access.DecideFiling, o.Self.Role()); err != nil {
		return err
	}
	d.Why = strings.TrimSpace(d.Why)
	way, known := decisions[d.Act]
	switch {
	case !known:
		return plain.Bad("act", "どうするかを選んでください。", "Choose what to do.")
	case d.Why == "" && d.Act != "accept":
		return plain.Bad("why", "わけを入力してください。届出をした機関にも伝わります。", "Enter why. The office that filed is told it.")
	case len(d.Why) > 4000:
		return plain.Bad("why", "わけが長すぎます。4,000バイトまでにしてください。", "The reason is too long: write at most 4,000 bytes.")
	}
	// The reason goes to the office with the decision, and must not be what stops it there.
	if err := plain.Unseen("why", d.Why); err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) error {
		tx := o.in(plainTx)
		f, err := filingOf(ctx, tx, d)
		if err != nil {
			return err
		}
		if f.State != way.from {
			return moved()
		}
		auditlog.Write(plainTx, auditlog.Entry{Actor: by.ID, Act: "verifier.propose", Subject: subjectOf(f), Detail: access.Detail(ctx, d.Act)})
		return tx.Propose(ctx, f, d.Act, d.Why, by.ID)
	})
}

// Confirm has a second person carry out what another proposed: the office is told, and validation when it is to serve it, or
// no longer. It returns the trace of what follows.
func (o *Prefecture) Confirm(ctx context.Context, by access.Person, d Decision) (trace string, err error) {
	if err := access.May(by, access.DecideFiling, o.Self.Role()); err != nil {
		return "", err
	}
	return o.Act(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) ([]message.Out, error) {
		tx := o.in(plainTx)
		f, err := filingOf(ctx, tx, d)
		if err != nil {
			return nil, err
		}
		way, known := decisions[f.Act]
		if !known || f.State != way.from || d.Seen != "" && d.Seen != SeenAs(f.Act, f.ProposedBy, f.ProposedAt) {
			return nil, moved()
		}
		if err := access.SecondPerson(access.Person{ID: f.ProposedBy}, by); err != nil {
			return nil, err
		}
		return o.carryOut(ctx, tx, f, way.to, way.wire, by.ID)
	})
}

func (o *Prefecture) carryOut(ctx context.Context, tx *store.Tx, f store.Filing, to store.FilingState, wire, second string) ([]message.Out, error) {
	outs := []message.Out{{To: f.Verifier, Body: message.VerifierDecision{Verifier: f.Verifier, Number: f.Number, Decision: wire, Reason: f.Why, By: f.ProposedBy, Second: second}}}
	if to == store.Accepted {
		standing, err := tx.StandingFilings(ctx, f.Verifier)
		if err != nil {
			return nil, err
		}
		for _, old := range standing {
			if old.State != store.Accepted {
				continue
			}
			// What was accepted before tells nothing any more; a later filing must not be replaced by an earlier one.
			if old.Number > f.Number {
				return nil, plain.Bad("", "この後の届出が、すでに受理されています。この届出は受理できません。", "A later filing has been accepted: this one cannot be.")
			}
			if err := tx.Settle(ctx, old, store.Replaced, old.Why, old.DecidedBy, old.Second); err != nil {
				return nil, err
			}
		}
	}
	if to != store.Refused {
		outs = append(outs, registration(f, to == store.Accepted))
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: second, Act: "verifier." + wire, Subject: subjectOf(f), Detail: access.Detail(ctx, "proposed by "+f.ProposedBy)})
	return outs, tx.Settle(ctx, f, to, f.Why, f.ProposedBy, second)
}

func filingOf(ctx context.Context, tx *store.Tx, d Decision) (store.Filing, error) {
	f, found, err := tx.Filing(ctx, d.Verifier, d.Number)
	if err == nil && !found {
		err = plain.Bad("", "この届出はありません。一覧から選び直してください。", "There is no such filing: choose one of the list.")
	}
	return f, err
}

func moved() error {
	return plain.Bad("", "この届出は、その間に変わりました。いまの内容を確かめて、もう一度行ってください。",
		"The filing has changed meanwhile: look at it as it is now and do it again.")
}

// SeenAs names a proposal as it was shown, so that nobody confirms what was changed meanwhile.
func SeenAs(act, by string, at time.Time) string {
	return strings.Join([]string{act, by, at.UTC().Format(time.RFC3339Nano)}, " ")
}

// FilingView is a filing as the command line is told of it.
type FilingView struct {
	Verifier   message.Org `json:"verifier"`
	Number     uint64      `json:"number"`
	Office     string      `json:"office"`
	State      string      `json:"state"`
	Proposed   string      `json:"proposed,omitempty"` // accept, refuse, end: waits for a second person
	ProposedBy string      `json:"proposed_by,omitempty"`
}

// maxFilings is how many filings a list holds.
const maxFilings = 500

// Filings lists the newest.
func (o *Prefecture) Filings(ctx context.Context) (views []FilingView, err error) {
	views = []FilingView{}
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := o.in(tx).Filings(ctx, maxFilings)
		for _, f := range all {
			views = append(views, FilingView{f.Verifier, f.Number, f.Office, string(f.State), f.Act, f.ProposedBy})
		}
		return err
	})
	return views, err
}
