package nationalcenter_test

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

var clerk = access.Personas()[0]

func TestSearchGivesCandidates(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		one := newPerson(t, 1, "同名　太郎")
		other := newPerson(t, 2, "同名　太郎") // the same name and date of birth: two men were once one number
		variant := newPerson(t, 3, "仝名　太郎")
		stranger := newPerson(t, 4, "別人　次郎")
		stranger.Birth = must(resident.ParsePartialDate("birth", "1990-01-01"))
		want(t, c.tell(nagano, one.change(resident.MoveIn), other.change(resident.MoveIn, at("長野県松本市大手1番1号")),
			variant.change(resident.MoveIn), stranger.change(resident.MoveIn)), "applied", "applied", "applied", "applied")

		q := one.BasicFour
		found, more, err := c.center.Search(t.Context(), clerk, "受付-17", q)
		if err != nil || more || len(found) != 3 {
			t.Fatalf("%d candidates, more: %v, %v", len(found), more, err)
		}
		for i, w := range []struct {
			code    resident.RecordCode
			differs resident.Attributes
		}{{one.Code, 0}, {other.Code, resident.AttrAddress}, {variant.Code, resident.AttrName}} {
			if found[i].Code != w.code || found[i].Differs != w.differs {
				t.Errorf("candidate %d differs in %b, want another one that differs in %b", i, found[i].Differs, w.differs)
			}
		}
		var looks []auditlog.Record
		err = c.center.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			looks, err = auditlog.List(ctx, tx, auditlog.Filter{Act: auditlog.ActLook, Case: "受付-17"})
			return err
		})
		if err != nil || len(looks) != 3 || looks[0].Actor != clerk.ID {
			t.Errorf("%d looks recorded, want one for each candidate: %v", len(looks), err)
		}

		q.Address, q.Sex = resident.Address{}, 0
		if found, _, _ = c.center.Search(t.Context(), clerk, "受付-18", q); len(found) != 2 || found[0].Differs != 0 || found[1].Differs != 0 {
			t.Errorf("%d candidates by name and birth, want both namesakes", len(found))
		}
		if _, _, err := c.center.Search(t.Context(), clerk, "受付-19", resident.BasicFour{Name: one.Name}); err == nil {
			t.Error("a name alone was searched for")
		} else if _, ok := plain.AsProblems(err); !ok {
			t.Errorf("refused without a sentence: %v", err)
		}
	})
}

func TestSearchIsBounded(t *testing.T) {
	c := newCountry(t, "memory:")
	for i := range uint64(25) {
		c.send(nagano, newPerson(t, i, "多田　多子").change(resident.MoveIn))
	}
	c.run()
	found, more, err := c.center.Search(t.Context(), clerk, "受付-20", newPerson(t, 1, "多田　多子").BasicFour)
	if err != nil || len(found) != 20 || !more {
		t.Errorf("%d of 25 candidates, more: %v, %v", len(found), more, err)
	}
}
