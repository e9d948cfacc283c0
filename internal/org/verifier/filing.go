package verifier

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// in is this office's view of a transaction.
func (o *Verifier) in(tx *sqlstore.Tx) *store.Tx { return store.In(tx) }

func (o *Verifier) routes() []exchange.Route {
	return []exchange.Route{exchange.On(o.in, o.onVerifierDecision), exchange.On(o.in, o.onImpactNotice)}
}

// Application is what an office tells its prefecture (source 000: 省庁等名, 手続, 参照HP).
type Application struct {
	Office     string `json:"office"`
	Procedures string `json:"procedures"`
	Address    string `json:"address"`
}

func (a Application) check() error {
	var problems plain.Problems
	for _, f := range []struct {
		name, ja, en, value string
		most                int
		lines               bool
	}{
		{"office", "機関の名前", "the name of the office", a.Office, 200, false},
		{"procedures", "手続", "the procedures", a.Procedures, 2000, true},
		{"address", "手続を行う所", "where they are made", a.Address, 2000, false},
	} {
		switch {
		case f.value == "":
			problems = append(problems, plain.Bad(f.name, f.ja+"を入力してください。", "Enter "+f.en+"."))
		case len(f.value) > f.most:
			problems = append(problems, plain.Bad(f.name, fmt.Sprintf("長すぎます。%dバイトまでで入力してください。", f.most), fmt.Sprintf("This is too long: enter at most %d bytes.", f.most)))
		case !f.lines && strings.ContainsAny(f.value, "\r\n\t"):
			problems = append(problems, plain.Bad(f.name, "改行とタブは使えません。1行で入力してください。", "Write it in one line, without tabs."))
		default:
			// What the prefecture could not read would wait there, and nothing could be filed in its place.
			unseen, _ := plain.AsProblems(plain.Unseen(f.name, f.value))
			problems = append(problems, unseen...)
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// File files with the prefecture (公的個人認証法17条). A later filing takes the place of an earlier one when it is accepted. It
// returns the trace of what follows.
func (o *Verifier) File(ctx context.Context, by access.Person, a Application) (trace string, err error) {
	if err := o.mayFile(by); err != nil {
		return "", err
	}
	a = Application{strings.TrimSpace(a.Office), strings.TrimSpace(a.Procedures), strings.TrimSpace(a.Address)}
	if err := a.check(); err != nil {
		return "", err
	}
	return o.send(ctx, store.Filing{Act: "file", State: "waiting", Office: a.Office, Procedures: a.Procedures, Address: a.Address, FiledBy: by.ID})
}

// End ends what was filed: from then on the validation authority answers this office no more.
func (o *Verifier) End(ctx context.Context, by access.Person) (trace string, err error) {
	if err := o.mayFile(by); err != nil {
		return "", err
	}
	return o.send(ctx, store.Filing{Act: "end", State: "sent", FiledBy: by.ID})
}

func (o *Verifier) mayFile(by access.Person) error {
	if err := access.May(by, access.FileVerifier, o.Self.Role()); err != nil {
		return err
	}
	if o.cfg.Prefecture == "" {
		return plain.Bad("", "届け出る都道府県が決まっていません。設定の peers に都道府県を加えてください。", "No prefecture is known to file with: add one to peers in the configuration.")
	}
	return nil
}

func (o *Verifier) send(ctx context.Context, f store.Filing) (string, error) {
	return o.Act(ctx, func(ctx context.Context, plainTx *sqlstore.Tx) ([]message.Out, error) {
		tx := o.in(plainTx)
		standing, err := tx.Filings(ctx, maxFilings)
		if err != nil {
			return nil, err
		}
		for _, s := range standing {
			if f.Act == "file" && s.State == "waiting" {
				return nil, plain.Bad("", "前の届出の審査が、まだ終わっていません。終わってから届け出てください。", "The filing before is not decided yet: file when it is.")
			}
		}
		if f.Act == "end" && ending(standing) {
			return nil, plain.Bad("", "終了は、すでに届け出ています。都道府県に届くのを待ってください。", "The end was filed already: wait until it has arrived at the prefecture.")
		}
		if f.Act == "end" && !stands(standing) {
			return nil, plain.Bad("", "終了する届出がありません。", "There is no filing that could end.")
		}
		number, err := tx.File(ctx, f)
		if err != nil {
			return nil, err
		}
		body := message.VerifierFiling{Verifier: o.Self, Number: number, Act: f.Act, Office: f.Office, Procedures: f.Procedures, Address: f.Address, By: f.FiledBy}
		auditlog.Write(plainTx, auditlog.Entry{Actor: f.FiledBy, Act: "verifier.filing", Subject: fmt.Sprintf("%s/%d", o.Self, number), Detail: access.Detail(ctx, f.Act)})
		return []message.Out{{To: o.cfg.Prefecture, Body: body}}, nil
	})
}

// refile gives a filing that the prefecture has not taken a new number when it is sent again corrected. An office whose database was
// restored from a copy does not know under which numbers it has filed since; it goes past them all.
func (o *Verifier) refile(ctx context.Context, plainTx *sqlstore.Tx, was message.Payload) (message.Payload, error) {
	n, filing := was.(message.VerifierFiling)
	if !filing {
		return was, nil
	}
	number, err := o.in(plainTx).Renumber(ctx, n.Number)
	if err != nil {
		return nil, err
	}
	auditlog.Write(plainTx, auditlog.Entry{Actor: string(o.Self), Act: "verifier.renumbered", Subject: fmt.Sprintf("%s/%d", o.Self, number), Detail: fmt.Sprintf("was %d", n.Number)})
	n.Number = number
	return n, nil
}

// maxFilings is how many filings are looked at, the newest.
const maxFilings = 100

func stands(all []store.Filing) bool {
	for _, f := range all {
		if f.State == "waiting" || f.State == "accepted" {
			return true
		}
	}
	return false
}

// onVerifierDecision takes what the prefecture has decided.
func (o *Verifier) onVerifierDecision(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.VerifierDecision) ([]message.Out, error) {
	if d.Sender != o.cfg.Prefecture || n.Verifier != o.Self {
		return nil, exchange.Reject("not-ours", "この機関の届出への回答ではありません。宛先を確かめてください。", "this is no decision on a filing of this office: check to whom it goes")
	}
	found, err := tx.Decide(ctx, n.Number, n.Decision, n.Reason, n.By, n.Second)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, exchange.Reject("unknown-filing", "この番号の届出はしていません。番号を確かめてください。", "nothing was filed here under this number: check it")
	}
	// Accepted, refused, ended: the words that the prefecture's own log has.
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "verifier." + n.Decision, Subject: fmt.Sprintf("%s/%d", o.Self, n.Number), Case: d.ID.String(), Detail: n.Reason})
	return nil, nil
}

// FilingView is a filing as the command line is told of it.
type FilingView struct {
	Number uint64 `json:"number"`
	Act    string `json:"act"`
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"`
}

// Filings lists what was filed, the newest first.
func (o *Verifier) Filings(ctx context.Context) (views []FilingView, err error) {
	views = []FilingView{}
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := o.in(tx).Filings(ctx, maxFilings)
		for _, f := range all {
			views = append(views, FilingView{f.Number, f.Act, f.State, f.Reason})
		}
		return err
	})
	return views, err
}
