package message

import (
	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// ExchangeStatement is one side's signed account of a stream over a period (日締め・週締めの計算書).
type ExchangeStatement struct {
	Account     []byte // the bytes that are signed
	Signature   []byte
	Certificate []byte // DER
}

// Kind is exchange.statement.
func (ExchangeStatement) Kind() Kind { return KindExchangeStatement }

// Keys is empty: a statement waits for nothing.
func (ExchangeStatement) Keys() []string { return nil }

func (n ExchangeStatement) wire() proto.Message {
	return &messagepb.ExchangeStatement{Account: n.Account, Signature: n.Signature, Certificate: n.Certificate}
}

func statementFromWire(w *messagepb.ExchangeStatement) (ExchangeStatement, error) {
	var c check
	required(&c, "account", len(w.Account) > 0)
	required(&c, "signature", len(w.Signature) > 0)
	required(&c, "certificate", len(w.Certificate) > 0)
	return ExchangeStatement{w.Account, w.Signature, w.Certificate}, c.err()
}
