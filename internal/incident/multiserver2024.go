package incident

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/press/faulty"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// takamatsu2024 is Takamatsu's (K7): several servers that each keep their works apart for themselves.
var takamatsu2024 = kiosk{
	name: "multi-server-2024", title: plain.Sentence{JA: "複数のサーバーが、それぞれの中だけで仕事を区別する（高松市）", EN: "several servers, each of which keeps its works apart from its own alone (Takamatsu)"},
	notes: []string{"of the reports: 2024-04-04, two shops at the same time, one resident record of another, seen by who was given it; the site of several servers had the program that is made for one since 2024-01-04",
		"two nodes of the issuing server on one database; a balancer leads the first application to one and the second to the other"},
	code: "372013", begin: resident.MustDate(2024, 4, 4),
	households: []int{1, 1}, nodes: 2,
	fault: func(bool) paperVariant {
		disk := new(faulty.Disk)
		return paperVariant{machine: func(m press.Machine) press.Machine { return &faulty.Counted{Machine: m, Disk: disk} }}
	},
	play: func(ctx context.Context, l *paperLand, without bool) error {
		if err := l.driver.Until(ctx, l.day.Start().Add(7*time.Hour+10*time.Minute)); err != nil {
			return err
		}
		for n := range l.homes {
			if n == 0 && !without {
				l.busyUntil = l.clk.Now().Add(3 * time.Second) // the first is not printed yet when the second comes
			}
			l.reach(n % len(l.nodes))
			if err := l.household(n, document.Items{}); err != nil {
				return err
			}
			apart := time.Second
			if without {
				apart = 10 * time.Second
			}
			if err := l.wait(ctx, apart); err != nil {
				return err
			}
		}
		if err := l.wait(ctx, 20*time.Second); err != nil {
			return err
		}
		if err := l.give(); err != nil {
			return err
		}
		l.moment("2つの店舗の申請が、別のサーバーに同時に届く", "the applications of two shops come to two servers at the same time")
		return nil
	},
	asked: askedAfter{resident.MustDate(2024, 4, 4), resident.MustDate(2024, 4, 4), "一つのサーバーの仕事が、別のサーバーの仕事を上書きしたおそれ"},
}

var multiServer2024 = takamatsu2024.incident()
