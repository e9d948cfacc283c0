package message

import (
	"crypto/sha256"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Book is a table that both ends of a pair hold, and compare (帳簿).
type Book string

// The books. A book's source (元) is the side whose messages change it, its copy (写し) the side that holds it by those
// messages.
const (
	Residents     Book = "residents"     // municipality → prefecture → national center: 住民票コード and the state's hash, of records in force
	Invalidations Book = "invalidations" // municipality → prefecture → national center: what each version of a record killed
	Certificates  Book = "certificates"  // CA → national center: who holds which certificate
	Revocations   Book = "revocations"   // national center → CA: what the center told it to revoke
	Statuses      Book = "status"        // CA → validation: each certificate's issue and revocation
	Moves         Book = "moves"         // municipality → municipality, from the lower code to the higher: what it told of moves
	MovesBack     Book = "moves-back"    // from the higher code to the lower
	Protections   Book = "protections"   // municipality → prefecture → national center: which versions of whose flag were set, and ended
	// national center → prefectures and municipalities that hold the person elsewhere: the same
	ProtectionsElsewhere Book = "protections-elsewhere"
	IssuingRecords       Book = "issuing-records" // municipality → its issuing server: what documents are made of, of residents
	Drills               Book = "drill"           // any pair: marked losses that prove the alarms
)

// Books lists them in the order in which people read them.
var Books = []Book{Residents, Invalidations, Certificates, Revocations, Statuses, Moves, MovesBack, Protections, ProtectionsElsewhere, IssuingRecords, Drills}

// Name is what people call the book.
func (b Book) Name() plain.Sentence {
	switch b {
	case Residents:
		return plain.Sentence{JA: "住民（本人確認情報）", EN: "Residents"}
	case Invalidations:
		return plain.Sentence{JA: "異動に伴う失効", EN: "What changes killed"}
	case Certificates:
		return plain.Sentence{JA: "発行情報", EN: "Who holds a certificate"}
	case Revocations:
		return plain.Sentence{JA: "異動等失効情報", EN: "Revocations demanded"}
	case Statuses:
		return plain.Sentence{JA: "電子証明書の状態", EN: "Certificate status"}
	case Moves:
		return plain.Sentence{JA: "転出入の通知", EN: "Moves told"}
	case MovesBack:
		return plain.Sentence{JA: "転出入の通知（逆向き）", EN: "Moves told, the other way"}
	case Protections:
		return plain.Sentence{JA: "支援措置", EN: "Protected persons"}
	case ProtectionsElsewhere:
		return plain.Sentence{JA: "ほかの市区町村の支援措置", EN: "Persons protected by other municipalities"}
	case IssuingRecords:
		return plain.Sentence{JA: "証明発行用の記録", EN: "Records that documents are made of"}
	case Drills:
		return plain.Sentence{JA: "警報の訓練", EN: "Alarm drill"}
	}
	return plain.Sentence{JA: string(b), EN: string(b)}
}

// Person is the 住民票コード in a key of the book; empty when the key names no person. Whoever is shown it looks at a person.
func (b Book) Person(key string) string {
	switch b {
	case Residents, IssuingRecords:
		return key
	case Moves, MovesBack: // paper-version-code/in/step, of a move whose name is not known yet
		if name, _, _ := strings.Cut(key, "/"); strings.HasPrefix(name, "paper-") {
			return name[strings.LastIndexByte(name, '-')+1:]
		}
	case Invalidations, Revocations, Protections, ProtectionsElsewhere: // code/version; a serial, or code/profile/version; code/owner/version
		if code, _, found := strings.Cut(key, "/"); found {
			return code
		}
	}
	return ""
}

// Known tells whether this version of the program knows the book.
func (b Book) Known() bool { return slices.Contains(Books, b) }

// Entry is what a message changes in a book: the value under a key before it and after it. The zero Hash stands for
// no entry.
//
// Most books hold facts. A fact is never taken back: Was is zero, and the same fact told twice is one entry, so that
// messages of safe kinds agree in any order.
type Entry struct {
	Book Book
	Key  string
	Was  Hash // what the receiver must hold before the message
	Is   Hash // what it holds afterwards
}

// Booked is a payload that changes books. Entries is the one definition of the projection that both sides compare; what
// a side keeps in its tables must come to the same.
type Booked interface {
	Payload
	Entries() []Entry
}

// EntryValue is the value of an entry: SHA-256 over the line "akashi entry v1", the book and the fields, each ended by a
// newline. No field holds one.
func EntryValue(book Book, fields ...string) Hash {
	h := sha256.New()
	io.WriteString(h, "akashi entry v1\n"+string(book)+"\n")
	for _, f := range fields {
		io.WriteString(h, strings.ReplaceAll(f, "\n", " ")+"\n")
	}
	return Hash(h.Sum(nil))
}

// Entries are those of the resident's code, and of the code before a change of code. Whoever enters a register, by birth
// or by moving in, is in no book of the pair before; a deleted record leaves it.
func (n ResidentChange) Entries() []Entry {
	was, is := Hash(n.Before), Hash(n.After.StateHash())
	if n.After.Change.Reason.Act() == resident.Entry {
		was = Hash{}
	}
	if n.After.Deleted() {
		is = Hash{}
	}
	code := n.After.Code.Reveal()
	if old := n.After.Change.OldCode; old.Valid() {
		return []Entry{{Residents, old.Reveal(), was, Hash{}}, {Residents, code, Hash{}, is}}
	}
	return []Entry{{Residents, code, was, is}}
}

// Entries is one fact: what a version of a record killed, and why.
func (n ResidentInvalidation) Entries() []Entry {
	kills := ""
	for i, k := range []bool{n.Kills.Signature, n.Kills.Authentication, n.Kills.Card} {
		if k {
			kills += "sac"[i : i+1]
		}
	}
	return []Entry{{Book: Invalidations, Key: n.Code.Reveal() + "/" + n.Version.String(),
		Is: EntryValue(Invalidations, kills, n.Reason.Code(), n.Since.String())}}
}

// Entries is one fact: who holds the certificate, and which version of the record it certifies.
func (n CertIssuance) Entries() []Entry {
	return []Entry{{Book: Certificates, Key: n.Serial.String(), Is: EntryValue(Certificates, n.Profile.String(), n.Code.Reveal(),
		n.Version.String(), strconv.FormatInt(n.NotBefore.Unix(), 10), strconv.FormatInt(n.NotAfter.Unix(), 10), n.Municipality.String())}}
}

// Entries is one fact: that a certificate is to be revoked, or every one of the holder's that certifies a version before
// the one named. For what reason is no part of it: whichever demand came first counts.
func (n CertRevocation) Entries() []Entry {
	key := n.Serial.String()
	if n.Serial.IsZero() {
		key = n.Code.Reveal() + "/" + n.Profile.String() + "/" + n.Version.String()
	}
	return []Entry{{Book: Revocations, Key: key, Is: EntryValue(Revocations, n.Profile.String())}}
}

// Entries is one fact: that the certificate was issued, or that it was revoked, when and why.
func (n CertStatus) Entries() []Entry {
	at := strconv.FormatInt(n.At.Unix(), 10)
	if n.Revoked {
		return []Entry{{Book: Statuses, Key: n.Serial.String() + "/revoked", Is: EntryValue(Statuses, n.Issuer, n.Reason.String(), at)}}
	}
	return []Entry{{Book: Statuses, Key: n.Serial.String() + "/good",
		Is: EntryValue(Statuses, n.Issuer, n.Profile.String(), n.Municipality.String(), strconv.FormatInt(n.NotAfter.Unix(), 10))}}
}
