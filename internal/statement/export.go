package statement

import (
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/verify"
)

// Export writes a statement, as Find read it, as the file that package verify and message/vectors/statement.sh check.
func Export(st Statement) ([]byte, error) {
	if st.Sender == nil {
		return nil, plain.Bad("statement", "送信側の計算書がまだありません。締めの後に出してください。",
			"the sender's account has not come: export it after the close")
	}
	var receiver *message.ExchangeStatement
	if st.Receiver != nil {
		receiver = &st.Receiver.ExchangeStatement
	}
	return verify.EncodeStatement(st.Sender.ExchangeStatement, receiver)
}

// FileName is a name for the file: "statement-ca-nationalcenter-day-2026-04-01.json".
func (s *Statements) FileName(k Key) string {
	sender, receiver := s.Stream(k)
	return "statement-" + string(sender) + "-" + string(receiver) + "-" + string(k.Span) + "-" + k.Date().String() + ".json"
}
