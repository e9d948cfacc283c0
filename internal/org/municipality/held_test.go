package municipality

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// heldOne is a certificate of a version that the CA says is valid.
func (c *country) heldOne(version resident.Version) *message.HeldCertificate {
	c.t.Helper()
	return &message.HeldCertificate{Serial: must[cert.Serial](c.t)(cert.ParseSerial("4711")), Issuer: strings.Repeat("ca", 20), Version: version,
		Municipality: c.o.code, NotAfter: c.clk.Now().AddDate(4, 0, 0), CenterTold: true}
}

// refusedFor applies while the CA says that a certificate is valid, and gives what became of it.
func (c *country) refusedFor(who PersonID, p cert.Profile, h *message.HeldCertificate) store.Application {
	c.t.Helper()
	c.decline, c.held = &plain.Sentence{JA: "有効な電子証明書があります。", EN: "There is a valid certificate."}, h
	defer func() { c.decline, c.held = nil, nil }()
	a := c.application(c.apply(who, p, publicPEM(c.t, broughtKey.Public())).Request)
	if a.State != store.Refused || a.Held.Serial != h.Serial || a.Held.Version != h.Version {
		c.t.Fatalf("the application is %s, held %v", a.State, a.Held)
	}
	return a
}

// TestHeldIsCompared: a clerk who is refused because a certificate is valid is told whether the register says so too, and where the
// end of it got stuck when it does not.
func TestHeldIsCompared(t *testing.T) {
	move := func(c *country, who PersonID) {
		if _, err := c.o.File(as(c.t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市大手1番")}); err != nil {
			c.t.Fatal(err)
		}
		c.run(time.Hour)
	}
	for name, x := range map[string]struct {
		before  func(*country, PersonID)
		profile cert.Profile
		held    func(*message.HeldCertificate)
		finding string
		says    string
	}{
		"nothing has changed":          {nil, cert.Signature, nil, store.Agrees, "食い違いはありません"},
		"it was issued elsewhere":      {nil, cert.Authentication, func(h *message.HeldCertificate) { h.Municipality = body("202053") }, store.Agrees, "長野県飯田市で発行"},
		"a move, and the other kind":   {move, cert.Authentication, nil, store.Agrees, "食い違いはありません"},
		"a move, and a later version":  {move, cert.Signature, func(h *message.HeldCertificate) { h.Version = 2 }, store.Agrees, "第2版"},
		"a move, not demanded":         {move, cert.Signature, nil, store.Disagrees, "失効を求めていません"},
		"a move, the center not told":  {move, cert.Signature, func(h *message.HeldCertificate) { h.CenterTold = false }, store.Disagrees, "発行情報が、全国センターに届いていません"},
		"a move, demanded and ignored": {move, cert.Signature, func(h *message.HeldCertificate) { h.CenterTold, h.Demanded = false, true }, store.Disagrees, "求められたのに"},
		"a move, and our message waits": {func(c *country, who PersonID) {
			c.net.Join("prefecture-20", nil)
			move(c, who)
		}, cert.Signature, nil, store.Disagrees, "まだ都道府県に届いていません"},
		"a move just now": {func(c *country, who PersonID) {
			move(c, who)
			if _, err := c.o.File(as(c.t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市大手2番")}); err != nil {
				c.t.Fatal(err)
			}
		}, cert.Signature, func(h *message.HeldCertificate) { h.Version = 2 }, store.Agrees, "1分ほど待って"},
		"a minor amendment": {func(c *country, who PersonID) {
			if _, err := c.o.File(as(c.t, "clerk-aoki"), MinorAmendment{Filing: c.filing(who, "rule-21-2-2"), Name: name("高𠮷 葛子")}); err != nil {
				c.t.Fatal(err)
			}
			c.run(time.Hour)
		}, cert.Signature, nil, store.Agrees, "食い違いはありません"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCountry(t, "memory:")
			who := c.register(movedIn()).Person
			if x.before != nil {
				x.before(c, who)
			}
			h := c.heldOne(1)
			if x.held != nil {
				x.held(h)
			}
			a := c.refusedFor(who, x.profile, h)
			if a.Finding != x.finding || !strings.Contains(a.Found.JA, x.says) || a.Found.EN == "" {
				t.Errorf("%s: %s", a.Finding, a.Found)
			}
		})
	}
}

// TestHeldOfAnotherPlace: whoever has come from elsewhere has moved, so that a signature certificate of before is one that has ended.
func TestHeldOfAnotherPlace(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(fromElsewhere(resident.RecordCodeOf(1_234_567_890), 6)).Person
	c.run(time.Hour)
	for p, want := range map[cert.Profile]string{cert.Signature: store.Disagrees, cert.Authentication: store.Agrees} {
		if a := c.refusedFor(who, p, c.heldOne(5)); a.Finding != want {
			t.Errorf("%s: %s", p, a.Found)
		}
	}
}

// TestDisagreementIsAnAlarm, from outside and whatever the cause, until the certificate has ended; and the clerk can have it ended.
func TestDisagreementIsAnAlarm(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := newWatched(t, url)
		w.good = true
		who := w.register(movedIn()).Person
		filed := must[Filed](t)(w.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: w.filing(who, "law-23"), Address: address("長野県松本市大手4番2号")}))
		w.run(time.Hour)
		h := w.heldOne(1)
		a := w.refusedFor(who, cert.Signature, h)
		w.run(3 * time.Minute)
		if open := w.open(); !slices.Equal(open, []string{filed.Trace}) || !slices.Contains(w.asked, h.Issuer+" "+h.Serial.String()) {
			t.Errorf("open %q, asked about %q", open, w.asked)
		}
		if _, err := w.o.Revoke(as(t, "clerk-aoki"), Revocation{a.Request, cert.Lost}); err != nil {
			t.Fatal(err)
		}
		w.good = false
		w.run(20 * time.Minute)
		if open := w.open(); len(open) != 0 {
			t.Errorf("it has ended, and open are %q", open)
		}
		if len(w.revokes) != 1 || w.revokes[0].Serial != h.Serial || w.revokes[0].Version != 1 || w.revokes[0].Reason != cert.KeyCompromise {
			t.Errorf("the CA was told %+v", w.revokes)
		}
		_, err := w.o.Revoke(as(t, "clerk-aoki"), Revocation{a.Request, cert.Lost})
		fieldsOf(t, err)
		// The CA still says that it is valid: what was asked for here has not come through.
		again := w.refusedFor(who, cert.Signature, h)
		if again.Finding != store.Disagrees {
			t.Errorf("%s: %s", again.Finding, again.Found)
		}
	})
}

// TestRevocationUnheard: the register knows of no change, and the holder's own request was not heard.
func TestRevocationUnheard(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	first := c.application(c.apply(who, cert.Signature, publicPEM(t, broughtKey.Public())).Request)
	if _, err := c.o.Revoke(as(t, "clerk-aoki"), Revocation{first.Request, cert.Asked}); err != nil {
		t.Fatal(err)
	}
	h := c.heldOne(1)
	h.Serial = first.Serial
	if a := c.refusedFor(who, cert.Signature, h); a.Finding != store.Disagrees || !strings.Contains(a.Found.JA, "窓口で申請しました") {
		t.Errorf("%s: %s", a.Finding, a.Found)
	}
}

// TestLoss ends everything that a holder has, by the holder's code: also what was issued elsewhere.
func TestLoss(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	key := publicPEM(t, broughtKey.Public())
	applied := c.apply(who, cert.Signature, key)
	if _, err := c.o.ReportLoss(as(t, "clerk-aoki"), Report{who, cert.Lost}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	var told []cert.Profile
	for _, r := range c.revokes {
		if !r.Serial.IsZero() || r.Code != c.now(who).Record.Code || r.Reason != cert.KeyCompromise || r.Since != today {
			t.Errorf("the CA was told %+v", r)
		}
		told = append(told, r.Profile)
	}
	if !slices.Equal(told, cert.Profiles) {
		t.Errorf("the CA was told of %v", told)
	}
	if !slices.Equal(c.reports, c.revokes) || c.reports[0].At != c.clk.Now().Add(-time.Second).Truncate(time.Second) {
		t.Errorf("the national center was told %+v, the CA %+v", c.reports, c.revokes)
	}
	a := c.application(applied.Request)
	if s := standing(a, c.versions(who), c.clk.Now()); s != StandsRevoked || a.RevokeGround != cert.Lost {
		t.Errorf("stands %s, %s", s, a.RevokeGround)
	}
	for _, r := range []Report{{who, ""}, {who, cert.Changed}, {1, cert.Lost}} {
		_, err := c.o.ReportLoss(as(t, "clerk-aoki"), r)
		fieldsOf(t, err)
	}
	if _, err := c.o.ReportLoss(as(t, "operator-ueda"), Report{who, cert.Lost}); err == nil {
		t.Error("an operator has ended a holder's certificates")
	}
	if len(c.revokes) != 2 {
		t.Errorf("the CA was told %d times", len(c.revokes))
	}
}

// TestUnheardChangeIsTheGround: what a change should have ended is ended on that ground, and those who relied on it are told since when.
// It is a ground of nothing else.
func TestUnheardChangeIsTheGround(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	early := c.refusedFor(who, cert.Signature, c.heldOne(1))
	if _, err := c.o.Revoke(as(t, "clerk-aoki"), Revocation{early.Request, cert.Changed}); err == nil {
		t.Error("a change was the ground where there was none")
	}
	f := c.filing(who, "law-23")
	f.Arose = today.AddDays(-7)
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: f, Address: address("長野県松本市大手1番")}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Hour)
	a := c.refusedFor(who, cert.Signature, c.heldOne(1))
	if name := cert.Changed.Name(); !strings.Contains(a.Found.JA, "「"+name.JA+"」を選んで") || !strings.Contains(a.Found.EN, "“"+name.EN+"”") {
		t.Errorf("the clerk is told: %s", a.Found)
	}
	if all := groundsFor(a, c.versions(who)); all[0] != cert.Changed || len(all) != 1+len(counterGrounds) {
		t.Errorf("to choose from: %v", all)
	}
	if all := groundsFor(early, c.versions(who)); !slices.Equal(all, counterGrounds) {
		t.Errorf("to choose from for one that agrees: %v", all)
	}
	if _, err := c.o.Revoke(as(t, "clerk-aoki"), Revocation{a.Request, cert.Changed}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	if len(c.revokes) != 1 || c.revokes[0].Reason != cert.AffiliationChanged || c.revokes[0].Since != f.Arose || !slices.Equal(c.reports, c.revokes) {
		t.Errorf("the CA was told %+v, the national center %+v", c.revokes, c.reports)
	}
}

// TestLossAfterAnotherCode: certificates state no code and outlive it, and the CA knows the holder of each by the code of its time. So
// it is told each code that the holder has had.
func TestLossAfterAnotherCode(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	applied := c.apply(who, cert.Signature, publicPEM(t, broughtKey.Public()))
	before := c.now(who).Record.Code
	if _, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(who, "law-30-3")}); err != nil {
		t.Fatal(err)
	}
	after := c.now(who).Record.Code
	if a := c.application(applied.Request); before == after || standing(a, c.versions(who), c.clk.Now()) != StandsAlive {
		t.Fatal("another code has ended the certificate, or there is none")
	}
	if _, err := c.o.ReportLoss(as(t, "clerk-aoki"), Report{who, cert.Lost}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	told := map[resident.RecordCode][]cert.Profile{}
	for _, r := range c.revokes {
		told[r.Code] = append(told[r.Code], r.Profile)
	}
	for _, code := range []resident.RecordCode{before, after} {
		if !slices.Equal(told[code], cert.Profiles) {
			t.Errorf("the CA was told of %v", told[code])
		}
	}
}

// TestFifteen, by the clock of Japan: at the counter, who is certainly under 15 gets no signature certificate, and nothing without a
// legal representative.
func TestFifteen(t *testing.T) {
	for born, young := range map[string]bool{
		"2011-04-02": true, "2011-04-01": false, "2011-03-31": false,
		"2012-02-29": true,
		// Of a birth that is partly unknown the counter refuses only who is under 15 on any reading; the CA refuses who may be.
		"2011-04-00": false, "2011-05-00": true, "2011-00-00": false, "2012-00-00": true, "0000-00-00": false,
	} {
		if got := tooYoung(birth(born), today); got != young {
			t.Errorf("born %s, on %s: %v", born, today, got)
		}
	}
	// Somebody born on 29 February is 15 from 1 March of a common year on (年齢計算ニ関スル法律, 民法143条).
	for day, young := range map[int]bool{28: true, 29: false} {
		if got := tooYoung(birth("2012-02-29"), resident.MustDate(2027, 2, 1).AddDays(day-1)); got != young {
			t.Errorf("born on 29 February, %d days into February 2027: %v", day, got)
		}
	}
}

// TestRenewedAtTheCounter: when the CA has issued another of the kind, the one before is not shown as valid any more, and the other
// kind is.
func TestRenewedAtTheCounter(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	key := publicPEM(t, broughtKey.Public())
	old, other := c.apply(who, cert.Signature, key), c.apply(who, cert.Authentication, key)
	next := c.apply(who, cert.Signature, key)
	for request, want := range map[string]Standing{old.Request: StandsRevoked, other.Request: StandsAlive, next.Request: StandsAlive} {
		a := c.application(request)
		if s := standing(a, c.versions(who), c.clk.Now()); s != want || (s == StandsRevoked) != (a.RevokeGround == cert.Renewed) {
			t.Errorf("%s %s stands %s, %s", a.Profile, request, s, a.RevokeGround)
		}
	}
	if len(c.revokes) != 0 {
		t.Errorf("the CA was told %+v of what it has ended itself", c.revokes)
	}
}

// TestRenewedUnderAnotherCode: the CA knows a holder by the code alone, so that after a change of code it issues another certificate
// beside the one that is valid, and does not end that. The counter, which knows that they are one person's, has it ended.
func TestRenewedUnderAnotherCode(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	key := publicPEM(t, broughtKey.Public())
	old, other := c.application(c.apply(who, cert.Signature, key).Request), c.application(c.apply(who, cert.Authentication, key).Request)
	if _, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(who, "law-30-3")}); err != nil {
		t.Fatal(err)
	}
	c.apply(who, cert.Signature, key)
	c.run(time.Second)
	if len(c.revokes) != 1 || c.revokes[0].Serial != old.Serial || c.revokes[0].Code != old.Code || c.revokes[0].Reason != cert.Superseded {
		t.Errorf("the CA was told %+v", c.revokes)
	}
	for request, want := range map[string]Standing{old.Request: StandsRevoked, other.Request: StandsAlive} {
		if s := standing(c.application(request), c.versions(who), c.clk.Now()); s != want {
			t.Errorf("%s stands %s, not %s", request, s, want)
		}
	}
}
