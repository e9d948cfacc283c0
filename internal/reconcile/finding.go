package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Finding is what the self-audit found: a row that changed behind the program's back, is there twice, or cannot be read.
type Finding struct {
	Book       message.Book
	Self, Peer message.Org
	Key        string // "" for the sums of the book; the row's number for what was lost
	What       string // changed, gone, appeared, doubled, unreadable, sums, lost
	At         time.Time
	Since      time.Time // when this was last found to be right; zero: never
	Closed     time.Time // zero: open
	ClosedBy   string
	Text       string
}

// Says tells what was found, for people.
func (f Finding) Says() plain.Sentence {
	switch f.What {
	case changed:
		return plain.Sentence{JA: "登録が、プログラムによらず書き換えられました。", EN: "A row was changed behind the program's back."}
	case gone:
		return plain.Sentence{JA: "登録が、プログラムによらず消えました。", EN: "A row disappeared behind the program's back."}
	case appeared:
		return plain.Sentence{JA: "登録が、プログラムによらず現れました。", EN: "A row appeared behind the program's back."}
	case doubled:
		return plain.Sentence{JA: "同じ登録が二重にあります。", EN: "A row is there twice."}
	case wrongSums:
		return plain.Sentence{JA: "帳簿の合計が、項目の合計と合いませんでした。合計を直しました。", EN: "The sums of the book were not those of its entries, and were put right."}
	case lost:
		return plain.Sentence{JA: "帳簿に折り込む前の記帳の行が壊れていたため、除きました。自己監査が、登録から項目を作り直します。",
			EN: "A row of what had been set, and was not folded into the book yet, was damaged and was taken out. The self-audit makes its entries anew from the state."}
	}
	return plain.Sentence{JA: "登録を読めません。壊れた行を直してから、この所見を閉じてください。", EN: "A row cannot be read. Mend the row, then close this finding."}
}

// mend writes down what is wrong on a page, and makes the entries what the state says. Before a book has been adopted,
// what has no entry is no finding: the book is younger than what it holds.
func (b *Books) mend(ctx context.Context, tx *sqlstore.Tx, p *pair, g progress, a audited) error {
	found := 0
	for _, w := range a.wrong {
		if w.kept != w.held {
			b.Set(tx, p.book, p.peer, w.key, w.held)
		}
		if !g.adopted && w.what == appeared {
			continue
		}
		found++
		if err := b.find(ctx, tx, p, g, w); err != nil {
			return err
		}
	}
	if len(a.sums) > 0 {
		// The root has sums of its own, written by the same transactions: the end of the cycle looks whether it is right.
		if err := addDigests(ctx, tx, p.id, a.sums); err != nil {
			return err
		}
		found++
		if err := b.find(ctx, tx, p, g, wrongRow{what: wrongSums}); err != nil {
			return err
		}
	}
	if found > 0 || len(a.wrong) > 0 {
		b.ringSource(tx, p)
	}
	return nil
}

// find writes down one finding, unless it is open already.
func (b *Books) find(ctx context.Context, tx *sqlstore.Tx, p *pair, g progress, w wrongRow) error {
	var open int64
	if err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM r_finding WHERE pair = $1 AND skey = $2 AND what = $3 AND closed_at = 0`, p.id, w.key, w.what).Scan(&open); err != nil {
		return err
	}
	if open > 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `INSERT INTO r_finding(pair, skey, at, what, kept, held, since) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (pair, skey, at) DO NOTHING`, p.id, w.key, tx.Now(), w.what, orNothing(w.kept), orNothing(w.held), g.ended); err != nil {
		return fmt.Errorf("couldn't write down what the self-audit found: %w", err)
	}
	b.ring(tx)
	auditlog.Write(tx, auditlog.Entry{Actor: string(b.cfg.Self), Act: "selfaudit." + w.what, Subject: w.key, Detail: string(p.book) + " with " + string(p.peer)})
	b.cfg.Log.WarnContext(ctx, "self-audit: the state is not what the book says", "book", p.book, "peer", p.peer, "what", w.what)
	return nil
}

func orNothing(h message.Hash) []byte {
	if h == (message.Hash{}) {
		return []byte{}
	}
	return h[:]
}

// oddKeys are the keys of open findings whose entries are, on purpose, not what a look into the state says.
func oddKeys(ctx context.Context, tx *sqlstore.Tx, pair int64) (map[string]string, error) {
	odd := map[string]string{}
	type row struct{ key, what string }
	rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error { return r.Scan(&v.key, &v.what) },
		`SELECT skey, what FROM r_finding WHERE pair = $1 AND closed_at = 0 AND what IN ('doubled', 'unreadable')`, pair)
	for _, r := range rows {
		odd[r.key] = r.what
	}
	return odd, err
}

// closeFindings ends what was found under a key, unless another case is still open there.
func closeFindings(ctx context.Context, tx *sqlstore.Tx, pair int64, key, by, text string) error {
	return closeSome(ctx, tx, "", pair, key, tx.Now(), cut(by, 200), cut(text, 1000))
}

// closeMended does so on the word of the other end, which does not see our tables: it ends only what was found before our
// entry was set again. What is as it was found stays for our own people.
func (b *Books) closeMended(ctx context.Context, tx *sqlstore.Tx, p *pair, key, by, text string) error {
	now, err := p.valueOf(ctx, tx, key)
	if err != nil {
		return err
	}
	return closeSome(ctx, tx, ` AND held <> $6`, p.id, key, tx.Now(), cut(by, 200), cut(text, 1000), orNothing(now))
}

func closeSome(ctx context.Context, tx *sqlstore.Tx, which string, args ...any) error {
	_, err := tx.Exec(ctx, `UPDATE r_finding SET closed_at = $3, closed_by = $4, closed_text = $5 WHERE pair = $1 AND skey = $2 AND closed_at = 0
		AND NOT EXISTS (SELECT 1 FROM r_case c WHERE c.pair = $1 AND c.skey = $2 AND c.state = 'open')`+which, args...)
	if err != nil {
		return fmt.Errorf("couldn't close the findings: %w", err)
	}
	return nil
}

var (
	errNoFinding = plain.Bad("finding", "この所見は、もう閉じています。画面を開き直して確かめてください。", "this finding is closed already: reload the page")
	errCaseFirst = plain.Bad("finding", "この行について、不一致の件が開いています。先に件を終えてください。件が終わると、所見も閉じます。",
		"a case about this row is open: end the case first, and the finding closes with it")
)

// Acknowledge closes what the self-audit found under a key of a book, for one person, with a reason. It is refused while the
// case that it led to is open, with which it will close.
func (b *Books) Acknowledge(ctx context.Context, book message.Book, peer message.Org, key, text, by string, with ...With) error {
	if err := reason(text, by); err != nil {
		return err
	}
	p := b.pairs[pairName{book, peer}]
	if p == nil {
		return plain.Bad("book", "この帳簿は、この団体にありません。", "this organisation holds no such book")
	}
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		open := func() (n int64, err error) {
			err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM r_finding WHERE pair = $1 AND skey = $2 AND closed_at = 0`, p.id, key).Scan(&n)
			return n, err
		}
		if n, err := open(); err != nil {
			return err
		} else if n == 0 {
			return errNoFinding
		}
		b.ring(tx)
		if err := closeFindings(ctx, tx, p.id, key, by, text); err != nil {
			return err
		}
		if n, err := open(); err != nil {
			return err
		} else if n > 0 {
			return errCaseFirst
		}
		for _, w := range with {
			if err := w(ctx, tx, Case{Book: book, Self: b.cfg.Self, Peer: peer, Key: key}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Findings lists what the self-audit found and nobody has closed, the oldest first; all of them, the latest first, when
// asked for.
func (b *Books) Findings(ctx context.Context, all bool, limit int) ([]Finding, error) {
	query := `WHERE closed_at = 0 ORDER BY at, skey LIMIT $1`
	if all {
		query = `ORDER BY at DESC, skey LIMIT $1`
	}
	var found []Finding
	err := b.cfg.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		found = nil
		type row struct {
			pair              int64
			at, since, closed int64
			Finding
		}
		rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error {
			return r.Scan(&v.pair, &v.Key, &v.What, &v.at, &v.since, &v.closed, &v.ClosedBy, &v.Text)
		}, `SELECT pair, skey, what, at, since, closed_at, closed_by, closed_text FROM r_finding `+query, int64(limit))
		if err != nil {
			return err
		}
		for _, v := range rows {
			for _, p := range b.order {
				if p.id == v.pair {
					f := v.Finding
					f.Book, f.Self, f.Peer = p.book, b.cfg.Self, p.peer
					f.At, f.Since, f.Closed = moment(v.at), moment(v.since), moment(v.closed)
					found = append(found, f)
				}
			}
		}
		return nil
	})
	return found, err
}
