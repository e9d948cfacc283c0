package ca_test

import (
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// staffCheck is the check of one of a municipality's staff.
func staffCheck(n byte, passkey byte, at time.Time) message.IdentityCheck {
	c := message.IdentityCheck{Staff: message.Pseudonym{n}, Way: "photo", At: at.Truncate(time.Second)}
	if passkey != 0 {
		c.Passkey = message.Pseudonym{passkey}
	}
	return c
}

func ruleOf(t testing.TB, version uint64, persons uint32, from resident.Date) message.IdentityRule {
	t.Helper()
	return message.IdentityRule{Municipality: person(t, 1, 1).Municipality, Version: version, Persons: persons, From: from,
		ProposedBy: message.Pseudonym{1}, ConfirmedBy: message.Pseudonym{2}}
}

// TestApplicationsThatTooFewHaveChecked: what a municipality's own screens let through, the CA does not sign.
func TestApplicationsThatTooFewHaveChecked(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		today := resident.DateOf(c.clk.Now())
		c.send(matsumoto, ruleOf(t, 1, 2, today))
		c.run(time.Second)
		now := c.clk.Now()
		for i, test := range []struct {
			code   string
			checks []message.IdentityCheck
		}{
			{"too-few-checkers", nil},
			{"too-few-checkers", []message.IdentityCheck{staffCheck(1, 1, now)}},
			{"one-checker-twice", []message.IdentityCheck{staffCheck(1, 1, now), staffCheck(1, 2, now)}},
			{"one-passkey-twice", []message.IdentityCheck{staffCheck(1, 1, now), staffCheck(2, 1, now)}},
			{"check-after-request", []message.IdentityCheck{staffCheck(1, 1, now), staffCheck(2, 2, now.Add(time.Hour))}},
			{"check-too-old", []message.IdentityCheck{staffCheck(1, 1, now.Add(-3*time.Hour)), staffCheck(2, 2, now)}},
			{"", []message.IdentityCheck{staffCheck(1, 1, now.Add(-time.Hour)), staffCheck(2, 2, now)}},
		} {
			r := request(t, "r"+string(rune('a'+i)), cert.Authentication, person(t, uint64(10+i), 1))
			r.Checks = test.checks
			before, issued := len(c.stuck()), len(received[message.CertIssued](c, matsumoto))
			c.send(matsumoto, r)
			c.run(20 * time.Second)
			stuck := c.stuck()
			if test.code == "" {
				if len(stuck) != before || len(received[message.CertIssued](c, matsumoto)) != issued+1 {
					t.Errorf("two checked, and it was not issued: %v", stuck)
				}
				continue
			}
			if len(stuck) != before+1 || !slices.Contains(stuck, test.code) {
				t.Errorf("want %s, parked are %v", test.code, stuck)
			}
			if n := len(received[message.CertIssued](c, matsumoto)); n != issued {
				t.Errorf("%s: issued all the same", test.code)
			}
		}
	})
}

// TestRuleThatAsksForLess: a rule is lowered by two persons, and for no application that is on its way.
func TestRuleThatAsksForLess(t *testing.T) {
	c := newCountry(t, "memory:")
	today := resident.DateOf(c.clk.Now())
	parked := func(want ...string) {
		t.Helper()
		c.run(20 * time.Second)
		got := c.stuck()
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("parked are %v, want %v", got, want)
		}
	}
	n := 0
	apply := func() {
		t.Helper()
		n++
		r := request(t, "r"+string(rune('a'+n)), cert.Authentication, person(t, uint64(20+n), 1))
		r.Checks = []message.IdentityCheck{staffCheck(1, 1, c.clk.Now())}
		c.send(matsumoto, r)
	}
	apply()
	parked() // no rule was told of
	c.send(matsumoto, ruleOf(t, 1, 2, today), ruleOf(t, 1, 2, today))
	parked()
	apply()
	parked("too-few-checkers")
	c.send(matsumoto, ruleOf(t, 2, 1, today)) // holds from tomorrow, whatever it says
	apply()
	parked("too-few-checkers", "too-few-checkers")
	c.clk.Set(c.clk.Now().Add(24 * time.Hour))
	apply()
	parked("too-few-checkers", "too-few-checkers")

	alone := ruleOf(t, 4, 1, today.AddDays(9))
	alone.ConfirmedBy = alone.ProposedBy
	c.send(matsumoto, ruleOf(t, 3, 2, today))
	parked("too-few-checkers", "too-few-checkers")
	apply()
	parked("too-few-checkers", "too-few-checkers", "too-few-checkers")
	c.send(matsumoto, alone)
	parked("rule-of-one-person", "too-few-checkers", "too-few-checkers", "too-few-checkers")
}

// TestRulesThatAreNoRules are refused, and change nothing.
func TestRulesThatAreNoRules(t *testing.T) {
	c := newCountry(t, "memory:")
	today := resident.DateOf(c.clk.Now())
	c.send(matsumoto, ruleOf(t, 1, 2, today))
	c.run(time.Second)
	c.send(matsumoto, ruleOf(t, 1, 2, today.AddDays(1)))
	c.run(20 * time.Second)
	other := ruleOf(t, 7, 1, today)
	other.Municipality = must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202053"))
	c.send(matsumoto, other)
	c.run(20 * time.Second)
	got := c.stuck()
	slices.Sort(got)
	if !slices.Equal(got, []string{"not-your-rule", "rule-differs"}) {
		t.Errorf("parked are %v", got)
	}
}
