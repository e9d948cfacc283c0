package simulate

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// A certificate ends with the 5th birthday after its issue, so that none of a run's own runs out in it. Before a run begins, some are
// therefore issued as if that had been four and a half years ago: they end on the next birthday of their holders.

// yearsAgo is when certificates were issued that end within the coming year.
func yearsAgo(now time.Time) time.Time { return now.AddDate(-4, -6, 0) }

// renewableDays is from how many days before its end on a certificate may be renewed, with some to spare: three months.
const renewableDays = 85

// holders has people apply whose birthday is near, as many as there are in the country, and one whose birthday is the day on which the run begins: before
// the counters open on that day.
func (s *simulation) holders(ctx context.Context) error {
	day := begins
	if err := s.land.until(ctx, day.Start().Add(opens-20*time.Minute)); err != nil {
		return err
	}
	first, err := s.celebrant(s.atDesk(ctx), day)
	if err != nil {
		return err
	}
	s.land.earlier = true
	defer func() { s.land.earlier = false }()
	if err := s.held(ctx, first, cert.Signature, day); err != nil {
		return err
	}
	share := min(0.5, float64(renewedInAYear)/inhabitants/float64(len(cert.Profiles))*s.opt.Pace)
	given := 0
	near := map[*town]map[municipality.PersonID]resident.Date{}
	for _, t := range s.land.towns {
		if near[t], err = birthdays(ctx, t, day, s.opt.Days+renewableDays); err != nil {
			return err
		}
	}
	for _, x := range s.souls {
		on, is := near[x.at][x.id]
		if !is || x == first {
			continue
		}
		for _, p := range cert.Profiles {
			if s.rng.Float64() >= share && given >= leastHolders {
				continue
			}
			given++
			if err := s.held(ctx, x, p, on); err != nil {
				return err
			}
		}
	}
	return s.land.wait(ctx, 10*time.Minute)
}

// leastHolders of certificates that end soon are in every country, however small.
const leastHolders = 4

// celebrant is somebody who comes from abroad on their birthday.
func (s *simulation) celebrant(ctx context.Context, birthday resident.Date) (*soul, error) {
	at := s.land.towns[0]
	for range tries {
		r, err := s.comer()
		if err != nil {
			return nil, err
		}
		if r.Nationality.Valid() {
			continue
		}
		r.Relation, r.BecameResident, r.Address, r.Municipality = resident.Head, birthday, s.address(at), resident.MunicipalityCode{}
		r.Birth = resident.WholeDate(resident.MustDate(1990, birthday.Month(), birthday.Day()))
		r = r.WithItems(resident.Items{})
		f, err := at.Register(ctx, municipality.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, AsIs: true, Record: r})
		if _, refused := said(err); refused {
			continue
		}
		if err := s.came(at, f, err); err != nil {
			return nil, err
		}
		return s.souls[len(s.souls)-1], nil
	}
	return nil, errNobody
}

// held has somebody apply for a certificate that ends on a day.
func (s *simulation) held(ctx context.Context, x *soul, p cert.Profile, until resident.Date) error {
	ctx = s.atDesk(ctx)
	d, err := x.at.Look(ctx, x.id, "simulation")
	if err == nil {
		err = s.applies(ctx, x, d, p)
	}
	if _, refused := said(err); refused {
		return nil // it happens to nobody else
	}
	x.ends[p] = until
	return err
}

// birthdays are the next ones, of those of a town who are grown up and whose day of birth is known, for so many days from a day on.
func birthdays(ctx context.Context, t *town, from resident.Date, days int) (map[municipality.PersonID]resident.Date, error) {
	type born struct {
		person int64
		birth  string
	}
	rows, err := list(ctx, t.Host, func(r *sqlstore.Rows, b *born) error { return r.Scan(&b.person, &b.birth) },
		`SELECT r.person, v.birth FROM resident AS r JOIN record_version AS v ON v.person = r.person AND v.version = r.version WHERE r.present ORDER BY r.person`)
	all := map[municipality.PersonID]resident.Date{}
	for _, b := range rows {
		y, m, d, ok := calendar(b.birth)
		if !ok || y > from.Year()-20 || m == 2 && d == 29 {
			continue
		}
		next := birthday(from.Year(), m, d)
		if next.Before(from) {
			next = birthday(from.Year()+1, m, d)
		}
		if next.Before(from.AddDays(days)) {
			all[municipality.PersonID(b.person)] = next
		}
	}
	return all, err
}

// calendar reads a day as it stands in a table.
func calendar(s string) (y, m, d int, ok bool) {
	n, err := fmt.Sscanf(s, "%d-%d-%d", &y, &m, &d)
	return y, m, d, err == nil && n == 3 && m > 0 && d > 0
}

// birthday is somebody's in a year; of who was born on 29 February, the 28th.
func birthday(year, m, d int) resident.Date {
	if m == 2 && d == 29 {
		d = 28
	}
	return resident.MustDate(year, time.Month(m), d)
}

// renewed: a holder whose certificate ends within three months has the next one issued, and it takes the place of the old one. While nobody's
// end is near, somebody has one ended and gets another.
func (s *simulation) renewed(ctx context.Context) error {
	for _, x := range s.souls {
		if x.gone || x.leaving || x.measure != "" {
			continue
		}
		for _, p := range cert.Profiles {
			until, near := x.ends[p]
			if !near || x.held[p] == "" || until.Before(s.land.today()) || until.After(s.land.today().AddDays(renewableDays)) {
				continue
			}
			delete(x.ends, p)
			d, err := x.at.Look(ctx, x.id, "simulation")
			if err != nil {
				return err
			}
			if d.Hidden || withSomebodyHidden(d) {
				continue
			}
			return s.applies(ctx, x, d, p)
		}
	}
	return s.again(ctx)
}

// late is somebody who comes for the next certificate after the term of the last one.
type late struct {
	*soul
	profile cert.Profile
}

// ranOut: the term of some certificates is over since the last working day. Every other holder comes for the next one, in the course of the day: after
// a weekend they are many, and all of them at nine o'clock would look like a clerk who opens records in bulk.
func (s *simulation) ranOut(today resident.Date) (come []late) {
	for _, x := range s.souls {
		for _, p := range cert.Profiles {
			until, near := x.ends[p]
			if !near || !until.Before(today) {
				continue
			}
			delete(x.ends, p)
			if x.gone || x.leaving || x.measure != "" || x.held[p] == "" {
				continue
			}
			s.report.Events[Expiry]++
			delete(x.held, p)
			if s.report.Events[Expiry]%2 == 1 {
				come = append(come, late{x, p})
			}
		}
	}
	return come
}

// comesLate has somebody apply whose certificate ran out; who has moved away since the morning, or got one, does not.
func (s *simulation) comesLate(ctx context.Context, x late) error {
	if x.gone || x.leaving || x.measure != "" || x.held[x.profile] != "" {
		return nil
	}
	ctx = s.atDesk(ctx)
	d, err := x.at.Look(ctx, x.id, "simulation")
	if err != nil {
		return err
	}
	if d.Hidden || withSomebodyHidden(d) {
		return nil
	}
	if err := s.applies(ctx, x.soul, d, x.profile); err != nil {
		if _, refused := said(err); !refused {
			return err
		}
	}
	return nil
}

// term is how long a certificate is valid, as the CA has it.
type term struct {
	holder, profile, state, reason, serial, replaces string
	from, until, issued                              int64
}

// terms holds the end of each certificate to the birthdays of its holder, with reckoning of its own. That nobody has two of a kind that are
// valid (公的個人認証法6条) the CA's database sees to.
func (l *land) terms(ctx context.Context, f *finding) error {
	rows, err := list(ctx, l.ca.Host, func(r *sqlstore.Rows, t *term) error {
		var serial, replaces []byte
		err := r.Scan(&serial, &t.holder, &t.profile, &t.state, &t.reason, &t.from, &t.until, &t.issued, &replaces)
		t.serial, t.replaces = strings.ToUpper(hex.EncodeToString(serial)), strings.ToUpper(hex.EncodeToString(replaces))
		return err
	}, `SELECT serial, holder, profile, state, reason, not_before, not_after, issued_at, replaces FROM certificate WHERE issued_at > 0 ORDER BY serial`)
	if err != nil {
		return err
	}
	ours, _ := byKey(rows, func(t term) string { return t.serial })
	now := l.clk.Now().UnixMicro()
	for _, t := range rows {
		if t.state == "expired" && t.until > now {
			f.add("terms", "early", theCA, t.serial, "有効期間の中にある電子証明書が、期間満了になっています。", "it is held for expired, and its term is not over")
		}
		if old, there := ours[t.replaces]; t.replaces != "" && (!there || old.state != "revoked" && old.until > t.issued) {
			f.add("terms", "replaced", theCA, t.replaces, "更新した前の電子証明書が、有効なままです。", "it was renewed, and is still valid")
		}
	}
	answers, err := l.ofValidation(ctx)
	if err != nil {
		return err
	}
	for _, a := range answers {
		if t, there := ours[a.serial]; there && t.until != a.until {
			f.add("terms", "differs", theValidation, a.serial, "有効期間の終わりが認証局と違います。", "its end is not as the CA's")
		}
	}
	for _, town := range l.towns {
		if err := town.terms(ctx, f, ours, l.caEnds); err != nil {
			return err
		}
	}
	return nil
}

// terms holds what a counter has given out to the birthdays in its register.
func (t *town) terms(ctx context.Context, f *finding, ours map[string]term, most time.Time) error {
	type given struct {
		serial, birth string
		until         int64
	}
	rows, err := list(ctx, t.Host, func(r *sqlstore.Rows, g *given) error {
		var serial []byte
		err := r.Scan(&serial, &g.until, &g.birth)
		g.serial = strings.ToUpper(hex.EncodeToString(serial))
		return err
	}, `SELECT a.serial, a.not_after, v.birth FROM application AS a JOIN record_version AS v ON v.person = a.person AND v.version = a.version
		WHERE a.state = 'issued' ORDER BY a.request`)
	for _, g := range rows {
		c, there := ours[g.serial]
		y, m, d, whole := calendar(g.birth)
		if !there || !whole || y == 0 {
			continue // that it is not there is told by another look
		}
		must := min(endOfTerm(c, m, d), most.UnixMicro()) // who renews on the birthday itself would have it longer than the CA
		if c.until != must || g.until != must {
			f.add("terms", "differs", t.Self, g.serial, "有効期間の終わりが、5回目（更新は6回目）の誕生日ではありません。", "it does not end with the 5th birthday, or the 6th of one that was renewed")
		}
	}
	return err
}

// endOfTerm counts birthdays after the day of issue: five, or six when it takes the place of another (公的個人認証の有効期間).
func endOfTerm(c term, m, d int) int64 {
	issued := resident.DateOf(time.UnixMicro(c.from))
	year := issued.Year()
	if !birthday(year, m, d).After(issued) {
		year++
	}
	year += 4
	if c.replaces != "" {
		year++
	}
	return birthday(year, m, d).AddDays(1).Start().Add(-time.Second).UnixMicro()
}
