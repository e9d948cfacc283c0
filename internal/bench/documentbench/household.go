package documentbench

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// household is one of four, as an issuing server holds it.
type household struct {
	page []making.Person
	head resident.Name
}

const (
	members    = 4
	households = 32 // different ones, so that each document has other characters than the one before
	seed       = 1
)

// rare are family names of which each has a character that is drawn in another shape without its variation selector. In a population they are
// too rare to be met among so few.
var rare = []string{"葛\U000E0102西", "辻\U000E0102", "渡邊\U000E0109", "樋\U000E0102口", "芦\U000E0102田"}

// families makes the households, all of Japanese nationals and the same in each process. Every other one has a rare family name.
func families() (all []household, err error) {
	municipality, err := resident.ParseMunicipalityCode("municipality", "131211") // 足立区
	if err != nil {
		return nil, err
	}
	var one []resident.Record
	for r := range population.People(population.Options{Municipality: municipality, Seed: seed, Count: 20_000}) {
		if len(one) > 0 && one[0].Household != r.Household {
			if len(one) == members && !slices.ContainsFunc(one, resident.Record.Foreign) {
				h, err := householdOf(one, len(all))
				if err != nil {
					return nil, err
				}
				if all = append(all, h); len(all) == households {
					return all, nil
				}
			}
			one = one[:0]
		}
		one = append(one, r)
	}
	return nil, fmt.Errorf("the population has only %d households of %d", len(all), members)
}

// householdOf is the n-th household, of these records.
func householdOf(records []resident.Record, n int) (h household, err error) {
	renamed := func(name resident.Name) (resident.Name, error) {
		family, given, two := strings.Cut(name.Reveal(), "　")
		if head, _, _ := strings.Cut(records[0].Name.Reveal(), "　"); n%2 == 0 || !two || family != head {
			return name, nil // as the population has it; so has who bears another name than the head
		}
		return resident.ParseName("name", rare[n/2%len(rare)]+"　"+given)
	}
	for i, r := range records {
		// The country assigns individual numbers, so a population has none.
		r.Number = resident.IndividualNumberOf(uint64(98_320_567_300 + i))
		if r.Name, err = renamed(r.Name); err != nil {
			return h, err
		}
		if r.FamilyRegister.Head, err = renamed(r.FamilyRegister.Head); err != nil {
			return h, err
		}
		if r.Relation == resident.Head {
			h.head = r.Name
		}
		h.page = append(h.page, making.Person{IssuingRecord: message.IssuingRecord{Code: r.Code, Version: 1, Register: 1, Record: r}})
	}
	return h, nil
}

// content is a copy of the records of all that shows everything.
func (h household) content(r document.Request) making.Content {
	return making.Content{Form: string(making.HouseholdRecord), Request: r, Page: h.page, Head: h.head,
		Items: document.Items{Relation: true, Domicile: true, Number: true, Code: true}}
}

// request is the n-th application at the counter, with the same length of everything as an issuing server's.
func request(n int, at time.Time) (r document.Request, err error) {
	r = document.Request{ID: fmt.Sprintf("%032x", n+1), Number: fmt.Sprintf("issuing-131211-%s-%05d", strings.ReplaceAll(resident.DateOf(at).String(), "-", ""), n+1),
		Requester: document.Requester{ID: "check-4711", Role: document.Self}, Channel: document.Counter, At: at}
	var secret [10]byte
	for _, random := range [][]byte{r.Nonce[:], secret[:]} {
		if _, err := rand.Read(random); err != nil {
			return r, err
		}
	}
	r.Verify = "https://portal.example/issuing-131211/verify/" + r.Number + "#" + base32.StdEncoding.EncodeToString(secret[:])
	return r, nil
}

// issuer is who certifies, with a seal of 21 mm in 600 dots to the inch.
func issuer() (document.Issuer, error) {
	seal, err := imprint.Read("seal", imprinttest.Seal{Millimetres: 21, Face: 7}.Scan())
	if err != nil {
		return document.Issuer{}, errors.New("couldn't draw the issuer's seal")
	}
	return document.Issuer{Municipality: "東京都足立区", Title: "足立区長", Name: "見本　太郎", Seal: seal}, nil
}
