package municipality

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// MoveIn is 転入届 (法22条) of people of whom the old municipality has told: a family, or some of it, in one act. Who they are is what came,
// and nobody types it.
type MoveIn struct {
	People       []Arrival
	Became       resident.Date // 転入をした年月日
	Address      resident.Address
	Municipality resident.MunicipalityCode // of a designated city, the ward
	Household    resident.HouseholdID      // empty: a new one
	Basis        string
	AsIs         bool
	Certificate  bool // the 転出証明書 was shown, which a moving in by the card needs when it comes too late

	Notified

	agreements map[string]*message.AttachAnswer // of the center, by move; only askForArrivals sets it
}

// Arrival is one of them.
type Arrival struct {
	Move     string
	Relation resident.Relation // in the household here
}

// earlyRoom is how many versions are left free for the old municipality when somebody is registered before it has deleted the record: it
// deletes with a version of its own, and may have amended the record since it told of the move.
const earlyRoom = 100

// RegisterArrivals registers them for the clerk in the context, and tells the old municipality in the same transaction (法9条, 遅滞なく); or it
// waits for another person's check.
func (o *Municipality) RegisterArrivals(ctx context.Context, c MoveIn) (all []Filed, err error) {
	who, err := clerk(ctx, access.Register)
	if err != nil {
		return nil, err
	}
	if c, err = o.askForArrivals(ctx, who, c); err != nil {
		return nil, err
	}
	d := o.arriving(c, &all)
	trace, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		all = nil
		outs, waits, err := o.takeNotice(ctx, tx, c.Basis, store.Taken{Case: trace, Kind: takenArrival}, c.Notified, d)
		if waits {
			all = []Filed{{Waits: true}}
		}
		return outs, err
	})
	for i := range all {
		all[i].Trace = trace
	}
	return all, err
}

// arriving is what a notice of moving in asks for. all becomes what has become of each.
func (o *Municipality) arriving(c MoveIn, all *[]Filed) deed {
	return func(ctx context.Context, tx *store.Tx, by, trace string, do bool) ([]message.Out, error) {
		if !do {
			ready, err := o.admitArrivals(ctx, tx, c)
			for _, x := range ready {
				if err == nil {
					err = o.needAgreement(ctx, tx, x.r, x.v, false)
				}
			}
			return nil, err
		}
		*all = nil
		return o.registerArrivals(ctx, tx, c, func(v store.Version) {
			*all = append(*all, Filed{Person: v.Person, Code: v.Record.Code, Version: v.Number})
		}, by, trace)
	}
}

// CheckArrivals checks as RegisterArrivals does and writes nothing but that somebody looked.
func (o *Municipality) CheckArrivals(ctx context.Context, c MoveIn) error {
	by, err := clerk(ctx, access.Register)
	if err != nil {
		return err
	}
	if c, err = o.askForArrivals(ctx, by, c); err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		ready, err := o.admitArrivals(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		for _, x := range ready {
			if err := o.needAgreement(ctx, tx, x.r, x.v, false); err != nil {
				return nil, err
			}
			if err := o.looked(ctx, tx, x.m.Code, look.Four|look.Kana|look.Household|look.Moves|shownOf(x.m.Info), "check of moving in "+x.m.Move); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
	return err
}

// askForArrivals has the center asked about each of them, when there is nothing else wrong: that the old municipality has told of somebody
// does not show that the code is theirs at the center too.
func (o *Municipality) askForArrivals(ctx context.Context, who string, c MoveIn) (MoveIn, error) {
	c.agreements = nil
	var ready []coming
	if err := o.answeredTo(ctx, func(ctx context.Context) error {
		return o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			ready, err = o.admitArrivals(ctx, o.in(tx), c)
			return err
		})
	}); err != nil {
		return c, err
	}
	agreements := map[string]*message.AttachAnswer{}
	for _, x := range ready {
		r, err := o.askFor(ctx, who, x.r, x.v)
		if err != nil {
			return c, err
		}
		agreements[x.m.Move] = r.agreement
	}
	c.agreements = agreements
	return c, nil
}

// coming is one of a family who can be registered.
type coming struct {
	m     store.MoveHere
	r     Registration
	v     store.Version
	first bool
}

// admitArrivals checks all of them, the head of the household first.
func (o *Municipality) admitArrivals(ctx context.Context, tx *store.Tx, c MoveIn) ([]coming, error) {
	var ps problems
	if len(c.People) == 0 {
		ps.bad("people", "転入する方を選んでください。", "Choose who moves in.")
		return nil, ps.Err()
	}
	people := slices.Clone(c.People)
	slices.SortStableFunc(people, func(a, b Arrival) int { return head(b) - head(a) })
	if heads := head(people[0]) + func() int {
		if len(people) > 1 {
			return head(people[1])
		}
		return 0
	}(); c.Household == "" && heads != 1 {
		ps.bad("relation", "新しい世帯では、ちょうど一人を世帯主にしてください。", "In a new household exactly one person is the head.")
		return nil, ps.Err()
	}
	var ready []coming
	for i, p := range people {
		m, found, err := tx.MoveHereOf(ctx, p.Move)
		if err != nil {
			return nil, err
		}
		if !found || !m.Waits() || m.Info == nil {
			ps.bad("people", notWaiting(m, found).JA, notWaiting(m, found).EN)
			continue
		}
		checkSpecial(m, c.Became, resident.DateOf(tx.Now()), c.Certificate, &ps)
		r := c.registration(m, p, resident.DateOf(tx.Now()))
		joins := i > 0 && c.Household == ""
		v, first, err := o.admitIn(ctx, tx, r, joins)
		if err = ps.take(err); err != nil {
			return nil, err
		}
		ready = append(ready, coming{m, r, v, first})
	}
	return ready, ps.Err()
}

func head(a Arrival) int {
	if a.Relation == resident.Head {
		return 1
	}
	return 0
}

// notWaiting says why somebody cannot be registered from what came.
func notWaiting(m store.MoveHere, found bool) plain.Sentence {
	switch {
	case !found:
		return both("この転出証明書情報は届いていません。一覧からやり直してください。", "This information has not come: begin again from the list.")
	case m.State == store.InVoid:
		return both("この転出は取り消されています（"+m.Move+"）。転入は登録できません。前の市区町村に確かめてください。", "This move was cancelled ("+m.Move+"), so that nobody can be registered by it: ask the old municipality.")
	}
	return both("この方の転入は、もう登録されています（"+m.Move+"）。", "This person has been registered already ("+m.Move+").")
}

// registration is the entry of one of them: who it is comes from the old municipality.
func (c MoveIn) registration(m store.MoveHere, p Arrival, today resident.Date) Registration {
	i := m.Info.Person
	r := Registration{Reason: resident.MoveIn, Basis: c.Basis, From: m.From, Prior: m.Version, AsIs: c.AsIs, Another: true, arrived: true,
		Record: resident.Record{Code: m.Code, BasicFour: i.BasicFour, Kana: i.Kana, CommonName: i.CommonName, Nationality: i.Nationality, Number: i.Number,
			Municipality: c.Municipality, Household: c.Household, Relation: p.Relation, BecameResident: c.Became}}
	r.Record.Address, r.agreement = c.Address, c.agreements[p.Move]
	r.Record.Residence = resident.Residence{Notified: today, Earlier: i.Address} // 法7条8号
	r.Record = keepTold(r.Record, m.Info.Items, today)
	if m.State == store.InPlanned {
		r.Prior += earlyRoom
	}
	return r
}

func (o *Municipality) registerArrivals(ctx context.Context, tx *store.Tx, c MoveIn, done func(store.Version), who, trace string) (outs []message.Out, err error) {
	ready, err := o.admitArrivals(ctx, tx, c)
	if err != nil {
		return nil, err
	}
	household := c.Household
	if household == "" {
		household = newHousehold(tx)
	}
	for _, x := range ready {
		v := x.v
		if x.first {
			v.Person = store.Person(tx.Serial())
		}
		if err := o.needAgreement(ctx, tx, x.r, v, true); err != nil {
			return nil, err
		}
		v.Record.Household = household
		v.EnteredBy, v.EnteredAt, v.Trace = who, tx.Now(), trace
		more, err := o.enter(ctx, tx, v, x.first)
		if err != nil {
			return nil, err
		}
		told, err := o.settleHere(ctx, tx, x.m, v, who, trace)
		if err != nil {
			return nil, err
		}
		outs = append(append(append(outs, more...), told...), o.askForNumber(tx, v)...)
		done(v)
	}
	return outs, nil
}

// settleHere keeps that somebody of whom was told is registered, and tells the old municipality.
func (o *Municipality) settleHere(ctx context.Context, tx *store.Tx, m store.MoveHere, v store.Version, who, trace string) ([]message.Out, error) {
	today := resident.DateOf(tx.Now())
	m.Person, m.Became, m.Registered, m.First, m.By, m.Trace = v.Person, v.Change.Arose, today, v.Number, who, trace
	late := m.Special && !m.SpecialVoid && specialVoid(m.Planned, m.Became, today)
	m.SpecialVoid = m.SpecialVoid || late
	if m.State == store.InPlanned {
		m.State = store.InEarly // until the old municipality tells of the deletion
	} else {
		m.State, m.SettledAt = store.InRegistered, tx.Now()
	}
	if err := tx.PutMoveHere(ctx, m); err != nil {
		return nil, err
	}
	if _, err := due.Remove(ctx, tx.Tx, dueSpecialVoid, m.Move); err != nil {
		return nil, err
	}
	outs, err := o.tellBack(ctx, tx, message.MoveIn{Move: m.Move, Step: message.MoveRegistered, From: m.From, To: o.code, Code: m.Code, Day: m.Became, Filed: today, Version: v.Number}, trace)
	if err != nil || !late {
		return outs, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: message.System, Act: "card-lapsed", Subject: m.Code.Reveal(), Case: m.Move})
	void, err := o.cardVoid(ctx, tx, m.Person, v.Number, today)
	return append(outs, void...), err
}

// fieldPaper is why a certificate on paper is typed in though the old municipality exchanges with us (規則2条②).
const fieldPaper = "paper"

// checkPaper refuses to have typed what comes by message: that it has come, and without a reason that it has not.
func (o *Municipality) checkPaper(ctx context.Context, tx *store.Tx, r Registration, on resident.Date, ps *problems) error {
	from, ok := o.neighbour(r.From, on)
	if r.arrived || !ok {
		return nil
	}
	if r.Record.Code.Valid() {
		open, err := tx.OpenMovesHere(ctx, r.Record.Code)
		if err != nil {
			return err
		}
		for _, m := range open {
			if m.Waits() && m.From == from {
				ps.bad("from", "この方の転出証明書情報は届いています。「転出入」の一覧から登録してください。", "The information of this person's moving out has come: register from the list of moves.")
				return nil
			}
		}
	}
	if r.Paper == "" {
		ps.bad(fieldPaper,
			"この市区町村からの転出証明書情報は、電文で届きます。回線の障害などで届かないときだけ、その理由を入力して、紙の転出証明書から登録してください。",
			"The information of a moving out comes from this municipality by message. Only when it cannot come, as when the line has failed, say why, and register from the certificate on paper.")
	}
	return nil
}

// onPaper keeps somebody who was registered from a certificate on paper as an open item until the information has come and agreed.
func (o *Municipality) onPaper(ctx context.Context, tx *store.Tx, r Registration, v store.Version) ([]message.Out, error) {
	from, ok := o.neighbour(r.From, v.Change.Arose)
	if !ok {
		return nil, nil
	}
	today := resident.DateOf(tx.Now())
	m := store.MoveHere{Move: fmt.Sprintf("paper-%d", tx.Serial()), From: from, Code: v.Record.Code, Version: r.Prior, Planned: v.Change.Arose, Filed: today,
		State: store.InPaper, Person: v.Person, Became: v.Change.Arose, Registered: today, First: v.Number, ArrivedAt: tx.Now(), By: v.EnteredBy, Trace: v.Trace, Reason: r.Paper}
	m.Family = m.Move
	if err := tx.PutMoveHere(ctx, m); err != nil {
		return nil, err
	}
	return o.tellBack(ctx, tx, message.MoveIn{Step: message.MoveRegistered, From: from, To: o.code, Code: v.Record.Code, Day: v.Change.Arose, Filed: today, Version: v.Number}, v.Trace)
}

// GiveUpMove ends a move of whom somebody here says that it will not be made (転出取消), and tells the old municipality.
func (o *Municipality) GiveUpMove(ctx context.Context, move string) error {
	by, err := clerk(ctx, access.Register)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		m, found, err := tx.MoveHereOf(ctx, move)
		if err != nil {
			return nil, err
		}
		if !found || !m.Waits() {
			return nil, plain.Bad("move", notWaiting(m, found).JA, notWaiting(m, found).EN)
		}
		if err := o.admitsMove(ctx, tx, by, m.Person, m.Code); err != nil {
			return nil, err
		}
		m.By, m.Why = by, both("ここで、転入しない旨の申出を受けました。", "The person said here that they will not move in.")
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "register", Subject: m.Code.Reveal(), Case: m.Move, Detail: "move given up"})
		return o.giveUp(ctx, tx, m, trace)
	})
	return err
}
