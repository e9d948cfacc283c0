package inspect

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
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

	// Newer is the delta list that is out beside a full one, nil: none. What was revoked since the full one may stand there.
	Newer []byte
	// Of a delta list: the number of its base as the row says, and the base itself, as it lies there.
	BaseNumber int64
	Base       []byte

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

// listExtensions are those that a full list has (RFC 5280 5.2), with whether they are critical, and deltaExtensions those of a delta list.
// Where delta lists are found the full lists of older programs do not say.
var (
	listExtensions  = map[string]bool{"2.5.29.35": false, "2.5.29.20": false, "2.5.29.28": true}
	deltaExtensions = map[string]bool{"2.5.29.35": false, "2.5.29.20": false, "2.5.29.27": true, "2.5.29.28": true}
)

const freshest = "2.5.29.46"

// RevocationList judges a full list at a time.
func RevocationList(l List, now time.Time) []Fault { return list(l, now, "") }

func list(l List, now time.Time, off Rule) []Fault {
	b := &bench{off: off}
	r, err := parseList(l.DER)
	if err != nil {
		b.find(Unreadable, "失効リストとして読めません。新しいリストを作らせ、行を控えと比べてください。", "It cannot be read as a revocation list: have a new one made, and compare the row with the backup.")
		return b.faults
	}
	b.listHead(l, r, listExtensions, now)
	b.listEntries(l, r, r, now)
	b.listBefore(l, r, r)
	return b.faults
}

// DeltaList judges a delta list at a time, with the base that it adds to.
func DeltaList(l List, now time.Time) []Fault { return delta(l, now, "") }

func delta(l List, now time.Time, off Rule) []Fault {
	b := &bench{off: off}
	r, err := parseList(l.DER)
	if err != nil {
		b.find(Unreadable, "差分の失効リストとして読めません。新しいリストを作らせ、行を控えと比べてください。", "It cannot be read as a delta revocation list: have a new one made, and compare the row with the backup.")
		return b.faults
	}
	b.listHead(l, r, deltaExtensions, now)
	base, err := parseList(l.Base)
	if err != nil || base.Number == nil || r.Base == nil || base.Number.Cmp(r.Base) != 0 || base.Base != nil || l.Issuer == nil || !base.signedBy(l.Issuer) {
		b.find(Base, "差分の基となる失効リストがないか、読めません。新しいリストを作らせてください。", "The full list that it adds to is not there, or cannot be read: have a new list made.")
		return b.faults
	}
	if r.Number == nil || r.Base.Cmp(r.Number) >= 0 || !l.Bare && r.Base.Int64() != l.BaseNumber {
		b.find(Base, "基の番号が、リスト自身の番号より前ではないか、記録と違います。", "The number of its base is not before its own, or not what the records say.")
	}
	sum := &readList{Entries: slices.Clone(r.Entries)} // who holds the base and fetches this knows both; what this says comes first
	sum.Entries = append(sum.Entries, base.Entries...)
	slices.SortStableFunc(sum.Entries, bySerial)
	sum.Entries = slices.CompactFunc(sum.Entries, func(a, b readEntry) bool { return a.serial == b.serial })
	b.listEntries(l, r, sum, now)
	b.listBefore(l, r, sum)
	return b.faults
}

func (b *bench) listHead(l List, r *readList, want map[string]bool, now time.Time) {
	if l.Issuer == nil {
		b.find(IssuerKnown, "行の認証局を知りません。", "The CA that the row names is not known.")
		return
	}
	if !r.signedBy(l.Issuer) {
		b.find(Signature, "認証局の鍵による署名ではありません。どこから来たものか調べてください。", "It is not signed with the CA's key: find out where it comes from.")
	}
	if !bytes.Equal(r.Issuer, l.Issuer.RawSubject) || !bytes.Equal(r.KeyID, l.Issuer.SubjectKeyId) {
		b.find(Issuer, "発行者の名前か鍵識別子が、認証局のものではありません。", "It names another issuer or another key than the CA's.")
	}
	exact, n := true, 0
	for _, e := range r.Extensions {
		if e.Id.String() == freshest && r.Base == nil {
			exact = exact && !e.Critical && deltasAt(e.Value, l)
			continue
		}
		critical, ok := want[e.Id.String()]
		exact, n = exact && ok && critical == e.Critical, n+1
	}
	exact = exact && n == len(want)
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
	if sum := sha256.Sum256(r.TBS); !bytes.Equal(sum[:], l.Intent) {
		b.find(Intent, "署名されている内容が、署名の前に書き留めたものと違います。", "What is signed is not what was written down before.")
	}
}

// deltasAt tells whether the place of delta lists is the partition's own, and the only one.
func deltasAt(value []byte, l List) bool {
	var points []distributionPoint
	rest, err := asn1.Unmarshal(value, &points)
	return err == nil && len(rest) == 0 && len(points) == 1 && len(points[0].Issuer.FullBytes) == 0 && points[0].Reason.BitLength == 0 &&
		named(points[0].Name, l.Issuer, l.Prefecture, l.District)
}

func covers(r *readList, l List) bool {
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

// listEntries holds the entries against the records, as of the list's time. sum is what is known to who has it: the list itself, or with
// its base.
func (b *bench) listEntries(l List, r, sum *readList, now time.Time) {
	if !l.Bare && int64(len(r.Entries)) != l.Entries {
		b.find(Count, "載っている数が、記録の数と違います。", "It has not as many entries as the records say.")
	}
	if !r.Ordered {
		b.find(Order, "番号が順序どおりでないか、二度あります。", "Its serials are out of order, or one is there twice.")
	}
	if !r.Usual || r.Latest.After(r.ThisUpdate) {
		b.find(Reason, "使われない理由か拡張領域があるか、作成より後の失効日時があります。", "It has a reason or an extension that is not used, or a date after its own.")
	}
	newer, err := parseList(l.Newer)
	if err != nil || l.Issuer == nil || !newer.signedBy(l.Issuer) {
		newer = nil
	}
	var missing, unlisted, extra, differ told
	known := make([]string, 0, len(l.Revoked))
	for _, v := range l.Revoked {
		serial := string(bytes.TrimLeft(v.Serial, "\x00"))
		known = append(known, serial)
		at := v.At.Truncate(time.Second)
		e, there := sum.find(serial)
		switch {
		case there && (e.at != at.Unix() || int(e.reason) != reasons[v.Reason]):
			differ = append(differ, serialText(v.Serial))
		case there || happened(v.NotAfter) && !v.NotAfter.After(r.ThisUpdate) || !happened(v.NotAfter):
			// Whose term is over may be left out (RFC 5280 3.3); of whom nobody knows it, the list before is asked.
		case at.Before(r.ThisUpdate):
			missing = append(missing, serialText(v.Serial))
		case now.Sub(v.At) > patience && !newer.names(serial):
			unlisted = append(unlisted, serialText(v.Serial))
		}
	}
	slices.Sort(known)
	for _, e := range r.Entries {
		if _, there := slices.BinarySearch(known, e.serial); !there {
			extra = append(extra, serialText([]byte(e.serial)))
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
func (b *bench) listBefore(l List, r, sum *readList) {
	if l.Highest > 0 && r.Number != nil && r.Number.Cmp(big.NewInt(l.Highest)) < 0 {
		b.find(WentBack, "番号が、前に見たもの（%d）より小さくなっています。認証局が古い控えから戻されていないか確かめてください。",
			"Its number is lower than one seen before (%d): check whether the CA was restored from an old copy.", l.Highest)
	}
	if l.Last == nil {
		return
	}
	was, err := parseList(l.Last)
	if err != nil || was.Number == nil || r.Number == nil {
		return // what cannot be read was told when it was seen
	}
	if r.Number.Cmp(was.Number) == 0 && !bytes.Equal(r.TBS, was.TBS) {
		b.find(OtherList, "前に見たリストと番号が同じで、内容が違います。認証局が二重に動いていないか確かめてください。",
			"It has the number of a list seen before and is another: check whether the CA runs twice.")
	}
	if r.ThisUpdate.Before(was.ThisUpdate) {
		b.find(WentBack, "作成の時刻が、前に見たリストより前です。手前の機器が古いものを配っていないか確かめてください。",
			"It was made before a list that was seen earlier: check whether something before the server hands out an old copy.")
		return
	}
	var vanished told
	for _, e := range was.Entries {
		if _, there := sum.find(e.serial); there {
			continue
		}
		serial := []byte(e.serial)
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
