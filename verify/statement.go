package verify

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// StatementFormat is the first field of a statement's file.
const StatementFormat = "akashi statement v1"

// statementFile is the published form (docs/statements.md). What is signed is in accounts; the rest says the same for people
// and scripts, and is compared with it.
type statementFile struct {
	Akashi   string          `json:"akashi"`
	Sender   string          `json:"sender"`
	Receiver string          `json:"receiver"`
	Span     string          `json:"span"`
	Until    string          `json:"until"` // RFC 3339, time in Japan
	State    string          `json:"state"` // incomplete when the receiver's account is missing
	Accounts []accountFile   `json:"accounts"`
	Lines    []StatementLine `json:"lines"`
}

type accountFile struct {
	Side        string      `json:"side"`
	Account     string      `json:"account"`     // base64 of the bytes that are signed
	SHA256      string      `json:"sha256"`      // of these bytes
	Signature   string      `json:"signature"`   // base64, DER
	Certificate string      `json:"certificate"` // PEM
	Says        accountSays `json:"says"`        // the account, readable
}

// StatementLine is one line of a statement: what both sides say of one thing.
type StatementLine struct {
	About    string   `json:"about"`   // range, kind, book, count
	Subject  string   `json:"subject"` // which kind, book, count
	State    string   `json:"state"`   // agreed, explained, unexplained
	JA       string   `json:"ja"`
	EN       string   `json:"en"`
	Sender   int64    `json:"sender"`   // sent; entries; counted, as of the cut
	Receiver int64    `json:"receiver"` // received; entries; counted, as of the cut
	Messages []string `json:"messages,omitempty"`
	Cases    []string `json:"cases,omitempty"`
}

// StatementResult is what Statement found.
type StatementResult struct {
	Verdict  Verdict // Valid: signed by both sides about the same numbers, whatever they say of them. Indeterminate: one side's account is missing
	Reason   Sentence
	Sender   string // of the stream
	Receiver string
	Span     string    // day, week
	Until    time.Time // the close
	State    string    // agreed, explained, unexplained; incomplete
	SignedAt []time.Time
	Lines    []StatementLine
}

// EncodeStatement writes a statement's file. The receiver's account may be absent.
func EncodeStatement(sender message.ExchangeStatement, receiver *message.ExchangeStatement) ([]byte, error) {
	all := []message.ExchangeStatement{sender}
	if receiver != nil {
		all = append(all, *receiver)
	}
	accounts, err := openAccounts(all)
	if err != nil {
		return nil, err
	}
	s := accounts[0]
	f := statementFile{Akashi: StatementFormat, Sender: string(s.Sender), Receiver: string(s.Receiver), Span: string(s.Span),
		Until: s.Until.In(resident.JST).Format(time.RFC3339), State: "incomplete", Lines: []StatementLine{}}
	for i, n := range all {
		sum := sha256.Sum256(n.Account)
		f.Accounts = append(f.Accounts, accountFile{Side: string(accounts[i].Side), Account: base64.StdEncoding.EncodeToString(n.Account),
			SHA256: hex.EncodeToString(sum[:]), Signature: base64.StdEncoding.EncodeToString(n.Signature),
			Certificate: string(pki.EncodeCertificates(n.Certificate)), Says: readable(accounts[i])})
	}
	if len(accounts) == 2 {
		f.Lines, f.State = linesOf(accounts[0], accounts[1])
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(f)
	return b.Bytes(), err
}

func openAccounts(all []message.ExchangeStatement) ([]*message.Account, error) {
	var accounts []*message.Account
	for _, n := range all {
		a, err := message.OpenAccount(n.Account)
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	if len(accounts) == 2 {
		if err := accounts[1].AnswersTo(accounts[0], all[0].Account); err != nil {
			return nil, err
		}
	} else if accounts[0].Side != message.BySender {
		return nil, plain.Bad("side", "送信側の計算書がありません。", "the sender's account is missing")
	}
	return accounts, nil
}

func linesOf(sender, receiver *message.Account) (lines []StatementLine, state string) {
	all := message.Lines(sender, receiver)
	for _, l := range all {
		v := StatementLine{About: l.About, Subject: l.Subject, State: string(l.State), JA: l.Says.JA, EN: l.Says.EN,
			Sender: l.Sender.Total, Receiver: l.Receiver.Total, Cases: l.Cases}
		for _, id := range l.Messages {
			v.Messages = append(v.Messages, id.String())
		}
		lines = append(lines, v)
	}
	return lines, string(message.StateOf(all))
}

// Statement checks a statement's file with nothing but the certificates (DER) of the infrastructure CA: that each side signed
// its account with a certificate that was valid at the time, that both are about the same numbers, and that the readable
// parts say what is signed. The error is a *Refusal.
func Statement(file []byte, roots [][]byte) (StatementResult, error) {
	r := StatementResult{Verdict: Invalid}
	fail := func(err error) (StatementResult, error) {
		if refusal, ok := err.(*Refusal); ok {
			r.Verdict, r.Reason = refusal.Verdict, refusal.Reason
		}
		return r, err
	}
	trust, err := pki.NewTrust(roots...)
	if err != nil {
		return fail(invalid("基盤認証局の証明書が読めません。正しいファイルを指定してください。", "The certificate of the infrastructure CA cannot be read; give the right file."))
	}
	f, all, err := readStatement(file)
	if err != nil {
		return fail(err)
	}
	accounts, err := openAccounts(all)
	if err != nil {
		ps, _ := plain.AsProblems(err)
		if len(ps) == 0 {
			return fail(errStatement())
		}
		return fail(invalid(ps[0].JA, ps[0].EN))
	}
	for i, n := range all {
		a := accounts[i]
		signer, err := trust.Identify(n.Certificate, pki.ForSigning, a.MadeAt)
		if err != nil || signer.Organisation != string(a.By()) {
			return fail(invalid("計算書の証明書が、署名の時点で "+string(a.By())+" のものと確かめられません。",
				"The certificate beside an account cannot be shown to have been that of "+string(a.By())+" when it was signed."))
		}
		if n.Verify(signer.Public) != nil {
			return fail(errSignature())
		}
		r.SignedAt = append(r.SignedAt, a.MadeAt)
	}
	s := accounts[0]
	r.Sender, r.Receiver, r.Span, r.Until, r.State = string(s.Sender), string(s.Receiver), string(s.Span), s.Until, "incomplete"
	if len(accounts) == 2 {
		r.Lines, r.State = linesOf(accounts[0], accounts[1])
	}
	if want, err := again(all); err != nil || !bytes.Equal(want, f) {
		return fail(invalid("ファイルの読みやすい部分が、署名された内容と違います。計算書を出した団体から取り直してください。",
			"The readable part of the file is not what was signed; get the file again from an organisation that holds it."))
	}
	if len(accounts) == 1 {
		r.Verdict, r.Reason = Indeterminate, Sentence{"送信側の計算書だけがあり、その署名は正しいものです。受信側の計算書はまだありません。",
			"The file holds the sender's account alone, and its signature is right. The receiver's has not come."}
		return r, nil
	}
	r.Verdict, r.Reason = Valid, Sentence{"双方の団体が署名した計算書です。", "Both organisations signed this statement."}
	return r, nil
}

// again is what our own file of the same accounts says.
func again(all []message.ExchangeStatement) ([]byte, error) {
	var receiver *message.ExchangeStatement
	if len(all) == 2 {
		receiver = &all[1]
	}
	b, err := EncodeStatement(all[0], receiver)
	if err != nil {
		return nil, err
	}
	var f statementFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	return f.figures()
}

// figures is what a file says, but for the wording of its sentences, which another version of the program may choose
// otherwise.
func (f statementFile) figures() ([]byte, error) {
	f.Lines = slices.Clone(f.Lines)
	for i := range f.Lines {
		f.Lines[i].JA, f.Lines[i].EN = "", ""
	}
	return json.Marshal(f)
}

func errStatement() error {
	return invalid("計算書のファイルが読めません。「"+StatementFormat+"」で始まるJSONファイルを指定してください。",
		"The file is no statement; give the JSON file that begins with \""+StatementFormat+"\".")
}

// readStatement reads the signed parts of a file, and what it says.
func readStatement(file []byte) (says []byte, all []message.ExchangeStatement, err error) {
	var f statementFile
	if len(file) > MaxOctets || message.OneReading(file) != nil {
		return nil, nil, errStatement()
	}
	dec := json.NewDecoder(bytes.NewReader(file))
	dec.DisallowUnknownFields() // nobody signed what else the file may say
	if dec.Decode(&f) != nil || f.Akashi != StatementFormat || len(f.Accounts) < 1 || len(f.Accounts) > 2 {
		return nil, nil, errStatement()
	}
	for _, a := range f.Accounts {
		account, err1 := base64.StdEncoding.DecodeString(a.Account)
		signature, err2 := base64.StdEncoding.DecodeString(a.Signature)
		block, rest := pem.Decode([]byte(a.Certificate))
		if err1 != nil || err2 != nil || block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
			return nil, nil, errStatement()
		}
		all = append(all, message.ExchangeStatement{Account: account, Signature: signature, Certificate: block.Bytes})
	}
	if says, err = f.figures(); err != nil {
		return nil, nil, errStatement()
	}
	return says, all, nil
}
