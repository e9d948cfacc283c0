package simulate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Fault is one that can be planted.
type Fault struct {
	Name string
	Says plain.Sentence
}

type fault struct {
	Fault
	plant func(*simulation, context.Context) (*planted, error)
}

// planted says where a fault has to be found, and under what key.
type planted struct {
	where, also message.Org
	key         string
}

var faults []fault

func init() { // the table names what names the table
	faults = []fault{
		{Fault{"row-changed", says("センターの記録を手で書き換える", "a row is changed by hand at the center")}, (*simulation).rowChanged},
		{Fault{"row-deleted", says("都道府県の記録を手で消す", "a row is deleted by hand at the prefecture")}, (*simulation).rowDeleted},
		{Fault{"marked-applied", says("送っていない電文を、送った印にする", "a message that was not sent is marked as applied by hand")}, (*simulation).markedApplied},
		{Fault{"rule-swallows", says("異動の規則が、済んだと答えて何もしない", "a rule says that a change is done, and does nothing")}, (*simulation).ruleSwallows},
		{Fault{"not-invalidated", says("認証局が異動等失効情報を処理しない", "the CA does not act on a notice of revocation")}, (*simulation).notInvalidated},
		{Fault{"old-copy", says("センターの写しを古いものに戻す", "the center's copy is put back as it was before")}, (*simulation).oldCopy},
		{Fault{"duplicate", says("センターに同じ人の記録が二つできる", "somebody is at the center twice")}, (*simulation).duplicate},
		{Fault{"number-changed", says("センターの個人番号が変わる", "an individual number changes at the center")}, (*simulation).numberChanged},
		{Fault{"revocation-lost", says("失効情報の提供で、失効の記録が失われる", "a revocation is lost at the validation authority")}, (*simulation).revocationLost},
		{Fault{"move-unanswered", says("転入通知が前の市区町村に効かない", "the notice of moving in has no effect at the old municipality")}, (*simulation).moveUnanswered},
		{Fault{"flag-lost", says("都道府県の支援措置の記録が消える", "the flag of a protected person is deleted at the prefecture")}, (*simulation).flagLost},
	}
}

// Faults are all that can be planted.
func Faults() (all []Fault) {
	for _, f := range faults {
		all = append(all, f.Fault)
	}
	return all
}

func findFault(name string) (fault, bool) {
	for _, f := range faults {
		if f.Name == name {
			return f, true
		}
	}
	return fault{}, false
}

func (s *simulation) plantFault(ctx context.Context) (err error) {
	for range tries {
		s.plant, err = s.fault.plant(s, s.atDesk(ctx))
		if _, refused := said(err); !refused {
			return err
		}
	}
	return err
}

// byHand writes into a database behind the program's back. What changes nothing plants nothing.
func byHand(ctx context.Context, h *host.Host, statement string, args ...any) error {
	return h.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, statement, args...)
		if err == nil && n == 0 {
			err = errors.New("nothing was changed by hand")
		}
		return err
	})
}

// victim is somebody in whose affairs a fault is planted. Nothing else happens to them: it could put right what is wrong.
func (s *simulation) victim(ctx context.Context) (*soul, municipality.Dossier, string, error) {
	who, d, err := s.somebody(ctx, anybody)
	if err != nil {
		return nil, d, "", err
	}
	who.leaving = true
	return who, d, d.Now.Record.Code.Reveal(), nil
}

func (s *simulation) rowChanged(ctx context.Context) (*planted, error) {
	_, _, code, err := s.victim(ctx)
	if err != nil {
		return nil, err
	}
	return &planted{where: theCenter, key: code}, byHand(ctx, s.land.center.Host, `UPDATE resident SET address = address || '別棟' WHERE code = $1`, code)
}

func (s *simulation) rowDeleted(ctx context.Context) (*planted, error) {
	who, _, code, err := s.victim(ctx)
	if err != nil {
		return nil, err
	}
	return &planted{where: who.at.above(), key: code}, byHand(ctx, s.land.hostOf(who.at.above()), `DELETE FROM resident WHERE code = $1`, code)
}

// markedApplied: nothing is stepped between the notice and the hand, so that the message has not left.
func (s *simulation) markedApplied(ctx context.Context) (*planted, error) {
	who, d, code, err := s.victim(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.movesHouse(ctx, who, d); err != nil {
		return nil, err
	}
	if err := byHand(ctx, who.at.Host, `UPDATE x_out SET state = 'applied', outcome = 'applied' WHERE peer = $1 AND kind = 'resident.change' AND key1 = $2 AND state = 'ready'`,
		string(who.at.above()), code); err != nil {
		return nil, err
	}
	return &planted{where: who.at.above(), also: theCenter, key: code},
		byHand(ctx, who.at.Host, `UPDATE x_peer SET out_open = out_open - 1 WHERE peer = $1`, string(who.at.above()))
}

// movesHouse files that somebody has another address.
func (s *simulation) movesHouse(ctx context.Context, who *soul, d municipality.Dossier) error {
	c := municipality.MoveWithin{Filing: s.filing(d, "law-23", "move-within"), Address: s.address(who.at), AsIs: true}
	if len(others(d)) > 0 {
		c.OwnHousehold, c.Relation, c.Rest = true, resident.Head, remain(d)
	}
	_, err := who.at.File(ctx, c)
	return err
}

func (s *simulation) ruleSwallows(ctx context.Context) (*planted, error) {
	who, d, code, err := s.victim(ctx)
	if err != nil {
		return nil, err
	}
	s.land.deaf = deafness{at: theCenter, kind: message.KindResidentChange, from: who.at.above()}
	return &planted{where: theCenter, key: code}, s.movesHouse(ctx, who, d)
}

// certified is somebody with a signature certificate that is alive: it is applied for and waited for.
func (s *simulation) certified(ctx context.Context) (*soul, municipality.Dossier, string, error) {
	who, d, err := s.somebody(ctx, func(x *soul, d municipality.Dossier) bool { return s.adult(d) && len(x.held) == 0 })
	if err != nil {
		return nil, d, "", err
	}
	key, err := s.key()
	if err != nil {
		return nil, d, "", err
	}
	a, err := who.at.Apply(ctx, municipality.Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: who.id, Base: d.Now.Number, Profile: cert.Signature, PublicKey: key})
	if err != nil {
		return nil, d, "", err
	}
	who.held[cert.Signature] = a.Request
	if err := s.land.wait(ctx, 5*time.Minute); err != nil {
		return nil, d, "", err
	}
	given, err := list(ctx, who.at.Host, scanGiven, `SELECT serial, code, profile, version FROM application WHERE request = $1 AND state = 'issued'`, a.Request)
	if err == nil && len(given) != 1 {
		err = fmt.Errorf("the application %s led to no certificate", a.Request)
	}
	if err != nil {
		return nil, d, "", err
	}
	return who, d, given[0].serial, nil
}

func (s *simulation) notInvalidated(ctx context.Context) (*planted, error) {
	who, d, serial, err := s.certified(ctx)
	if err != nil {
		return nil, err
	}
	who.leaving = true
	s.land.deaf = deafness{at: theCA, kind: message.KindCertRevocation}
	return &planted{where: theCA, key: serial}, s.movesHouse(ctx, who, d)
}

// oldCopy: the table is copied, somebody moves, and the copy is put back. The marks of the exchange stay, so that it does not look like a
// restored database, from which a stream begins anew.
func (s *simulation) oldCopy(ctx context.Context) (*planted, error) {
	who, d, code, err := s.victim(ctx)
	if err != nil {
		return nil, err
	}
	center := s.land.center.Host
	statements := func(all ...string) error {
		return center.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			for _, one := range all {
				if _, err := tx.Exec(ctx, one); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := statements(`CREATE TABLE old_copy AS SELECT * FROM resident`); err != nil {
		return nil, err
	}
	if err := s.movesHouse(ctx, who, d); err != nil {
		return nil, errors.Join(err, statements(`DROP TABLE old_copy`))
	}
	if err := s.land.wait(ctx, 10*time.Minute); err != nil {
		return nil, err
	}
	return &planted{where: theCenter, key: code}, statements(`DELETE FROM resident`, `INSERT INTO resident SELECT * FROM old_copy`, `DROP TABLE old_copy`)
}

func (s *simulation) duplicate(ctx context.Context) (*planted, error) {
	_, _, code, err := s.victim(ctx)
	if err != nil {
		return nil, err
	}
	double := resident.RecordCodeOf(4_711).Reveal()
	return &planted{where: theCenter, key: double}, byHand(ctx, s.land.center.Host, `INSERT INTO resident(code, name, birth, sex, address, common_name, number, municipality,
		version, built_on, hash, reason, arose, old_code, resides, at, told_by, name_key, common_key) SELECT $1, name, birth, sex, address, common_name, number, municipality,
		version, built_on, hash, reason, arose, old_code, resides, at, told_by, name_key, common_key FROM resident WHERE code = $2`, double, code)
}

func (s *simulation) numberChanged(ctx context.Context) (*planted, error) {
	_, _, code, err := s.victim(ctx)
	if err != nil {
		return nil, err
	}
	return &planted{where: theCenter, key: code}, byHand(ctx, s.land.center.Host, `UPDATE resident SET number = '983205673214' WHERE code = $1`, code)
}

func (s *simulation) revocationLost(ctx context.Context) (*planted, error) {
	who, d, serial, err := s.certified(ctx)
	if err != nil {
		return nil, err
	}
	who.leaving = true
	if err := s.movesHouse(ctx, who, d); err != nil {
		return nil, err
	}
	if err := s.land.wait(ctx, 10*time.Minute); err != nil {
		return nil, err
	}
	return &planted{where: theValidation, key: serial}, byHand(ctx, s.land.validation.Host,
		`UPDATE status SET state = 'good', revoked_at = 0, reason = '', why = '' WHERE hex(serial) = $1 AND state = 'revoked'`, serial)
}

// flagLost: a copy that does not know of a protection would show what the owner hides.
func (s *simulation) flagLost(ctx context.Context) (*planted, error) {
	who, d, err := s.protected(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.land.wait(ctx, 10*time.Minute); err != nil {
		return nil, err
	}
	above, code := who.at.above(), d.Now.Record.Code.Reveal()
	return &planted{where: above, key: code}, byHand(ctx, s.land.hostOf(above), `DELETE FROM protection_flag WHERE code = $1`, code)
}

// moveUnanswered: somebody moves, and registers where they come; the old municipality says that it heard of it, and did not.
func (s *simulation) moveUnanswered(ctx context.Context) (*planted, error) {
	m, err := s.leave(ctx, 0)
	if err != nil {
		return nil, err
	}
	d, err := m.from.Look(ctx, m.souls[0].id, "simulation")
	if err != nil {
		return nil, err
	}
	if err := s.land.wait(ctx, 10*time.Minute); err != nil {
		return nil, err
	}
	s.land.deaf = deafness{at: m.from.Self, kind: message.KindMoveIn, from: m.to.Self}
	return &planted{where: m.from.Self, also: m.to.Self, key: d.Now.Record.Code.Reveal()}, s.arrive(ctx, m)
}
