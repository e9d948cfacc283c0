package inspect

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"time"
)

// Stored is a certificate's row, nothing of it believed.
type Stored struct {
	DER                  []byte // empty: not issued
	Serial               []byte
	Profile              string
	KeyHash              []byte // SHA-256 of the SubjectPublicKeyInfo
	NotBefore, NotAfter  time.Time
	State                string
	Issued, Revoked      time.Time // 1970 or zero: it did not happen
	Reason               string
	Issuer               *x509.Certificate // of the CA that the row names; nil: none is known
	Prefecture, District string            // the names of the municipality's partition, in Latin letters; empty: there is none
	Intent               []byte            // SHA-256 of the to-be-signed bytes that were written down; nil: none
	Before               bool              // it is older than the writing down of those
	Twice                bool              // something else has its serial
	// What others were told: nil, nobody has to be.
	ToldIssue, ToldState *bool
}

// jst is Japan Standard Time.
var jst = time.FixedZone("JST", 9*60*60)

// happened tells whether a time of a row is one.
func happened(t time.Time) bool { return t.Unix() > 0 }

// Certificate judges a stored certificate.
func Certificate(s Stored) []Fault { return certificate(s, "") }

func certificate(s Stored, off Rule) []Fault {
	b := &bench{off: off}
	b.state(s)
	if s.Twice {
		b.find(SerialTwice, "同じ発行番号を、ほかの証明書も持っています。どちらが先か調べ、後のものを失効させてください。",
			"Another certificate has the same serial: find out which came first, and revoke the other.")
	}
	if len(s.DER) == 0 {
		return b.faults
	}
	c, err := x509.ParseCertificate(s.DER)
	if err != nil {
		b.find(Unreadable, "電子証明書として読めません。控えと比べ、行を戻してください。", "It cannot be read as a certificate: compare it with the backup, and restore the row.")
		return b.faults
	}
	b.columns(s, c)
	b.issued(s, c)
	b.profile(s, c)
	if s.ToldIssue != nil && !*s.ToldIssue {
		b.find(ToldIssue, "全国センターへの発行の通知が、送信箱のどこにもありません。異動があっても失効しないおそれがあります。送り直してください。",
			"No notice of its issue to the national center is in the outbox: a change of the record might not end it. Have it sent.")
	}
	if s.ToldState != nil && !*s.ToldState {
		b.find(ToldState, "失効情報提供センターへの今の状態の通知が、送信箱のどこにもありません。送り直してください。",
			"No notice of its present state to the validation authority is in the outbox: have it sent.")
	}
	return b.faults
}

// reasons are those of the CPS 4.9.9, in the words of RFC 5280 5.3.1, with their codes.
var reasons = map[string]int{"unspecified": 0, "keyCompromise": 1, "cACompromise": 2, "affiliationChanged": 3, "superseded": 4,
	"cessationOfOperation": 5, "certificateHold": 6}

// state holds the columns against each other.
func (b *bench) state(s Stored) {
	wrong := false
	_, known := reasons[s.Reason]
	switch s.State {
	case "intended":
		wrong = happened(s.Issued) || len(s.DER) > 0 || happened(s.Revoked)
	case "valid", "expired":
		wrong = !happened(s.Issued) || len(s.DER) == 0 || happened(s.Revoked) || s.Reason != ""
	case "revoked": // it may have ended before it was issued
		wrong = !happened(s.Revoked) || !known || happened(s.Issued) != (len(s.DER) > 0)
	default:
		b.find(UnknownState, "状態の列が、使われない値です。書き換えられていないか調べてください。", "The state is none that there is: find out who changed it.")
		return
	}
	if wrong {
		b.find(State, "状態と、発行・失効の日時、理由、電子証明書の有無が食い違います。書き換えられていないか調べてください。",
			"Its state contradicts its dates, its reason, or whether there is a certificate: find out who changed the row.")
	}
}

// columns holds the row against what the certificate says.
func (b *bench) columns(s Stored, c *x509.Certificate) {
	if c.SerialNumber.Sign() <= 0 || c.SerialNumber.Cmp(new(big.Int).SetBytes(s.Serial)) != 0 {
		b.find(Serial, "発行番号の列が、電子証明書の番号と違います。", "Its serial is not that of the row.")
	}
	if sum := sha256.Sum256(c.RawSubjectPublicKeyInfo); !bytes.Equal(sum[:], s.KeyHash) {
		b.find(KeyHash, "鍵のハッシュの列が、電子証明書の鍵のものではありません。", "The hash in the row is not that of its key.")
	}
	if !c.NotBefore.Equal(s.NotBefore) || !c.NotAfter.Equal(s.NotAfter) {
		b.find(Validity, "有効期間の列が、電子証明書の有効期間と違います。", "The validity in the row is not that of the certificate.")
	}
	if s.Before {
		return
	}
	if sum := sha256.Sum256(c.RawTBSCertificate); !bytes.Equal(sum[:], s.Intent) {
		b.find(Intent, "署名されている内容が、発行前に書き留めたものと違います。誤って発行されたおそれがあります。失効させ、利用者に知らせてください。",
			"What is signed is not what was written down before: it may have been issued by mistake. Revoke it, and tell its holder.")
	}
}

// signedBy holds the certificate against the CA that the row names.
func (b *bench) signedBy(s Stored, c *x509.Certificate) {
	if s.Issuer == nil {
		b.find(IssuerKnown, "行の認証局を知りません。認証局の証明書か行が失われています。", "The CA that the row names is not known: its certificate is gone, or the row was changed.")
		return
	}
	switch c.SignatureAlgorithm {
	case x509.SHA256WithRSA, x509.ECDSAWithSHA256, x509.ECDSAWithSHA384:
	default:
		b.find(Signature, "署名の方式が、使われないものです。", "It is signed with an algorithm that is not used.")
	}
	if c.CheckSignatureFrom(s.Issuer) != nil {
		b.find(Signature, "認証局の鍵による署名ではありません。行を控えと比べ、どこから来たものか調べてください。",
			"It is not signed with the CA's key: compare the row with the backup, and find out where it comes from.")
	}
	if !bytes.Equal(c.RawIssuer, s.Issuer.RawSubject) || !bytes.Equal(c.AuthorityKeyId, s.Issuer.SubjectKeyId) {
		b.find(Issuer, "発行者の名前か鍵識別子が、認証局のものではありません。", "It names another issuer or another key than the CA's.")
	}
}

// issued holds the certificate against its CA, and against the rules for a holder's.
func (b *bench) issued(s Stored, c *x509.Certificate) {
	if b.signedBy(s, c); s.Issuer == nil {
		return
	}
	// 利用者の電子証明書は5回目（更新は6回目）の誕生日の 23:59:59 まで (jpki-card.md 2.2); a CA's ends at that hour too.
	end := c.NotAfter.In(jst)
	if end.Format("150405") != "235959" || !c.NotBefore.Before(c.NotAfter) || c.NotAfter.After(c.NotBefore.AddDate(6, 0, 1)) || c.NotAfter.After(s.Issuer.NotAfter) ||
		c.NotBefore.Before(s.Issuer.NotBefore) {
		b.find(Term, "有効期間が、規則（5回目、更新は6回目の誕生日の終わりまで）に合いません。", "Its term is not what the rules allow (to the end of the 5th birthday, the 6th for a renewal).")
	}
	b.strong(c.PublicKey)
}
