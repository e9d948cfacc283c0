package message

import (
	"errors"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// ExchangeNote is what people write to each other about a parked message (問合せ・回答), and the receiver's
// acceptance of it.
type ExchangeNote struct {
	Epoch, Seq uint64
	// Of says whose message the note is about: "sender", the organisation that writes the note, or "receiver".
	Of         string
	Act        string // inquiry, answer, accepted
	Text       string
	By, Second string
}

var errNoteWords = errors.New("its words hold a character that no store takes, or the name of a person is too long")

// Kind is exchange.note.
func (ExchangeNote) Kind() Kind { return KindExchangeNote }

// Keys is empty: a note waits for nothing.
func (ExchangeNote) Keys() []string { return nil }

func (n ExchangeNote) wire() proto.Message {
	return &messagepb.ExchangeNote{Epoch: n.Epoch, Seq: n.Seq, Of: n.Of, Act: n.Act, Text: n.Text, By: n.By, Second: n.Second}
}

func noteFromWire(w *messagepb.ExchangeNote) (ExchangeNote, error) {
	n := ExchangeNote{w.Epoch, w.Seq, w.Of, w.Act, w.Text, w.By, w.Second}
	if (n.Of != "sender" && n.Of != "receiver") || (n.Act != "inquiry" && n.Act != "answer" && n.Act != "accepted") || n.By == "" {
		return n, errors.New("note: its act, its author or whose message it is about is missing")
	}
	if !inLines(n.Text) || !inLine(n.By, maxPerson) || !inLine(n.Second, maxPerson) {
		return n, errNoteWords
	}
	if n.Act == "accepted" && (n.Second == "" || n.Second == n.By || n.Of != "receiver") {
		return n, errors.New("note: an acceptance is the receiver's, and needs a second person")
	}
	return n, nil
}

// ExchangeWithdrawal takes the place of a message that shall never be applied: same sequence, next attempt.
type ExchangeWithdrawal struct {
	Of         Kind // the withdrawn message's kind
	Text       string
	By, Second string
}

// Kind is exchange.withdrawal.
func (ExchangeWithdrawal) Kind() Kind { return KindExchangeWithdrawal }

// Keys is empty: a withdrawal stands in another message's place, and takes that message's keys.
func (ExchangeWithdrawal) Keys() []string { return nil }

func (n ExchangeWithdrawal) wire() proto.Message {
	return &messagepb.ExchangeWithdrawal{Kind: string(n.Of), Text: n.Text, By: n.By, Second: n.Second}
}

func withdrawalFromWire(w *messagepb.ExchangeWithdrawal) (ExchangeWithdrawal, error) {
	n := ExchangeWithdrawal{Kind(w.Kind), w.Text, w.By, w.Second}
	if n.By == "" || n.Second == "" || n.By == n.Second {
		return n, errors.New("withdrawal: it needs two persons")
	}
	if !inLine(string(n.Of), maxName) || !inLines(n.Text) || !inLine(n.By, maxPerson) || !inLine(n.Second, maxPerson) {
		return n, errNoteWords
	}
	return n, nil
}
