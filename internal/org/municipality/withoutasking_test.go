package municipality

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// TestANamesakeWhoIsProtectedIsNotNumbered: the warning of a namesake says neither her number in the register nor when she came.
func TestANamesakeWhoIsProtectedIsNotNumbered(t *testing.T) {
	c := newCountry(t, "memory:")
	him, her := c.couple()
	c.protect(Protecting{Applicant: her.Person})
	warned := func(who Filed) string {
		t.Helper()
		r, now := movedIn(), c.now(who.Person).Record
		r.Record.Name, r.Record.Birth, r.Another = now.Name, now.Birth, false
		err := c.o.CheckRegistration(as(t, "clerk-inoue"), r)
		if f := fieldsOf(t, err); len(f) != 1 || f[0] != fieldAnother {
			t.Fatalf("%v", err)
		}
		return err.Error()
	}
	if s := warned(her); strings.Contains(s, her.Person.String()) || strings.Contains(s, "2026") || !strings.Contains(s, "同じ方でないか、住民の検索で確かめてください") {
		t.Error(s)
	}
	if s := warned(him); !strings.Contains(s, him.Person.String()) {
		t.Error(s)
	}
}

// TestANamesakeIsWarnedOfWhateverTheBlank: who was registered with another blank, or none, is warned of; who has another name is not.
func TestANamesakeIsWarnedOfWhateverTheBlank(t *testing.T) {
	c := newCountry(t, "memory:")
	him, _ := c.couple()
	r := movedIn()
	r.Record.Birth, r.Another = c.now(him.Person).Record.Birth, false
	for written, warned := range map[string]bool{"山田　太郎": true, "山田 太郎": true, "山田  太郎": true, "山田太郎": true, "山田　太": false, "山田　太郎丸": false} {
		r.Record.Name = name(written)
		if err := c.o.CheckRegistration(as(t, "clerk-aoki"), r); (err != nil) != warned {
			t.Errorf("%q: %v", written, err)
		}
	}
}

// TestImportTakesNoCodeThatIsStillToBeGiven: a line with a free code of our own pool is set aside. Taken over, the code would be given to another.
func TestImportTakesNoCodeThatIsStillToBeGiven(t *testing.T) {
	c := newCountry(t, "memory:")
	var free string
	c.view(func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT code FROM code_pool WHERE given_at = 0 ORDER BY code LIMIT 1`).Scan(&free)
	})
	given := c.now(c.register(movedIn()).Person).Record
	line := made(0)
	line.Code = must[resident.RecordCode](t)(resident.ParseRecordCode("code", free))
	var b strings.Builder
	w := registerfile.NewWriter(&b, plain.JA)
	for _, r := range []resident.Record{line, given, made(2)} {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	r, rejects := c.load(b.String())
	if r != (ImportResult{Lines: 3, Added: 1, Same: 1, Rejected: 1}) || !strings.Contains(rejects, "まだだれにも付けていない") {
		t.Errorf("%+v\n%s", r, rejects)
	}
}

// TestMessagesDoNotSayWhereSheHasGone: a clerk to whom nothing of a protected person is opened follows her move by none of its names, from no page.
func TestMessagesDoNotSayWhereSheHasGone(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	p := n.family("世帯主", "夫", "子")
	n.protect(Protecting{Applicant: p[0]})
	n.release(p[0], protection.Look)
	filed := must[Filed](t)(n.o.File(as(t, "clerk-aoki"), MoveOut{Filing: n.filing(p[0], "law-24"), To: address("東京都足立区中央本町1丁目17番1号")}))
	n.run(time.Minute)
	aoki, inoue := n.counter("clerk-aoki"), n.counter("clerk-inoue")
	if page := inoue.get("/headless", http.StatusOK); regexp.MustCompile(`t-[0-9a-f]{18}`).MatchString(page) || !strings.Contains(page, "/resident/"+p[1].String()) {
		t.Error("the list of households without a head leads to the messages of her move")
	}
	const hers = "municipality-202029.1.1.municipality-131211.1"
	for _, path := range []string{"/api/trace?what=" + url.QueryEscape(filed.Trace), "/api/trace?what=" + hers, "/messages/" + hers} {
		if page := inoue.get(path, http.StatusUnprocessableEntity); strings.Contains(page, "resident.moveout") || strings.Contains(page, "足立区") {
			t.Errorf("%s says where she has gone", path)
		}
		if page := aoki.get(path, http.StatusOK); !strings.Contains(page, "131211") {
			t.Errorf("%s says nothing to the clerk to whom she is released", path)
		}
	}
	move := regexp.MustCompile(`/moves/202029-[0-9]+`).FindString(inoue.get("/moves", http.StatusOK))
	if page := text(inoue.get(move, http.StatusOK)); !strings.Contains(page, "転出証明書情報") || strings.Contains(page, "12:01") {
		t.Error("the page of her move says to the minute when it was told")
	}
	if page := n.counter("operator-ueda").get("/messages/"+hers, http.StatusOK); !strings.Contains(page, "足立区") {
		t.Error("the operator sees no message")
	}
}
