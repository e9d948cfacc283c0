// Package identity is the check of who somebody is at a counter (本人確認), as a record: who of the staff checked whom, when, for which
// act, and by documents of which kinds; and by how many of the staff the municipality's own rule wants it done.
//
// In 2004 Nagano found "市町村における本人確認" one of the five points that were safe by the prefecture's own measures alone, and the
// measure was "長野県認証局運用規程に、複数職員によるチェック体制の充実を市町村と協議し規定済【５月１１日】": several of the staff check, and it is
// in the rules of the CA. A tick in a box says neither who has checked nor by what.
//
// It refuses evidence that is none: one document with a photograph, two without, or an answer to the office's own letter. It keeps kinds
// of documents and never their numbers: the number of a licence or a passport says nothing more of whether the person was checked, is
// somebody else's record of them, and would make this table worth stealing; the 個人番号 of a card may not be kept without a law that
// says so (番号法20条).
//
// The kinds of documents, and that two without a photograph stand for one with, are the practice of counters from memory.
package identity

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of checks, of the rule, and of what waits for a second check.
var Schema = sqlstore.SchemaIn("identity", files)

func both(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// Document is a kind of document, never one document.
type Document string

// The kinds. Inquiry is the answer to a letter that the office sent to the address of the record (照会書・回答書).
const (
	MyNumberCard    Document = "my-number-card"
	DrivingLicence  Document = "driving-licence"
	Passport        Document = "passport"
	ResidenceCard   Document = "residence-card"
	PermanentCard   Document = "special-permanent-card"
	DisabilityBook  Document = "disability-handbook"
	HealthInsurance Document = "health-insurance"
	CareInsurance   Document = "care-insurance"
	Pension         Document = "pension"
	Welfare         Document = "welfare"
	Inquiry         Document = "inquiry"
)

// Kind is a kind of document as forms offer it.
type Kind struct {
	Document Document
	Name     plain.Sentence
	Photo    bool
}

var kinds = []Kind{
	{MyNumberCard, both("マイナンバーカード", "My Number card"), true},
	{DrivingLicence, both("運転免許証", "driving licence"), true},
	{Passport, both("旅券", "passport"), true},
	{ResidenceCard, both("在留カード", "residence card"), true},
	{PermanentCard, both("特別永住者証明書", "special permanent resident certificate"), true},
	{DisabilityBook, both("身体障害者手帳", "disability handbook"), true},
	{HealthInsurance, both("健康保険の資格確認書", "health insurance certificate"), false},
	{CareInsurance, both("介護保険被保険者証", "care insurance certificate"), false},
	{Pension, both("年金手帳・基礎年金番号通知書", "pension handbook"), false},
	{Welfare, both("生活保護受給者証", "welfare certificate"), false},
	{Inquiry, both("照会書への回答書", "answer to our letter of inquiry"), false},
}

// Kinds are all kinds of documents, those with a photograph first.
func Kinds() []Kind { return slices.Clone(kinds) }

func kindOf(d Document) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Document == d })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// Name is what people call the kind.
func (d Document) Name() plain.Sentence {
	if k, known := kindOf(d); known {
		return k.Name
	}
	return both(string(d), string(d))
}

// Way is how somebody was checked.
type Way string

// The ways.
const (
	ByPhoto   Way = "photo"   // one document with a photograph
	ByTwo     Way = "two"     // two without
	ByInquiry Way = "inquiry" // the answer to a letter
)

// Name is what people call the way.
func (w Way) Name() plain.Sentence {
	switch w {
	case ByPhoto:
		return both("顔写真付きの書類1点", "one document with a photograph")
	case ByTwo:
		return both("顔写真のない書類2点", "two documents without a photograph")
	case ByInquiry:
		return both("照会書・回答書", "by a letter and its answer")
	}
	return both(string(w), string(w))
}

// Evidence is what was shown: kinds of documents.
type Evidence []Document

// FieldDocument and FieldSecond name the fields of Evidence on forms.
const (
	FieldDocument = "document"
	FieldSecond   = "second_document"
)

// Way judges the evidence: by what somebody was checked, or what is missing.
func (e Evidence) Way() (Way, error) {
	if len(e) == 0 || e[0] == "" {
		return "", plain.Bad(FieldDocument, "本人確認に使った書類の種類を選んでください。", "Choose the kind of document by which the identity was checked.")
	}
	seen := map[Document]bool{}
	without := 0
	way := Way("")
	for i, d := range e {
		field := FieldDocument
		if i > 0 {
			field = FieldSecond
		}
		k, known := kindOf(d)
		switch {
		case !known:
			return "", plain.Bad(field, "書類の種類を、一覧から選んでください。", "Choose the kind of document from the list.")
		case seen[d]:
			return "", plain.Bad(field, "同じ種類の書類が二度選ばれています。別の種類の書類を選んでください。", "The same kind of document is chosen twice: choose another kind.")
		case k.Photo:
			way = ByPhoto
		case d == Inquiry:
			if way == "" {
				way = ByInquiry
			}
		default:
			without++
		}
		seen[d] = true
	}
	if way == "" && without >= 2 {
		way = ByTwo
	}
	if way == "" {
		return "", plain.Bad(FieldSecond,
			"顔写真のない書類は、2点で確認します。もう1点の書類を選ぶか、顔写真付きの書類で確認してください。",
			"Of documents without a photograph two are needed: choose a second one, or check by one with a photograph.")
	}
	return way, nil
}

// Names are the kinds, in the words of people.
func (e Evidence) Names() plain.Sentence {
	var ja, en []string
	for _, d := range e {
		n := d.Name()
		ja, en = append(ja, n.JA), append(en, n.EN)
	}
	return both(strings.Join(ja, "・"), strings.Join(en, ", "))
}

func (e Evidence) text() string {
	var all []string
	for _, d := range e {
		all = append(all, string(d))
	}
	return strings.Join(all, " ")
}

func evidenceOf(text string) (e Evidence) {
	for _, s := range strings.Fields(text) {
		e = append(e, Document(s))
	}
	return e
}

// Check is one person's check of somebody.
type Check struct {
	ID         int64
	Act        access.Act
	Case       string // the application
	Holder     string // as the office's register names them
	By         string // a person of access
	Credential string // the passkey that was shown; empty: none was
	Way        Way
	Documents  Evidence
	At         time.Time
}

// Person is who checked, as access.SecondPerson compares people.
func (c Check) Person() access.Person { return access.Person{ID: c.By, Credential: c.Credential} }

// Tables are the checks in a transaction.
type Tables struct{ tx *sqlstore.Tx }

// In gives a transaction its questions and writes.
func In(tx *sqlstore.Tx) Tables { return Tables{tx} }

const checkColumns = `id, act, case_ref, holder, by_person, credential, way, documents, at`

// Record writes down that the person checked somebody by the evidence, in the transaction of the act; or says what is missing.
func (t Tables) Record(act access.Act, ref, holder string, by access.Person, e Evidence) (Check, error) {
	way, err := e.Way()
	if err != nil {
		return Check{}, err
	}
	c := Check{ID: t.tx.Serial(), Act: act, Case: ref, Holder: holder, By: by.ID, Credential: by.Credential, Way: way, Documents: e, At: t.tx.Now()}
	t.tx.Collect("identity_check", checkColumns, c.ID, string(c.Act), c.Case, c.Holder, c.By, c.Credential, string(c.Way), c.Documents.text(), c.At)
	return c, nil
}

// ChecksOf are the checks of an application, the oldest first, at most 10.
func (t Tables) ChecksOf(ctx context.Context, ref string) ([]Check, error) {
	all, err := sqlstore.List(ctx, t.tx, scanCheck, `SELECT `+checkColumns+` FROM identity_check WHERE case_ref = $1 ORDER BY id LIMIT 10`, ref)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the checks of identity: %w", err)
	}
	return all, nil
}

func scanCheck(r *sqlstore.Rows, c *Check) error {
	var documents string
	err := r.Scan(&c.ID, &c.Act, &c.Case, &c.Holder, &c.By, &c.Credential, &c.Way, &documents, sqlstore.Time(&c.At))
	c.Documents = evidenceOf(documents)
	return err
}

// Count is how many checks there were of an act, in a way.
type Count struct {
	Act access.Act
	Way Way
	N   int64
}

// Counts are the checks since a time, by act and by kind of evidence.
func (t Tables) Counts(ctx context.Context, since time.Time) ([]Count, error) {
	return sqlstore.List(ctx, t.tx, func(r *sqlstore.Rows, c *Count) error { return r.Scan(&c.Act, &c.Way, &c.N) },
		`SELECT act, way, COUNT(*) FROM identity_check WHERE at >= $1 GROUP BY act, way ORDER BY act, way`, sqlstore.Micros(since))
}
