package received_test

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func killed(version resident.Version, kills resident.Effect) message.ResidentInvalidation {
	return message.ResidentInvalidation{Code: resident.RecordCodeOf(1), Version: version, Reason: resident.MoveWithin, Since: day, Kills: kills}
}

var (
	signature = resident.Effect{Signature: true}
	both      = resident.Effect{Signature: true, Authentication: true}
)

func (g *ground) note(from message.Org, n message.ResidentInvalidation, want bool) {
	g.t.Helper()
	g.must(func(ctx context.Context, _ received.States, notices received.Notices) error {
		first, err := notices.Note(ctx, from, n)
		if first != want {
			g.t.Errorf("a notice of %s is the first: %v, want %v", from, first, want)
		}
		return err
	})
}

// takeNotice takes the snapshot of a notice; nil for nothing.
func (g *ground) takeNotice(from message.Org, version resident.Version, told *message.ResidentInvalidation) (changed, replaced bool) {
	g.t.Helper()
	key := killed(version, signature).Entries()[0].Key
	g.must(func(ctx context.Context, _ received.States, notices received.Notices) (err error) {
		changed, replaced, err = notices.Take(ctx, from, message.Snapshot{Book: message.Invalidations, Key: key, Case: "x/1"}, told)
		return err
	})
	return changed, replaced
}

func TestNotices(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		g := newGround(t, url)
		two, three, nine := killed(2, signature), killed(3, both), killed(9, signature)
		g.note(matsumoto, two, true)
		g.note(matsumoto, two, false)             // a fact told twice is one
		g.note(matsumoto, killed(2, both), false) // and is not taken back
		g.note(matsumoto, killed(12, both), true) // after 9: versions are numbers
		g.note(iida, two, true)                   // told by two, it is one for the center
		g.note(iida, nine, true)
		g.holds(1, []message.Org{matsumoto}, two, killed(12, both))
		g.holds(1, []message.Org{iida}, two, nine)
		g.holds(1, []message.Org{center}, two, nine, killed(12, both))

		// The snapshot of one that was missing, of one that is there, of one that reads otherwise, of one that is not.
		for _, c := range []struct {
			version           resident.Version
			told              *message.ResidentInvalidation
			changed, replaced bool
		}{{3, &three, true, false}, {3, &three, false, false}, {12, new(killed(12, signature)), true, true}, {9, nil, false, false}, {2, nil, true, true}} {
			if changed, replaced := g.takeNotice(matsumoto, c.version, c.told); changed != c.changed || replaced != c.replaced {
				t.Errorf("a snapshot of version %s: changed %v, replaced %v", c.version, changed, replaced)
			}
		}
		g.holds(1, []message.Org{matsumoto}, three, killed(12, signature))
		g.holds(1, []message.Org{iida}, two, nine)
		g.holds(1, []message.Org{center}, two, three, nine, killed(12, signature)) // Iida still tells of version 2
		g.count(`invalidation_notice_struck WHERE version = 2 AND told_by = 'municipality-202029' AND case_ref = 'x/1'`, 1)
		g.count(`invalidation_notice_struck WHERE version = 12 AND authentication`, 1)
		g.count(`invalidation_notice_struck`, 2)
	})
}

func TestNoticeThatCannotBeRead(t *testing.T) {
	g := newGround(t, "memory:")
	two, three := killed(2, signature), killed(3, signature)
	g.note(matsumoto, two, true)
	g.note(matsumoto, three, true)
	g.exec(`UPDATE invalidation_notice SET reason = 'no reason', since = '' WHERE version = 2`)
	g.must(func(ctx context.Context, _ received.States, notices received.Notices) error {
		rows, _, err := notices.Rows(ctx, matsumoto, "", 10)
		if len(rows) != 2 || rows[0].Value != (message.Hash{}) || rows[1].Value != three.Entries()[0].Is {
			t.Errorf("a row that cannot be read, and one behind it: %v", rows)
		}
		key := two.Entries()[0].Key
		if state, err := notices.Snapshot(ctx, matsumoto, key); err == nil {
			t.Errorf("the snapshot of a row that cannot be read is %v", state)
		}
		if shown, err := notices.Show(ctx, matsumoto, key); err != nil || shown == received.Nothing {
			t.Errorf("it is shown as %q, %v", shown, err)
		}
		return err
	})
	if changed, replaced := g.takeNotice(matsumoto, 2, &two); !changed || !replaced {
		t.Error("its snapshot did not replace it")
	}
	g.holds(1, []message.Org{matsumoto, center}, two, three)
}
