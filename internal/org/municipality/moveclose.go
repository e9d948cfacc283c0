package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// earlyWaits is for how many days after the planned day the message about the deletion is waited for, until people may end the move. After as
// many both ends have the alarm move-unsettled.
const earlyWaits = 30

// ending is a move that no message will end, and how it ends by hand (手で閉じる).
type ending struct {
	person PersonID
	code   resident.RecordCode
	state  string
	end    func(why plain.Sentence) error
}

// endingOf reads a move as one that ends by hand; at either end.
func (o *Municipality) endingOf(ctx context.Context, tx *store.Tx, move string) (e ending, err error) {
	if m, found, err := tx.MoveAwayOf(ctx, move); err != nil {
		return e, err
	} else if found && (m.State == store.OutUnfiled || m.State == store.OutVoided) {
		return ending{m.Person, m.Code, string(m.State), func(why plain.Sentence) error {
			m.State, m.SettledAt, m.Why = store.OutSettled, tx.Now(), why
			return tx.PutMoveAway(ctx, m)
		}}, nil
	}
	m, found, err := tx.MoveHereOf(ctx, move)
	if err != nil {
		return e, err
	}
	late := m.State == store.InEarly && resident.DateOf(tx.Now()).After(m.Planned.AddDays(earlyWaits))
	if found && (m.State == store.InPaper || m.State == store.InDiffers || late) {
		return ending{m.Person, m.Code, string(m.State), func(why plain.Sentence) error {
			m.State, m.SettledAt, m.Why = store.InRegistered, tx.Now(), why
			return tx.PutMoveHere(ctx, m)
		}}, nil
	}
	return e, plain.Bad("move", "この転出入は、電文で終わるのを待っています。人が閉じるものではありません。", "This move is ended by a message, and not by hand.")
}

// ProposeClosing writes down what was found out about a move that no message will end, for a second person. What one person alone closed
// could be another's code.
func (o *Municipality) ProposeClosing(ctx context.Context, move, text string) error {
	by, err := clerk(ctx, access.FileChange)
	if err != nil {
		return err
	}
	if text == "" {
		return plain.Bad("text", "確かめたことと、確かめた相手を入力してください。", "Say what was found out, and with whom.")
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		e, err := o.endingOf(ctx, tx, move)
		if err != nil {
			return nil, err
		}
		if err := o.admitsMove(ctx, tx, by, e.person, e.code); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "file-change", Subject: e.code.Reveal(), Case: move, Detail: "closing of the move proposed"})
		return nil, tx.PutClosing(ctx, store.Closing{Move: move, State: e.state, Text: text, By: by, At: tx.Now()})
	})
	return err
}

// DecideClosing ends a move by what another person has found out, as it was then. Anybody at the counter takes it back.
func (o *Municipality) DecideClosing(ctx context.Context, move string, confirm bool) error {
	by, err := clerk(ctx, access.FileChange)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		c, waits, err := tx.ClosingOf(ctx, move)
		if err != nil {
			return nil, err
		}
		if !waits {
			return nil, plain.Bad("move", "確認を待っているものはありません。すでに決まったか、取り下げられています。", "Nothing waits to be confirmed: it was decided, or taken back.")
		}
		if !confirm { // what was found out may be untrue by now, so that it can always be taken back
			auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "file-change", Case: move, Detail: "closing of the move taken back"})
			return nil, tx.DropClosing(ctx, move)
		}
		e, err := o.endingOf(ctx, tx, move)
		if err != nil {
			return nil, err
		}
		if e.state != c.State {
			return nil, plain.Bad("move", "確かめた後に、この転出入の状態が変わりました。今の状態で確かめ直してください。", "The move has changed since it was found out: find out anew.")
		}
		if err := o.admitsMove(ctx, tx, by, e.person, e.code); err != nil {
			return nil, err
		}
		if err := access.SecondPerson(access.Person{ID: c.By}, access.From(ctx)); err != nil {
			return nil, err
		}
		if err := tx.DropClosing(ctx, move); err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "file-change", Subject: e.code.Reveal(), Case: move, Detail: "move closed by hand, found out by " + c.By})
		return nil, e.end(both(c.Text, c.Text))
	})
	return err
}
