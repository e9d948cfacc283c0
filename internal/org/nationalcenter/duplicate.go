package nationalcenter

import (
	"context"
	"crypto/aes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// The duplicate check (重複の点検) goes round all residents in force, all the time, and looks for what no rule lets come about and a wrong
// entry or a hand in the tables may: one person with two codes, one number with two people, a code or number that is none. In 2016
// there was no such check, and two men had one number until one of them asked about his pension.

const (
	duplicates = "duplicates" // the way of the inspection
	// duplicatePage is how many residents one piece reads: some tens of milliseconds of work, followed by nine times as long a rest.
	duplicatePage = 200
	// duplicatePath is the page, below the center's base.
	duplicatePath = "/duplicates"
)

// The rules. Each names a finding for ever.
const (
	ruleSamePerson  = "same-person"
	ruleOneNumber   = "one-number"
	ruleOtherNumber = "another-number"
	ruleNumberGiven = "number-of-another"
	ruleCode        = "code"
	ruleNumber      = "number"
	ruleRetired     = "retired-code"
)

// newDuplicates is the check. Without the center's key there is no name for what is found that names nobody, and it does not run.
func (o *Center) newDuplicates() *inspection.Inspection {
	cfg := inspection.Config{Self: string(o.Self), Store: o.Store, Clock: o.Clock, Log: o.Log}
	if !o.numberKey.Valid() {
		return inspection.New(cfg)
	}
	round := o.Audit
	if round == 0 {
		round = 30 * time.Second
	}
	return inspection.New(cfg, inspection.Way{Name: duplicates, Title: plain.Sentence{JA: "有効な住民", EN: "residents in force"}, Item: plain.Sentence{JA: "件の名前", EN: "Name of the case"},
		Read: o.residentsToCheck, Look: o.residentToCheck, Page: duplicatePage, Round: round, Alarm: alarm.DuplicatePerson, Href: duplicatePath})
}

// Tasks are the loops to step: the host's and that of the duplicate check.
func (o *Center) Tasks() []clock.Task { return append(o.Host.Tasks(), o.duplicates.Tasks()...) }

func (o *Center) residentsToCheck(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	rows, err := o.in(raw).IndexedAfter(ctx, place, limit)
	if err != nil {
		return nil, "", err
	}
	for _, r := range rows {
		items = append(items, o.indexedItem(r))
	}
	if len(rows) == limit {
		next = rows[limit-1].Code
	}
	return items, next, nil
}

func (o *Center) residentToCheck(ctx context.Context, raw *sqlstore.Tx, key string) (inspection.Item, bool, error) {
	code, ok := o.numberKey.named(key)
	if !ok {
		return inspection.Item{}, false, nil
	}
	r, there, err := o.in(raw).IndexedOf(ctx, code, len(code) == longestNamed)
	if err == nil && !there { // nobody is in force under the code any more, and so nothing is wrong
		return inspection.Item{Key: key, Print: func() []byte { return nil }, Judge: func(context.Context) ([]inspection.Fault, error) { return nil, nil }}, true, nil
	}
	return o.indexedItem(r), err == nil, err
}

func (o *Center) indexedItem(r store.Indexed) inspection.Item {
	return inspection.Item{Key: o.numberKey.name(r.Code),
		// What a person has closed comes again when somebody else agrees with the resident, or the number is another one.
		Print: func() []byte {
			sum := sha256.Sum256(fmt.Appendf(nil, "%q", []string{r.Code, r.Number, r.Twin.Code, r.NumberTwin.Code, r.Given}))
			return sum[:]
		},
		Judge: func(context.Context) ([]inspection.Fault, error) { return o.judgeIndexed(r), nil }}
}

// judgeIndexed says what is wrong with a resident in force. No sentence names anybody, nor where anybody lives: it is kept, and who is
// protected (支援措置) may be so from tomorrow on. The page says where, after it has asked the gate (concerned).
func (o *Center) judgeIndexed(r store.Indexed) (all []inspection.Fault) {
	bad := func(rule, ja, en string) {
		all = append(all, inspection.Fault{Rule: rule, Sentence: plain.Sentence{JA: ja, EN: en}})
	}
	if _, err := resident.ParseRecordCode("code", r.Code); err != nil {
		bad(ruleCode, "住民の住民票コードが、コードではありません（けた数か検査数字）。だれかが表を書き換えたおそれがあります。",
			"The record code of a resident is none (its length or check digit): somebody may have changed the table.")
	}
	if _, err := resident.ParseIndividualNumber("number", r.Number); r.Number != "" && err != nil {
		bad(ruleNumber, "住民の個人番号が、番号ではありません（けた数か検査用数字）。だれかが表を書き換えたおそれがあります。",
			"The individual number of a resident is none (its length or check digit): somebody may have changed the table.")
	}
	if r.Twin.Code != "" {
		bad(ruleSamePerson, "二人の住民が、別の住民票コードで、氏名（空白と異体字の違いを除く）・生年月日・性別が同じです。一人が二重に登録されていないか、市区町村に確かめてください。",
			"Two residents have the same name (but for blanks and variants of characters), date of birth and sex under two record codes: ask the municipalities whether one person was registered twice.")
	}
	if r.NumberTwin.Code != "" {
		bad(ruleOneNumber, "二人の住民が、別の住民票コードで、同じ個人番号を持っています。どちらの番号かを確かめ、もう一人の番号を直してください。",
			"Two residents, under two record codes, have one individual number: find out whose it is, and have the other one's corrected.")
	}
	if r.Given != "" {
		bad(ruleOtherNumber, "住民の個人番号が、このコードに指定した番号と違います。市区町村に、どこから入力した番号かを確かめてください。",
			"The individual number of a resident is not the one that this code was given: ask the municipality where it comes from.")
	}
	if r.GivenTo {
		bad(ruleNumberGiven, "住民の個人番号は、別の住民票コードに指定した番号です。市区町村に、どこから入力した番号かを確かめてください。",
			"The individual number of a resident was given to another record code: ask the municipality where it comes from.")
	}
	if r.Retired {
		bad(ruleRetired, "住民が、変更されて使われなくなった住民票コードで有効になっています。市区町村に、いまのコードを確かめてください。",
			"A resident is in force under a record code that was given up for another one: ask the municipality for the present code.")
	}
	return all
}

// concerned are the residents whom a finding is about.
type concerned struct {
	codes  []string         // as the rows have them, which may be none
	places []plain.Sentence // their municipalities; none when somebody is withheld
	same   bool             // whether two of the same name have one address, where places are told
	hidden bool             // somebody of them is protected, or nobody can tell
}

// concernedBy reads whom a finding is about. Where one of them is protected it says no municipality at all, neither hers nor that of whoever may be
// the same person. A row whose code is none cannot be asked about: it is withheld like one that is protected.
func (o *Center) concernedBy(ctx context.Context, tx *store.Tx, f inspection.Finding) (c concerned, err error) {
	code, _ := o.numberKey.named(f.Item)
	row, there, err := tx.IndexedOf(ctx, code, len(code) == longestNamed)
	if err != nil || !there {
		return c, err
	}
	c.codes, c.places = []string{row.Code}, []plain.Sentence{o.placeOf(row.Municipality)}
	other := store.Other{}
	switch f.Rule {
	case ruleSamePerson:
		other, c.same = row.Twin, row.SameAddress
	case ruleOneNumber:
		other = row.NumberTwin
	}
	if other.Code != "" {
		c.codes = append(c.codes, other.Code)
		if place := o.placeOf(other.Municipality); place != c.places[0] {
			c.places = append(c.places, place)
		}
	}
	for _, text := range c.codes {
		code, err := resident.ParseRecordCode("code", text)
		if err != nil {
			c.hidden = true
			continue
		}
		held, err := o.withheld(ctx, tx.Tx, code)
		if err != nil {
			return concerned{}, err
		}
		c.hidden = c.hidden || held
	}
	if c.hidden {
		c.places, c.same = nil, false
	}
	return c, nil
}

// placeOf names a municipality, whatever the column holds.
func (o *Center) placeOf(text string) plain.Sentence {
	code, err := resident.ParseMunicipalityCode("municipality", text)
	if err == nil {
		if m, err := resident.Lookup("municipality", code, resident.DateOf(o.Clock.Now())); err == nil {
			return plain.Sentence{JA: m.FullName(), EN: m.Romaji()}
		}
	}
	return plain.Sentence{JA: "読めない市区町村", EN: "a municipality that cannot be read"}
}

// longestNamed is how many bytes of a code its name holds.
const longestNamed = aes.BlockSize - 1

// name is what a resident is called where a code must not stand: in alarms, logs and addresses of pages. It is the code as one block of a
// cipher, so that the center, and nobody else, finds the resident by it.
func (k NumberKey) name(code string) string {
	var block [aes.BlockSize]byte
	code = code[:min(len(code), longestNamed)] // one that is longer is no code, and its beginning tells it from others
	block[0] = byte(len(code))
	copy(block[1:], code)
	k.names().Encrypt(block[:], block[:])
	return strings.ToUpper(hex.EncodeToString(block[:]))
}

// named is the code that a name stands for.
func (k NumberKey) named(name string) (code string, ok bool) {
	block, err := hex.DecodeString(name)
	if err != nil || len(block) != aes.BlockSize || !k.Valid() {
		return "", false
	}
	k.names().Decrypt(block, block)
	if int(block[0]) >= len(block) {
		return "", false
	}
	return string(block[1 : 1+block[0]]), true
}

type blockCipher interface {
	Encrypt(dst, src []byte)
	Decrypt(dst, src []byte)
}

func (k NumberKey) names() blockCipher {
	c, err := aes.NewCipher(k.mac("akashi/duplicate/name"))
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	return c
}
