package nationalcenter_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestNobodyHoldsTwo: whoever has moved gets a certificate from another CA, which knows of no other. The one before ends, by the CA that
// issued it; the same when the notices come the other way round, or of one CA under two codes, and whatever has become of the new one.
func TestNobodyHoldsTwo(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b, d := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男"), newPerson(t, 3, "飯田　一郎")
		c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn), d.change(resident.MoveIn))
		later := start.Add(24 * time.Hour)
		old, next := a.certified(cert.Authentication), a.issuedAt(cert.Authentication, later)
		want(t, c.tell(naganosCA, old, a.certified(cert.Signature)), "applied", "applied")
		c.demandedOf(naganosCA, cert.Superseded)
		want(t, c.tell(theCA, next), "applied")
		c.demandedOf(naganosCA, cert.Superseded, old)
		if r := c.told[naganosCA][0]; r.Since != resident.DateOf(later) {
			t.Errorf("superseded since %s", r.Since)
		}

		// The other way round; and the newer one is lost before anybody tells of the older.
		crossed, newer := b.certified(cert.Authentication), b.issuedAt(cert.Authentication, later)
		want(t, c.tell(theCA, newer), "applied")
		end := lost(b.Code, cert.Authentication, c.clk.Now())
		end.Serial = newer.Serial
		want(t, c.tell(matsumoto, end), "applied")
		want(t, c.tell(naganosCA, crossed), "applied")
		c.demandedOf(naganosCA, cert.Superseded, old, crossed)
		c.demandedOf(theCA, cert.KeyCompromise, newer)
		c.told = map[message.Org][]message.CertRevocation{}

		// One CA, two codes; and under one code the CA does it by itself.
		before, renewal := d.certified(cert.Signature), d.issuedAt(cert.Signature, later)
		want(t, c.tell(theCA, before, renewal), "applied", "applied")
		c.demandedOf(theCA, cert.Superseded)
		want(t, c.tell(nagano, d.change(resident.CodeChangeRequested, recoded(8))), "applied")
		last := d.issuedAt(cert.Signature, later.Add(time.Hour))
		want(t, c.tell(theCA, last, last), "applied", "applied")
		c.demandedOf(theCA, cert.Superseded, before, renewal)
		missed := len(c.living())
		c.tamper(`DELETE FROM demand`)
		if found := len(c.living()); missed != 0 || found < 2 {
			t.Errorf("missed were %d, and without a demand %d", missed, found)
		}

		// One whose term is over needs no end.
		over := a.issuedAt(cert.Signature, start.AddDate(-6, 0, 0))
		want(t, c.tell(theCA, over), "applied")
		c.demandedOf(theCA, cert.Superseded, before, renewal)
	})
}

// TestAnotherCAsCertificate: by the CA that told of a certificate goes what ends it, so that no other one may tell of the same serial; and
// each CA is compared with what it told, and with what it was told, alone.
func TestAnotherCAsCertificate(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn))
		one, other := a.certified(cert.Signature), b.certified(cert.Signature)
		want(t, c.tell(theCA, one), "applied")
		want(t, c.tell(naganosCA, other), "applied")
		want(t, c.tell(naganosCA, one), "serial-of-another-ca")
		says(c, "told apart", message.Certificates, theCA, one)
		says(c, "told apart", message.Certificates, naganosCA, other)

		key, sent := one.Serial.String(), one
		sent.Name, sent.Address = resident.Name{}, resident.Address{}
		if _, err := c.take(naganosCA, message.Certificates, key, sent); err == nil {
			t.Error("a CA's snapshot took another one's certificate")
		}
		c.taken(naganosCA, message.Certificates, key, nil, 0)
		says(c, "not theirs to strike", message.Certificates, theCA, one)

		a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		b.change(resident.MoveWithin, at("長野県松本市大手2番2号"))
		want(t, c.tell(nagano, a.kill(), b.kill()), "applied", "applied")
		says(c, "demanded", message.Revocations, theCA, c.told[theCA]...)
		says(c, "demanded", message.Revocations, naganosCA, c.told[naganosCA]...)
		for ca, n := range map[message.Org]message.CertIssuance{theCA: one, naganosCA: other} {
			told := slices.DeleteFunc(slices.Clone(c.told[ca]), func(r message.CertRevocation) bool { return r.Serial.IsZero() }) // of the notice that was refused
			if len(told) != 1 || told[0].Serial != n.Serial {
				t.Errorf("%s was told %+v", ca, told)
			}
		}
	})
}

// TestUnreadNoticeOfEach: two CAs' notices of one holder cannot be read, and an invalidation names the holder to both; one that has sent
// nothing is told nothing.
func TestUnreadNoticeOfEach(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn))
		unread := func(p *person) message.CertIssuance {
			n := p.certified(cert.Signature)
			n.Version = 0
			return n
		}
		want(t, c.tell(naganosCA, unread(a)), "malformed")
		want(t, c.tell(naganosCA, unread(b)), "malformed")
		want(t, c.tell(theCA, unread(b)), "malformed")
		a.change(resident.MoveWithin)
		b.change(resident.MoveWithin)
		want(t, c.tell(nagano, a.kill(), b.kill()), "applied", "applied")
		for ca, codes := range map[message.Org][]resident.RecordCode{naganosCA: {a.Code, b.Code}, theCA: {b.Code}} {
			var told []resident.RecordCode
			for _, r := range c.told[ca] {
				told = append(told, r.Code)
			}
			if !slices.Equal(told, codes) {
				t.Errorf("%s was told of %v, want %v", ca, told, codes)
			}
			says(c, "the holder alone", message.Revocations, ca, c.told[ca]...)
		}
	})
}

// TestWhateverTheOrder: changes, invalidations, issuances by two CAs and reports come in any order, twice or once. In the end exactly those
// certificates were demanded, once and of the CA that issued them, that may not live by what has happened.
func TestWhateverTheOrder(t *testing.T) {
	seeds := uint64(20)
	if os.Getenv("AKASHI_FULL") == "" {
		seeds = 6
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 37))
			c := newCountry(t, "memory:")
			l := newLives(c, r)
			l.arrive()
			l.check()
		})
	}
}

// lives is what has happened to two people, in its order, and what of it the center has not been told yet.
type lives struct {
	*country
	*rand.Rand
	changes  [2][]message.ResidentChange // told in their order
	kills    []message.ResidentInvalidation
	issued   []ofCA
	reports  []message.CertRevoke
	codes    [2][]resident.RecordCode // that the center has been told of
	owner    map[resident.RecordCode]int
	happened time.Time
}

type ofCA struct {
	message.CertIssuance
	ca message.Org
}

func newLives(c *country, r *rand.Rand) *lives {
	l := &lives{country: c, Rand: r, owner: map[resident.RecordCode]int{}, happened: start.AddDate(0, 0, -1)}
	for who := range 2 {
		p := newPerson(c.t, uint64(who)+1, "松本　花子")
		l.owner[p.Code] = who
		want(c.t, c.tell(nagano, p.change(resident.MoveIn)), "applied")
		l.codes[who] = []resident.RecordCode{p.Code}
		for range 3 + r.IntN(8) {
			l.happened = l.happened.Add(time.Second)
			profile := cert.Profiles[r.IntN(2)]
			switch r.IntN(8) {
			case 0:
				l.changes[who] = append(l.changes[who], p.change(resident.MoveWithin, at(fmt.Sprintf("長野県松本市大手1番%d号", r.IntN(9)+1))))
				for code, of := range l.owner {
					if of == who {
						k := p.kill()
						k.Code = code
						l.kills = append(l.kills, k)
					}
				}
			case 1:
				l.changes[who] = append(l.changes[who], p.change(resident.CodeChangeRequested, recoded(uint64(100*(who+1))+uint64(p.Version))))
				p.Change.OldCode = resident.RecordCode{}
				l.owner[p.Code] = who
			case 2, 3:
				n := lost(p.Code, profile, l.happened)
				if len(l.issued) > 0 && r.IntN(2) == 0 {
					if one := l.issued[r.IntN(len(l.issued))]; l.owner[one.Code] == who {
						n.Serial, n.Profile = one.Serial, one.Profile
					}
				}
				l.reports = append(l.reports, n)
			default:
				l.issued = append(l.issued, ofCA{p.issuedAt(profile, l.happened), []message.Org{theCA, naganosCA}[r.IntN(2)]})
			}
		}
	}
	return l
}

// arrive tells the center all of it.
func (l *lives) arrive() {
	kills, issued, reports := slices.Clone(l.kills), slices.Clone(l.issued), slices.Clone(l.reports)
	for _, n := range l.kills {
		if l.IntN(3) == 0 {
			kills = append(kills, n)
		}
	}
	for _, n := range l.issued {
		if l.IntN(3) == 0 {
			issued = append(issued, n)
		}
	}
	for _, n := range l.reports {
		if l.IntN(3) == 0 {
			reports = append(reports, n)
		}
	}
	l.Shuffle(len(kills), func(a, b int) { kills[a], kills[b] = kills[b], kills[a] })
	l.Shuffle(len(issued), func(a, b int) { issued[a], issued[b] = issued[b], issued[a] })
	l.Shuffle(len(reports), func(a, b int) { reports[a], reports[b] = reports[b], reports[a] })
	for changes := l.changes; len(kills)+len(issued)+len(reports)+len(changes[0])+len(changes[1]) > 0; {
		switch n := l.IntN(5); {
		case n < 2 && len(changes[n]) > 0:
			want(l.t, l.tell(nagano, changes[n][0]), "applied")
			if old := changes[n][0].After.Change.OldCode; old.Valid() {
				l.codes[n] = append(l.codes[n], changes[n][0].After.Code)
			}
			changes[n] = changes[n][1:]
		case n == 2 && len(kills) > 0:
			want(l.t, l.tell(nagano, kills[0]), "applied")
			kills = kills[1:]
		case n == 3 && len(issued) > 0:
			want(l.t, l.tell(issued[0].ca, issued[0].CertIssuance), "applied")
			issued = issued[1:]
		case n == 4 && len(reports) > 0:
			told := reports[0]
			known := l.codes[l.owner[told.Code]]
			if told.Code = known[l.IntN(len(known))]; !l.comesLater(told) {
				want(l.t, l.tell(matsumoto, told), "applied")
				reports = reports[1:]
			}
		}
	}
}

// comesLater tells whether a report of one certificate names a code of which it is not known yet that it is the holder's: that one waits,
// which TestReportOvertakesTheCode is about.
func (l *lives) comesLater(n message.CertRevoke) bool {
	for _, one := range l.issued {
		if one.Serial == n.Serial {
			return !slices.Contains(l.codes[l.owner[one.Code]], one.Code)
		}
	}
	return false
}

// check asks of each certificate whether it may live, of what has happened and not of what the center holds.
func (l *lives) check() {
	l.t.Helper()
	for _, c := range l.issued {
		who := l.owner[c.Code]
		dead := slices.ContainsFunc(l.kills, func(k message.ResidentInvalidation) bool {
			return l.owner[k.Code] == who && c.Version < k.Version && c.Profile == cert.Signature
		}) || slices.ContainsFunc(l.reports, func(r message.CertRevoke) bool {
			return l.owner[r.Code] == who && r.Profile == c.Profile && (r.Serial == c.Serial || r.Serial.IsZero() && !c.NotBefore.After(r.At))
		}) || slices.ContainsFunc(l.issued, func(next ofCA) bool {
			return l.owner[next.Code] == who && next.Profile == c.Profile && next.NotBefore.After(c.NotBefore) && (next.ca != c.ca || next.Code != c.Code)
		})
		for _, ca := range []message.Org{theCA, naganosCA} {
			times := 0
			for _, r := range l.told[ca] {
				if r.Serial == c.Serial {
					times++
				}
			}
			if must := map[bool]int{true: 1}[dead && ca == c.ca]; times != must {
				l.t.Errorf("%s was told %d times to end %s of %s, issued %s by %s; want %d", ca, times, c.Profile, c.Code.Reveal(), c.NotBefore, c.ca, must)
			}
		}
	}
	for _, ca := range []message.Org{theCA, naganosCA} {
		var own []message.CertIssuance
		for _, c := range l.issued {
			if c.ca == ca {
				own = append(own, c.CertIssuance)
			}
		}
		says(l.country, "in the end", message.Certificates, ca, own...)
		says(l.country, "in the end", message.Revocations, ca, l.told[ca]...)
	}
	if dead := l.living(); len(dead) > 0 {
		l.t.Errorf("may not live, and were not demanded: %v", dead)
	}
}

// TestCAThatCannotBeTold: somebody has written another CA into a row, or a CA has left the country. Nothing can be sent there, and that keeps
// nobody else's certificate alive; what is left is missed, and demanded when the CA that issued it says again that it did.
func TestCAThatCannotBeTold(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		c.tell(nagano, a.change(resident.MoveIn))
		lostRow, other := a.certified(cert.Signature), a.certified(cert.Signature)
		want(t, c.tell(theCA, lostRow, other), "applied", "applied")
		key := lostRow.Serial.String()
		c.tamper(`UPDATE certificate SET told_by = 'ca-99' WHERE serial = $1`, key)
		a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		want(t, c.tell(nagano, a.kill()), "applied")
		if told := c.told[theCA]; len(told) != 1 || told[0].Serial != other.Serial {
			t.Errorf("the CA was told %+v", told)
		}
		if missed := slices.Compact(c.living()); !slices.Equal(missed, []string{key}) { // two things end it, perhaps
			t.Errorf("missed are %v", missed)
		}
		sent := lostRow
		sent.Name, sent.Address = resident.Name{}, resident.Address{}
		c.taken(theCA, message.Certificates, key, sent, 1)
		if missed := c.living(); len(missed) > 0 {
			t.Errorf("still missed are %v", missed)
		}
	})
}

// TestCAOfAnotherPrefecture: a prefecture's CA that says of somebody whose record is elsewhere that it has issued to them ends nobody's
// certificate by that, whatever it says, and in a snapshot neither; for who has moved there it does, whichever of the two is told first.
func TestCAOfAnotherPrefecture(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		c.tell(nagano, a.change(resident.MoveIn), b.change(resident.MoveIn))
		ofA, ofB := a.certified(cert.Authentication), b.certified(cert.Authentication)
		want(t, c.tell(theCA, ofA, ofB), "applied", "applied")
		false1, false2 := a.issuedAt(cert.Authentication, start.Add(time.Hour)), a.issuedAt(cert.Authentication, start.Add(2*time.Hour))
		d := newPerson(t, 3, "飯田　一郎")
		d.change(resident.MoveIn)
		want(t, c.tell(tokyosCA, d.certified(cert.Signature)), "not-your-municipality")
		false1.Version, false1.Municipality = 9, must(resident.ParseMunicipalityCode("municipality", "131211"))
		false2.Municipality = false1.Municipality
		want(t, c.tell(tokyosCA, false1), "applied")
		c.taken(tokyosCA, message.Certificates, false2.Serial.String(), false2, 0)
		moved := b.issuedAt(cert.Authentication, start.Add(time.Hour))
		moved.Municipality = false1.Municipality
		want(t, c.tell(tokyosCA, moved), "applied") // before the change
		if told := c.told[theCA]; len(told) > 0 {
			t.Fatalf("the CA was told to end %+v", told)
		}
		if missed := c.living(); len(missed) > 0 {
			t.Errorf("missed are %v", missed)
		}
		want(t, c.tell(nagano, b.change(resident.MoveOut)), "applied")
		want(t, c.tell(tokyo, b.change(resident.MoveIn, in("131211", "東京都足立区中央本町一丁目17番1号"))), "applied")
		c.demandedOf(theCA, cert.Superseded, ofB)
		if missed := c.living(); len(missed) > 0 {
			t.Errorf("missed are %v", missed)
		}
	})
}

// TestSettlesWhatWasThere: an older program demanded nothing for a second certificate under another code. The first start after it does, once.
func TestSettlesWhatWasThere(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
		before := a.certified(cert.Signature)
		want(t, c.tell(theCA, before), "applied")
		want(t, c.tell(nagano, a.change(resident.CodeChangeRequested, recoded(8))), "applied")
		want(t, c.tell(theCA, a.issuedAt(cert.Signature, start.Add(time.Hour))), "applied")
		c.demandedOf(theCA, cert.Superseded, before)
		c.told = map[message.Org][]message.CertRevocation{}
		c.tamper(`DELETE FROM demand`)
		c.tamper(`UPDATE certificate SET revoked_at = 0`)
		again := func(marked string) {
			c.tamper(marked)
			if err := c.center.SettleOld(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.run()
		}
		again(`DELETE FROM unsettled`) // not of an older program: a demand that somebody took out is an alarm
		c.demandedOf(theCA, cert.Superseded)
		for range 2 {
			again(`INSERT INTO unsettled(after) VALUES ('')`)
			c.demandedOf(theCA, cert.Superseded, before)
		}
		if missed := c.living(); len(missed) > 0 || len(c.told[theCA]) != 1 {
			t.Errorf("missed are %v, told was %v", missed, c.told[theCA])
		}
	})
}

// TestSettlesPastAHolderThatCannotBeRead: what an older program left of others is demanded all the same, and the start goes on.
func TestSettlesPastAHolderThatCannotBeRead(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		var before []message.CertIssuance
		for n, p := range []*person{newPerson(t, 1, "松本　花子"), newPerson(t, 2, "塩尻　一郎")} {
			want(t, c.tell(nagano, p.change(resident.MoveIn)), "applied")
			old := p.certified(cert.Signature)
			before = append(before, old)
			want(t, c.tell(theCA, old), "applied")
			want(t, c.tell(nagano, p.change(resident.CodeChangeRequested, recoded(8+uint64(n)))), "applied")
			want(t, c.tell(theCA, p.issuedAt(cert.Signature, start.Add(time.Hour))), "applied")
		}
		c.demandedOf(theCA, cert.Superseded, before...)
		c.told = map[message.Org][]message.CertRevocation{}
		c.tamper(`DELETE FROM demand`)
		c.tamper(`UPDATE certificate SET revoked_at = 0`)
		c.tamper(`INSERT INTO invalidation(code, profile, version, reason, since, at)
			SELECT holder, 'signature', 1, 'よめない', '2026-04-01', 1 FROM certificate WHERE serial = '` + before[0].Serial.String() + `'`)
		c.tamper(`INSERT INTO unsettled(after) VALUES ('')`)
		if err := c.center.SettleOld(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.run()
		c.demandedOf(theCA, cert.Superseded, before[1])
	})
}
