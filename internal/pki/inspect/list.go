package inspect

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// List is a revocation list's row, nothing of it believed.
type List struct {
	DER                    []byte
	Number                 int64
	ThisUpdate, NextUpdate time.Time
	Entries                int64
	Issuer                 *x509.Certificate // nil: not known
	Prefecture, District   string            // the names of the partition
	Intent                 []byte            // SHA-256 of the to-be-signed bytes that were written down; nil: none
	Before                 bool              // it is older than the writing down of those, or nobody here wrote them down
	Bare                   bool              // there is no row beside the bytes: Number, the times and Entries say nothing
	Highest                int64             // the highest number that was seen before; 0: none
	Revoked                []Revocation      // of the partition, as the records say, those whose term is over too

	// Last is the list that was seen before, nil: none. What stood on it may leave it when its term is over.
	Last []byte
	// Ends tells when the term of a certificate ends, false: nobody knows. May be nil.
	Ends func(serial []byte) (time.Time, bool)
}

// Revocation is what the records say of a revoked certificate.
type Revocation struct {
	Serial   []byte
	At       time.Time
	Reason   string
	NotAfter time.Time // 1970: not known
}

const (
	// maxLife bounds a list: monthly ones live twice as long as a month.
	maxLife = 100 * 24 * time.Hour
	// patience is how long a revocation may wait for its list. The CA makes one within seconds.
	patience = 10 * time.Minute
)

// listExtensions are those that a full list has (RFC 5280 5.2), with whether they are critical.
var listExtensions = map[string]bool{"2.5.29.35": false, "2.5.29.20": false, "2.5.29.28": true}

// RevocationList judges a list at a time.
func RevocationList(l List, now time.Time) []Fault { return list(l, now, "") }

func list(l List, now time.Time, off Rule) []Fault {
	b := &bench{off: off}
	r, err := x509.ParseRevocationList(l.DER)
	if err != nil {
		b.find(Unreadable, "失効リストとして読めません。新しいリストを作らせ、行を控えと比べてください。", "It cannot be read as a revocation list: have a new one made, and compare the row with the backup.")
		return b.faults
	}
	b.listHead(l, r, now)
	b.listEntries(l, r, now)
	b.listBefore(l, r)
	return b.faults
}

func (b *bench) listHead(l List, r *x509.RevocationList, now time.Time) {
	if l.Issuer == nil {
		b.find(IssuerKnown, "行の認証局を知りません。", "The CA that the row names is not known.")
		return
	}
	if r.CheckSignatureFrom(l.Issuer) != nil {
		b.find(Signature, "認証局の鍵による署名ではありません。どこから来たものか調べてください。", "It is not signed with the CA's key: find out where it comes from.")
	}
	if !bytes.Equal(r.RawIssuer, l.Issuer.RawSubject) || !bytes.Equal(r.AuthorityKeyId, l.Issuer.SubjectKeyId) {
		b.find(Issuer, "発行者の名前か鍵識別子が、認証局のものではありません。", "It names another issuer or another key than the CA's.")
	}
	exact := len(r.Extensions) == len(listExtensions)
	for _, e := range r.Extensions {
		critical, ok := listExtensions[e.Id.String()]
		exact = exact && ok && critical == e.Critical
	}
	if !exact {
		b.find(Extensions, "拡張領域に、余分なものか足りないものがあります。", "It has an extension too many or too few, or one that is otherwise critical.")
	}
	if !covers(r, l) {
		b.find(Scope, "リストの対象が、この市区町村の利用者の電子証明書ではありません。", "It does not cover this municipality's user certificates and only them.")
	}
	if r.Number == nil || r.Number.Sign() <= 0 || !r.Number.IsInt64() || !l.Bare && r.Number.Int64() != l.Number {
		b.find(Number, "リストの番号がないか、記録の番号と違います。", "It has no number, or another than the records say.")
	}
	if !l.Bare && (!r.ThisUpdate.Equal(l.ThisUpdate) || !r.NextUpdate.Equal(l.NextUpdate)) {
		b.find(Times, "作成または次回更新の時刻が、記録と違います。", "Its time or that of the next one is not what the records say.")
	}
	if !r.NextUpdate.After(r.ThisUpdate) || r.NextUpdate.After(r.ThisUpdate.Add(maxLife)) {
		b.find(Life, "次回更新の時刻がないか、遠すぎます。", "It does not say when the next one comes, or not before too long.")
	}
	if !r.NextUpdate.After(now) {
		b.find(Late, "次回更新の時刻（%s）を過ぎても、新しいリストがありません。署名の装置と期日の仕事を調べてください。",
			"No newer list is there though its term is over (%s): look at the devices that sign, and at the due work.", r.NextUpdate.In(jst).Format("2006-01-02 15:04:05"))
	}
	if l.Before {
		return
	}
	if sum := sha256.Sum256(r.RawTBSRevocationList); !bytes.Equal(sum[:], l.Intent) {
		b.find(Intent, "署名されている内容が、署名の前に書き留めたものと違います。", "What is signed is not what was written down before.")
	}
}

func covers(r *x509.RevocationList, l List) bool {
	for _, e := range r.Extensions {
		if e.Id.String() != "2.5.29.28" {
			continue
		}
		var p issuingPoint
		rest, err := asn1.Unmarshal(e.Value, &p)
		return err == nil && len(rest) == 0 && p.OnlyUsers && !p.OnlyCAs && named(p.Name, l.Issuer, l.Prefecture, l.District)
	}
	return false
}

// serialText names a serial to people, as screens do.
func serialText(serial []byte) string { return strings.ToUpper(hex.EncodeToString(serial)) }

// some names the first of several.
func some(serials []string) (ja, en string) {
	if len(serials) == 1 {
		return serials[0], serials[0]
	}
	return fmt.Sprintf("%s ほか%d件", serials[0], len(serials)-1), fmt.Sprintf("%s and %d others", serials[0], len(serials)-1)
}

// told collects serials, and becomes one fault.
type told []string

func (t told) find(b *bench, r Rule, ja, en string) {
	if len(t) > 0 {
		j, e := some(t)
		b.find(r, ja, en, j)
		for i := range b.faults {
			if b.faults[i].Rule == r {
				b.faults[i].EN = fmt.Sprintf(en, e)
			}
		}
	}
}

// listEntries holds the entries against the records, as of the list's time.
func (b *bench) listEntries(l List, r *x509.RevocationList, now time.Time) {
	if !l.Bare && int64(len(r.RevokedCertificateEntries)) != l.Entries {
		b.find(Count, "載っている数が、記録の数と違います。", "It has not as many entries as the records say.")
	}
	on := make(map[string]x509.RevocationListEntry, len(r.RevokedCertificateEntries))
	var last *big.Int
	for _, e := range r.RevokedCertificateEntries {
		if e.SerialNumber.Sign() <= 0 || last != nil && last.Cmp(e.SerialNumber) >= 0 {
			b.find(Order, "番号が順序どおりでないか、二度あります。", "Its serials are out of order, or one is there twice.")
		}
		last = e.SerialNumber
		if e.ReasonCode < 0 || e.ReasonCode > 6 || len(e.Extensions) > 1 || e.RevocationTime.After(r.ThisUpdate) {
			b.find(Reason, "使われない理由か拡張領域があるか、作成より後の失効日時があります。", "It has a reason or an extension that is not used, or a date after its own.")
		}
		on[string(e.SerialNumber.Bytes())] = e
	}
	var missing, unlisted, extra, differ told
	known := make(map[string]bool, len(l.Revoked))
	for _, v := range l.Revoked {
		serial := string(bytes.TrimLeft(v.Serial, "\x00"))
		known[serial] = true
		at := v.At.Truncate(time.Second)
		e, there := on[serial]
		switch {
		case there && (!e.RevocationTime.Equal(at) || e.ReasonCode != reasons[v.Reason]):
			differ = append(differ, serialText(v.Serial))
		case there || happened(v.NotAfter) && !v.NotAfter.After(r.ThisUpdate) || !happened(v.NotAfter):
			// Whose term is over may be left out (RFC 5280 3.3); of whom nobody knows it, the list before is asked.
		case at.Before(r.ThisUpdate):
			missing = append(missing, serialText(v.Serial))
		case now.Sub(v.At) > patience:
			unlisted = append(unlisted, serialText(v.Serial))
		}
	}
	for _, e := range r.RevokedCertificateEntries {
		if !known[string(e.SerialNumber.Bytes())] {
			extra = append(extra, serialText(e.SerialNumber.Bytes()))
		}
	}
	missing.find(b, Missing, "失効している %s が載っていません。有効に見えてしまいます。新しいリストを作らせてください。",
		"Revoked, and not on it: %s. To those who use it they look valid. Have a new list made.")
	unlisted.find(b, Unlisted, "失効した %s が、10分を過ぎても載ったリストがありません。署名の装置と期日の仕事を調べてください。",
		"Revoked more than ten minutes ago, and on no list yet: %s. Look at the devices that sign, and at the due work.")
	extra.find(b, Extra, "載っている %s を失効させた記録がありません。記録をだれが変えたか調べてください。",
		"On the list, and nothing says that they were revoked: %s. Find out who changed the records.")
	differ.find(b, Entry, "載っている %s の失効日時か理由が、記録と違います。記録をだれが変えたか調べてください。",
		"Their date or reason is not that of the records: %s. Find out who changed them.")
}

// listBefore holds the list against the one that was seen before.
func (b *bench) listBefore(l List, r *x509.RevocationList) {
	if l.Highest > 0 && r.Number != nil && r.Number.Cmp(big.NewInt(l.Highest)) < 0 {
		b.find(WentBack, "番号が、前に見たもの（%d）より小さくなっています。認証局が古い控えから戻されていないか確かめてください。",
			"Its number is lower than one seen before (%d): check whether the CA was restored from an old copy.", l.Highest)
	}
	if l.Last == nil {
		return
	}
	was, err := x509.ParseRevocationList(l.Last)
	if err != nil || was.Number == nil || r.Number == nil {
		return // what cannot be read was told when it was seen
	}
	if r.Number.Cmp(was.Number) == 0 && !bytes.Equal(r.RawTBSRevocationList, was.RawTBSRevocationList) {
		b.find(OtherList, "前に見たリストと番号が同じで、内容が違います。認証局が二重に動いていないか確かめてください。",
			"It has the number of a list seen before and is another: check whether the CA runs twice.")
	}
	if r.ThisUpdate.Before(was.ThisUpdate) {
		b.find(WentBack, "作成の時刻が、前に見たリストより前です。手前の機器が古いものを配っていないか確かめてください。",
			"It was made before a list that was seen earlier: check whether something before the server hands out an old copy.")
		return
	}
	on := make(map[string]bool, len(r.RevokedCertificateEntries))
	for _, e := range r.RevokedCertificateEntries {
		on[string(e.SerialNumber.Bytes())] = true
	}
	var vanished told
	for _, e := range was.RevokedCertificateEntries {
		serial := e.SerialNumber.Bytes()
		if on[string(serial)] {
			continue
		}
		if l.Ends != nil {
			if end, ok := l.Ends(serial); ok && happened(end) && !end.After(r.ThisUpdate) {
				continue
			}
		}
		vanished = append(vanished, serialText(serial))
	}
	vanished.find(b, Vanished, "前のリストに載っていた %s が、有効期間の終わらないうちに消えています。有効に戻って見えます。認証局の記録を調べてください。",
		"They stood on the list before and are gone before their term is over: %s. They look valid again. Examine the records of the CA.")
}
