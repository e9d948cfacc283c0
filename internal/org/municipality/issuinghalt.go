package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// onIssuingHalt hears that issuing is stopped: of the national center, and hands it on to the issuing server, or of that server. The counter keeps it as well, so that
// a server that does not heed it is of no use.
func (o *Municipality) onIssuingHalt(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingHalt) ([]message.Out, error) {
	if d.Sender != o.center && d.Sender != o.issuing {
		return nil, exchange.Reject("not-who-stops", "発行の停止を知らせてよい団体ではありません。送信側の設定を確かめてください。",
			"this organisation does not stop issuing here: check the sender's configuration")
	}
	act := "issuing.halt-heard"
	if !n.LiftedAt.IsZero() {
		act = "issuing.lift-heard"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: act, Case: n.Halt, Detail: n.By + ": " + n.Version + " " + n.Reason})
	if err := halting.Heard(ctx, tx.Tx, d.Sender, n); err != nil || d.Sender == o.issuing || o.issuing == "" {
		return nil, err
	}
	return []message.Out{{To: o.issuing, Body: n, Trace: d.Trace}}, nil
}

// onIssuingProgram hears which version the issuing server runs, and hands it on to the center, which sees who is behind.
func (o *Municipality) onIssuingProgram(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingProgram) ([]message.Out, error) {
	if d.Sender != o.issuing || n.Server != o.issuing {
		return nil, exchange.Reject("not-our-issuing-server", "この市区町村の証明発行サーバではありません。送信側の設定を確かめてください。",
			"this is not the issuing server of this municipality: check the sender's configuration")
	}
	if err := halting.Runs(ctx, tx.Tx, halting.Program(n)); err != nil {
		return nil, err
	}
	return []message.Out{{To: o.center, Body: n, Trace: d.Trace}}, nil
}

// issuingHalted is the order that keeps the issuing server, as it said last what it runs, from issuing; false: none does.
func (o *Municipality) issuingHalted(ctx context.Context, tx *sqlstore.Tx) (halting.Order, bool, error) {
	program, err := halting.ProgramOf(ctx, tx, o.issuing)
	if err != nil {
		return halting.Order{}, false, err
	}
	return halting.Binding(ctx, tx, program)
}

// mayNotBegin tells the clerk that no application is taken, and what to do.
func mayNotBegin(order halting.Order) plain.Sentence {
	says := order.Says()
	return both(says.JA+"申請は受け付けられません。再開の時刻は分からないとお客様に伝え、急ぐ方のことは責任者に知らせてください。",
		says.EN+" No application is taken: tell the person that it is not known when it resumes, and tell your superior of anybody who cannot wait.")
}

// mayNotLeave tells the clerk that a document stays at the counter, and what to do.
func mayNotLeave(order halting.Order) plain.Sentence {
	says := order.Says()
	return both(says.JA+"再開されれば、この画面から渡せます。印刷した紙があれば渡さずに保管し、責任者に知らせてください。",
		says.EN+" When it is resumed, it may be handed over from this page. Keep what was printed, hand nothing over, and tell your superior.")
}

// releases refuses to print or hand over a document while issuing by the version that signed it is stopped. It stays where it is: when the order is lifted it may go.
func (o *Municipality) releases(ctx context.Context, tx *sqlstore.Tx, doc Document) error {
	order, bound, err := halting.Binding(ctx, tx, doc.Server)
	if err != nil || !bound {
		return err
	}
	return plain.Bad("document", "この証明書は、いま印刷も交付もできません。"+mayNotLeave(order).JA, "This document may neither be printed nor handed over now. "+mayNotLeave(order).EN)
}
