package lint

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	zx509 "github.com/zmap/zcrypto/x509"
	zlint "github.com/zmap/zlint/v3/lint"
	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
)

// ListWant is what the records say of the revocation list that a CA is about to sign.
type ListWant struct {
	Issuer       []byte // the CA's certificate (DER)
	Number       uint64
	Base         uint64    // of a delta list: the number of the full list that it adds to; 0: a full list
	ThisUpdate   time.Time // to the second
	MaxLife      time.Duration
	Prefecture   string // in Latin letters
	Municipality string // in Latin letters
}

// ListFindings is the refusal of a list: it is an error, and never empty.
type ListFindings []Finding

// Error gives every finding, for logs.
func (f ListFindings) Error() string {
	texts := make([]string, len(f))
	for i, one := range f {
		texts[i] = one.Rule + ": " + one.String()
	}
	return "the revocation list must not be signed: " + strings.Join(texts, "; ")
}

// Sentence gives the findings to people, in one sentence for each.
func (f ListFindings) Sentence() plain.Sentence {
	s := plain.Sentence{JA: "検査に合わないため、失効リストに署名していません。", EN: "The revocation list was not signed, because it does not pass the lint."}
	for _, one := range f {
		s.JA += one.JA
		s.EN += " " + one.EN
	}
	return s
}

// List judges the bytes of a list of one municipality, full or delta. It returns ListFindings, or another error when it could not judge.
//
// It judges the form, and what the records say of the list as a whole. Whether its entries are those that are revoked it does not: one
// damaged row would keep all others from being published. The publication and the inspection compare them.
func List(tbs []byte, w ListWant) error {
	issuer, err := x509.ParseCertificate(w.Issuer)
	if err != nil {
		return fmt.Errorf("couldn't lint a revocation list: its CA's certificate cannot be read: %w", err)
	}
	signer := algorithmOf(issuer.RawSubjectPublicKeyInfo)
	if signer == 0 || w.Number == 0 || w.ThisUpdate.IsZero() || w.MaxLife <= 0 || w.Prefecture == "" || w.Municipality == "" {
		return errors.New("couldn't lint a revocation list: the records do not say what it should be")
	}
	s := &listSubject{ListWant: w, issuer: issuer, signer: signer}
	all := s.own(tbs, "")
	if s.read {
		all = append(all, s.rfc(tbs)...)
	}
	if len(all) > 0 {
		return ListFindings(all)
	}
	return nil
}

// listSubject is a list on the table.
type listSubject struct {
	ListWant
	issuer *x509.Certificate
	signer cert.Algorithm
	read   bool

	version, algorithm, name []byte
	begins, ends             stamp
	head, rest               []byte // what stands before the entries, and after them
	entries                  cryptobyte.String
	hasEntries               bool
	extensions               []extension
}

// listRule is one thing that a list has to be.
type listRule struct {
	name string
	plain.Sentence
	holds func(s *listSubject) bool
}

func (s *listSubject) own(tbs []byte, off string) (all []Finding) {
	if s.read = s.take(tbs); !s.read {
		return []Finding{{"list-structure", says("失効リストの構造をDERとして読み取れません。作成のプログラムを調べてください。",
			"The structure cannot be read as DER: look into the program that built it.")}}
	}
	for _, r := range listRules {
		if r.name != off && !r.holds(s) {
			all = append(all, Finding{r.name, r.Sentence})
		}
	}
	return all
}

// take takes a TBSCertList apart (RFC 5280 5.1).
func (s *listSubject) take(tbs []byte) bool {
	outer := cryptobyte.String(tbs)
	var in, version, algorithm, name, block, list cryptobyte.String
	if !outer.ReadASN1(&in, tag.SEQUENCE) || !outer.Empty() {
		return false
	}
	whole := in
	if !in.ReadASN1(&version, tag.INTEGER) || !in.ReadASN1Element(&algorithm, tag.SEQUENCE) ||
		!in.ReadASN1Element(&name, tag.SEQUENCE) || !readStamp(&in, &s.begins) || !readStamp(&in, &s.ends) {
		return false
	}
	s.version, s.algorithm, s.name = version, algorithm, name
	s.head = whole[:len(whole)-len(in)]
	if s.hasEntries = in.PeekASN1Tag(tag.SEQUENCE); s.hasEntries && !in.ReadASN1(&s.entries, tag.SEQUENCE) {
		return false
	}
	s.rest = in
	if !in.ReadASN1(&block, tagged(0)) || !in.Empty() || !block.ReadASN1(&list, tag.SEQUENCE) || !block.Empty() {
		return false
	}
	for !list.Empty() {
		var e extension
		if !readExtension(&list, &e) {
			return false
		}
		s.extensions = append(s.extensions, e)
	}
	return s.eachEntry(func(listEntry) bool { return true })
}

// listEntry is one of revokedCertificates.
type listEntry struct {
	number     []byte
	at         stamp
	extensions []extension
	extended   bool
}

// eachEntry goes along the entries until see says no. It reports false then, and when one cannot be read.
func (s *listSubject) eachEntry(see func(listEntry) bool) bool {
	rest := s.entries
	for !rest.Empty() {
		var one, number, list cryptobyte.String
		var e listEntry
		if !rest.ReadASN1(&one, tag.SEQUENCE) || !one.ReadASN1(&number, tag.INTEGER) || len(number) == 0 || !readStamp(&one, &e.at) {
			return false
		}
		e.number = number
		if e.extended = !one.Empty(); e.extended {
			if !one.ReadASN1(&list, tag.SEQUENCE) || !one.Empty() {
				return false
			}
			for !list.Empty() {
				var x extension
				if !readExtension(&list, &x) {
					return false
				}
				e.extensions = append(e.extensions, x)
			}
		}
		if !see(e) {
			return false
		}
	}
	return true
}

func (s *listSubject) value(id string) []byte {
	for _, e := range s.extensions {
		if e.id == id {
			return e.value
		}
	}
	return nil
}

// The extensions of a list, in their order.
const (
	listKeyID  = "2.5.29.35"
	listNumber = "2.5.29.20"
	listBase   = "2.5.29.27"
	listScope  = "2.5.29.28"
	listFresh  = "2.5.29.46"
	entryWhy   = "2.5.29.21"
)

var listRules = []listRule{
	{"list-version", says("失効リストの版がX.509の2版（値1）ではありません。", "The version is not that of X.509 lists version 2 (the value 1)."), // RFC 5280 5.1.2.1
		func(s *listSubject) bool { return bytes.Equal(s.version, []byte{1}) }},
	{"list-algorithm", says("署名の方式の記載が、署名する認証局の鍵の方式と違います。", "The signature algorithm is not that of the key that will sign."), // 5.1.2.2
		func(s *listSubject) bool {
			want, err := pki.AlgorithmIdentifier(s.signer)
			return err == nil && bytes.Equal(s.algorithm, want)
		}},
	{"list-issuer", says("発行者名が、署名する認証局の名前と違います。", "The issuer is not the CA that will sign."), // 5.1.2.3
		func(s *listSubject) bool { return bytes.Equal(s.name, s.issuer.RawSubject) }},
	{"list-this-update", says("作成の時刻が、記録した時刻と違います。", "The time of the list is not the one that was recorded."), // 5.1.2.4
		func(s *listSubject) bool { at, ok := s.begins.time(); return ok && at.Equal(s.ThisUpdate) }},
	{"list-next-update", says("次回更新の時刻が、作成より後の決まった長さのうちにありません。", "The time of the next list is not after this one, or too long after it."), // 5.1.2.5
		func(s *listSubject) bool {
			at, ok := s.ends.time()
			return ok && at.After(s.ThisUpdate) && !at.After(s.ThisUpdate.Add(s.MaxLife))
		}},
	{"list-extensions", says("拡張領域が、鍵識別子・番号・対象・差分リストの所在（差分リストでは鍵識別子・番号・基の番号・対象）だけ、この順ではないか、重要度が違います。",
		"The extensions are not the key identifier, the number, the scope and the place of delta lists (of a delta list the key identifier, the number, the base and the scope), in this order, base and scope alone critical."), // 5.2
		func(s *listSubject) bool {
			yes := []byte{0xff}
			want := []extension{{id: listKeyID}, {id: listNumber}, {id: listScope, critical: yes}, {id: listFresh}}
			if s.Base != 0 {
				want = []extension{{id: listKeyID}, {id: listNumber}, {id: listBase, critical: yes}, {id: listScope, critical: yes}}
			}
			return slices.EqualFunc(s.extensions, want, func(a, b extension) bool { return a.id == b.id && bytes.Equal(a.critical, b.critical) })
		}},
	{"list-key", says("鍵識別子が、署名する認証局の鍵のものではありません。", "The key identifier is not that of the key that will sign."), // 4.2.1.1
		func(s *listSubject) bool {
			v := cryptobyte.String(s.value(listKeyID))
			var in, key cryptobyte.String
			return v.ReadASN1(&in, tag.SEQUENCE) && v.Empty() && in.ReadASN1(&key, primitive(0)) && bytes.Equal(key, s.issuer.SubjectKeyId)
		}},
	{"list-number", says("番号が、記録した番号と違います。", "The number is not the one that was recorded."), // 5.2.3
		func(s *listSubject) bool {
			v := cryptobyte.String(s.value(listNumber))
			var n uint64
			return v.ReadASN1Integer(&n) && v.Empty() && n == s.Number
		}},
	{"list-base", says("差分リストの基の番号が、記録した番号と違うか、リスト自身の番号より前ではありません。", "The base of the delta list is not the one that was recorded, or not before the list itself."), // 5.2.4
		func(s *listSubject) bool {
			if s.Base == 0 {
				return s.value(listBase) == nil
			}
			v := cryptobyte.String(s.value(listBase))
			var n uint64
			return v.ReadASN1Integer(&n) && v.Empty() && n == s.Base && n < s.Number
		}},
	{"list-freshest", says("差分リストの所在が、この市区町村のものではありません。", "The place of delta lists is not this municipality's."), // 5.2.6
		func(s *listSubject) bool {
			v := cryptobyte.String(s.value(listFresh))
			if s.Base != 0 {
				return v == nil
			}
			var points, one, point cryptobyte.String
			return v.ReadASN1(&points, tag.SEQUENCE) && v.Empty() && points.ReadASN1(&one, tag.SEQUENCE) && points.Empty() &&
				one.ReadASN1(&point, tagged(0)) && one.Empty() && s.names(point)
		}},
	{"list-scope", says("対象が、この市区町村の利用者の電子証明書ではありません。", "The scope is not this municipality's user certificates and only them."), // 5.2.5
		func(s *listSubject) bool { return s.scoped() }},
	{"list-empty", says("失効がないのに、失効の欄があります。", "Nothing is revoked, and the field of what is revoked is there."), // 5.1.2.6
		func(s *listSubject) bool { return !s.hasEntries || !s.entries.Empty() }},
	{"list-order", says("失効した発行番号が、小さい順に一度ずつ並んでいません。", "The serials are not in ascending order, each once."),
		func(s *listSubject) bool {
			var last []byte
			return s.eachEntry(func(e listEntry) bool {
				n := bytes.TrimLeft(e.number, "\x00")
				ok := last == nil || len(last) < len(n) || len(last) == len(n) && bytes.Compare(last, n) < 0
				last = n
				return ok
			})
		}},
	{"list-serial", says("失効した発行番号に、正の整数として最短の形でないものか、長すぎるものがあります。", "A serial is not a positive integer in its shortest form, or too long."), // 4.1.2.2
		func(s *listSubject) bool {
			return s.eachEntry(func(e listEntry) bool {
				n := e.number
				return n[0]&0x80 == 0 && (n[0] != 0 || len(n) > 1 && n[1]&0x80 != 0) && len(n) <= 20 // 5.1.2.6 and 4.1.2.2: at most 20 octets
			})
		}},
	{"list-time", says("失効日時に、書き方の違うものか、作成より後のものがあります。", "A date of revocation is of another form, or after the list."),
		func(s *listSubject) bool {
			return s.eachEntry(func(e listEntry) bool { at, ok := e.at.time(); return ok && !at.After(s.ThisUpdate) })
		}},
	{"list-reason", says("失効の理由に、使われないものか、書き方の違うものがあります。", "A reason is one that is not used, or of another form."), // 5.3.1, CPS 4.9.9
		func(s *listSubject) bool {
			return s.eachEntry(func(e listEntry) bool {
				if !e.extended {
					return true // unspecified is expressed by absence
				}
				return len(e.extensions) == 1 && e.extensions[0].id == entryWhy && e.extensions[0].critical == nil &&
					len(e.extensions[0].value) == 3 && bytes.HasPrefix(e.extensions[0].value, []byte{0x0a, 1}) && e.extensions[0].value[2] >= 1 && e.extensions[0].value[2] <= 6
			})
		}},
}

// scoped: the issuing distribution point is the partition's name, and says onlyContainsUserCerts, and nothing else.
func (s *listSubject) scoped() bool {
	v := cryptobyte.String(s.value(listScope))
	var in, point, users cryptobyte.String
	return v.ReadASN1(&in, tag.SEQUENCE) && v.Empty() && in.ReadASN1(&point, tagged(0)) && in.ReadASN1(&users, primitive(1)) && in.Empty() &&
		bytes.Equal(users, []byte{0xff}) && s.names(point)
}

// names: a DistributionPointName is the partition's name and nothing else.
func (s *listSubject) names(point cryptobyte.String) bool {
	var full, directory, name cryptobyte.String
	if !point.ReadASN1(&full, tagged(0)) || !point.Empty() || !full.ReadASN1(&directory, tagged(4)) || !full.Empty() ||
		!directory.ReadASN1Element(&name, tag.SEQUENCE) || !directory.Empty() {
		return false
	}
	got, ok := readName(name)
	ca, ok2 := readName(s.issuer.RawSubject)
	if !ok || !ok2 || len(ca) < 3 {
		return false
	}
	// C and O and the first OU of the CA, then the words, the prefecture and the municipality (as in the certificates of users).
	unit, common := asn1.ObjectIdentifier{2, 5, 4, 11}.String(), asn1.ObjectIdentifier{2, 5, 4, 3}.String()
	want := append(slices.Clone(ca[:3]), attribute{unit, tag.UTF8String, "CRL Distribution Points"}, attribute{unit, tag.UTF8String, s.Prefecture},
		attribute{common, tag.UTF8String, s.Municipality + " CRLDP"})
	return slices.Equal(got, want)
}

// rfcPiece is how many entries the RFCs' lints see at a time: their reader makes an object of each, a kilobyte and more, and a list of a
// million would not fit into a small machine. They judge entries one by one, and the head, which each piece has.
const rfcPiece = 10_000

// rfc runs the RFCs' lints for lists on the bytes, piece by piece, with a placeholder where the signature will be.
func (s *listSubject) rfc(tbs []byte) (all []Finding) {
	told := map[string]bool{}
	judge := func(piece []byte) {
		for _, f := range rfcOfList(piece, s.signer) {
			if !told[f.Rule] {
				told[f.Rule], all = true, append(all, f)
			}
		}
	}
	n, from := 0, 0
	rest := s.entries
	for !rest.Empty() {
		var one cryptobyte.String
		if !rest.ReadASN1Element(&one, tag.SEQUENCE) {
			break // take has read them all
		}
		if n++; n == rfcPiece && !rest.Empty() {
			to := len(s.entries) - len(rest)
			judge(s.piece(s.entries[from:to]))
			n, from = 0, to
		}
	}
	if from == 0 {
		judge(tbs) // as it is
	} else {
		judge(s.piece(s.entries[from:]))
	}
	return all
}

// piece is the list with some of its entries.
func (s *listSubject) piece(entries []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(s.head)
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(entries) })
		b.AddBytes(s.rest)
	})
	return b.BytesOrPanic()
}

// rfcOfList runs the lints on one piece.
func rfcOfList(tbs []byte, signer cert.Algorithm) (all []Finding) {
	unreadable := []Finding{{"rfc", says("失効リストとして読み取れず、RFCの検査を行えません。", "It cannot be read as a revocation list, so that the RFC lints cannot be run.")}}
	defer func() {
		if recover() != nil {
			all = unreadable
		}
	}()
	algorithm, err := pki.AlgorithmIdentifier(signer)
	if err != nil {
		return unreadable
	}
	der, err := pki.Assemble(tbs, algorithm, pki.Placeholder(signer))
	if err != nil {
		return unreadable
	}
	list, err := zx509.ParseRevocationList(der)
	if err != nil {
		return unreadable
	}
	for _, l := range zlint.GlobalRegistry().RevocationListLints().Lints() {
		if r := l.Execute(list, settings()); r.Status > zlint.Pass {
			all = append(all, Finding{"rfc:" + l.Name, says(
				fmt.Sprintf("RFCの検査 %s に合いません（%s）。", l.Name, l.Citation),
				fmt.Sprintf("It does not pass the RFC lint %s (%s).", l.Name, l.Citation))})
		}
	}
	return all
}
