package org_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestACaseIsClosedByTwo: who says what became of a paper does not confirm it, under no name; another one confirms what she has read, as it stands now. What was
// opened since, or was said anew, is not closed with it, and a fate that the printer or the document contradicts is none. On both engines.
func TestACaseIsClosedByTwo(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, _ string) {
		url := sqlstoretest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			url = sqlstoretest.Postgres
		}
		v := newIssuers(t, url, true)
		who := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.run(2 * time.Second)
		id := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
		for range 2 {
			_, err := v.town.PrintDocument(v.clerk, id)
			check(t, err)
		}
		job := id + "-1"
		other := as(t, "clerk-inoue")
		with := func(ctx context.Context, key string) context.Context {
			p := access.From(ctx)
			p.Credential = key
			return access.With(ctx, p)
		}
		refuses(t, "confirmed before anything was said", "まだ書かれていません", v.town.ConfirmDocumentCase(other, id, job, ""))
		_, err := v.town.ProposeDocumentCase(v.clerk, id, job, municipality.FateCounter, "手元にある。")
		refuses(t, "it lies there, and was printed once more", "この印刷の紙は、もう渡せません。", err)
		first, err := v.town.ProposeDocumentCase(with(v.clerk, "key-1"), id, job, municipality.FateNever, "何も出なかった。")
		check(t, err)
		v.run(time.Second)
		said, err := v.town.ProposeDocumentCase(with(v.clerk, "key-1"), id, job, municipality.FateDestroyed, "裁断した。")
		check(t, err)
		refuses(t, "confirmed alone", "提案した人は、自分で確認できません。", v.town.ConfirmDocumentCase(with(v.clerk, "key-2"), id, job, said))
		refuses(t, "one key under two names", "提案と同じパスキーでは", v.town.ConfirmDocumentCase(with(other, "key-1"), id, job, said))
		refuses(t, "what was said before", "書き直されています。", v.town.ConfirmDocumentCase(with(other, "key-2"), id, job, first))
		refuses(t, "by an operator", "", v.town.ConfirmDocumentCase(as(t, "operator-ueda"), id, job, said))
		if c, _ := v.traced(id); c.Place != municipality.PlaceUnknown || c.Cases[0].ProposedBy != "clerk-aoki" || c.Cases[0].Fate != municipality.FateDestroyed {
			t.Errorf("one person alone has said it: %s %+v", c.Place, c.Cases)
		}
		check(t, v.town.ConfirmDocumentCase(with(other, "key-2"), id, job, said))
		if c, _ := v.traced(id); c.Place != municipality.PlaceCounter || c.Cases[0].ClosedBy != "clerk-inoue" || c.Cases[0].ClosedAt.IsZero() {
			t.Errorf("two have said it: %s %+v", c.Place, c.Cases)
		}
		refuses(t, "twice", "すでに閉じられています。", v.town.ConfirmDocumentCase(with(other, "key-2"), id, job, said))
	})
}

// TestACaseOpenedMeanwhile: a case that was opened between what one person said of the paper and what the other confirmed stays open; paper that lay at the counter
// when that was confirmed is asked about again when it is printed once more.
func TestACaseOpenedMeanwhile(t *testing.T) {
	v, p := withPrinter(t)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
	p.submit = func(ctx context.Context, j printing.Job) (printing.Status, error) {
		return printing.Status{State: printing.Aborted, Sheets: 1}, nil
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(5 * time.Second)
	p.submit = nil
	job := id + "-1"
	_, err := v.town.ProposeDocumentCase(v.clerk, id, job, municipality.FateNever, "何も出なかった。")
	refuses(t, "a sheet that the printer has counted never came", "プリンターは、この印刷で紙が出た（1枚）と答えています。", err)
	v.closes(job, municipality.FateCounter, "1枚、正しく出た。手元にある。")
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(5 * time.Second)
	if got := v.openCases(); len(got) != 1 || got[0] != "1 reprint" {
		t.Errorf("printed once more while the first lay there: %q", got)
	}
	said, err := v.town.ProposeDocumentCase(v.clerk, id, job, municipality.FateDestroyed, "裁断した。")
	check(t, err)
	v.heldOf(making.IndividualRecord, who.Person, document.Items{}) // the same is asked for again: a case about the second attempt
	check(t, v.town.ConfirmDocumentCase(as(t, "clerk-inoue"), id, job, said))
	if got := v.openCases(); len(got) != 1 || got[0] != "2 again" {
		t.Errorf("the first is proven: %q", got)
	}
	said, err = v.town.ProposeDocumentCase(v.clerk, id, id+"-2", municipality.FateCounter, "手元にある。")
	check(t, err)
	_, err = v.town.Protect(v.clerk, municipality.Protecting{Applicant: who.Person, Evidence: byCard})
	check(t, err)
	refuses(t, "handed over", "いまの住民記録と違います", v.handOver(id, 2))
	refuses(t, "it lies there, and was stopped since", "この印刷の紙は、もう渡せません。", v.town.ConfirmDocumentCase(as(t, "clerk-inoue"), id, id+"-2", said))
}
