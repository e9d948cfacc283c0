package verifier

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/verify"
)

const pageSize = 50

// recordsPage lists what was checked, with the form that narrows it down.
type recordsPage struct {
	*webui.Form
	Alarms   []webui.Notice
	Verdicts []webui.Choice
	Counts   []webui.Term
	Table    webui.Table
	Next     string // address of the next page; "" at the end
}

func (s *screens) showRecords(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	page := recordsPage{Form: webui.NewForm(map[string]string{"what": q.Get("what"), "verdict": q.Get("verdict")})}
	filter, err := filterOf(page.Value("what"), page.Value("verdict"), q.Get("before"))
	status := http.StatusOK
	if err != nil {
		if err = page.Take(err); err != nil {
			s.ui.Fail(w, r, err)
			return
		}
		status = http.StatusUnprocessableEntity
	}
	var found, newest []store.Verification
	var counts map[verify.Verdict]int64
	err = s.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if found, err = store.In(tx).Verifications(ctx, filter, pageSize+1); err != nil {
			return err
		}
		if newest, err = store.In(tx).Verifications(ctx, store.Filter{}, 1); err != nil {
			return err
		}
		counts, err = store.In(tx).Counts(ctx)
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	if len(newest) > 0 && newest[0].Verdict == verify.Indeterminate {
		page.Alarms = []webui.Notice{{Kind: webui.Warn, Title: say("直近の検証で、失効情報を得られませんでした", "At the last check, no status could be had"),
			Text: say("失効情報提供センターに届くかを確かめてください。届くようになれば、次の検証から元に戻ります。", "See whether the validation authority can be reached. As soon as it can, checks go on as before.")}}
	}
	if len(found) > pageSize {
		found = found[:pageSize]
		last := found[pageSize-1]
		page.Next = s.ui.URL("/records") + "?" + url.Values{"what": {page.Value("what")}, "verdict": {page.Value("verdict")},
			"before": {strconv.FormatInt(last.At.UnixMicro(), 10) + "." + strconv.FormatInt(last.ID, 10)}}.Encode()
	}
	for v := verify.Valid; v <= verify.Indeterminate; v++ {
		page.Verdicts = append(page.Verdicts, webui.Choice{Value: v.String(), Name: tell(v).name})
		page.Counts = append(page.Counts, webui.Term{Label: tell(v).name, Value: counts[v]})
	}
	page.Table = s.table(found)
	s.ui.Render(w, r, s.records, status, page)
}

// filterOf reads what is searched for: a serial, or the SHA-256 of a document, which is how an auditor who holds the
// document finds out whether and how it was checked.
func filterOf(what, verdict, before string) (f store.Filter, err error) {
	if b, bad := hex.DecodeString(what); bad == nil && len(b) == 32 {
		f.Content = b
	} else if what != "" {
		if f.Serial, err = cert.ParseSerial(what); err != nil {
			return store.Filter{}, plain.Bad("what", "発行番号（16進数、20オクテットまで）か、文書の SHA-256（16進数64桁）を入力してください。",
				"Enter a serial (hexadecimal, at most 20 octets) or the SHA-256 of a document (64 hexadecimal digits).")
		}
	}
	if verdict != "" {
		if f.Verdict, err = store.ParseVerdict(verdict); err != nil {
			return store.Filter{}, plain.Bad("verdict", "判定を一覧から選んでください。", "Choose a verdict of the list.")
		}
	}
	if before != "" {
		at, id, _ := strings.Cut(before, ".")
		micros, errAt := strconv.ParseInt(at, 10, 64)
		number, errID := strconv.ParseInt(id, 10, 64)
		if errAt != nil || errID != nil {
			return store.Filter{}, plain.Bad("", "続きの位置が読めません。一覧を最初から開き直してください。", "The place to go on from cannot be read: open the list from its beginning.")
		}
		f.Before = store.Position{At: time.UnixMicro(micros), ID: number}
	}
	return f, nil
}

func (s *screens) table(found []store.Verification) webui.Table {
	t := webui.Table{
		Caption: say("検証の記録（新しい順）", "Checks, the newest first"),
		Columns: []webui.Column{{Name: say("検証した時刻", "Checked at")}, {Name: say("判定", "Verdict")}, {Name: say("失効理由", "Reason of revocation")},
			{Name: say("発行番号", "Serial")}, {Name: say("経路", "Through")}},
		Empty: webui.Empty{Text: say("該当する検証はありません。", "There is no such check.")},
	}
	for _, v := range found {
		var serial, reason any
		if !v.Serial.IsZero() {
			serial = webui.Code(v.Serial.String())
		}
		if v.Revocation.Valid() {
			reason = v.Revocation.Name()
		}
		t.Rows = append(t.Rows, []any{
			webui.Link{Href: s.ui.URL("/records/" + strconv.FormatInt(v.ID, 10)), Text: webui.Code(v.At.In(cert.JST).Format(time.DateTime))},
			badge(v.Verdict), reason, serial, wayName(v.Way),
		})
	}
	return t
}

func wayName(w store.Way) plain.Sentence {
	if w == store.API {
		return plain.Sentence{JA: "API", EN: "API"}
	}
	return say("画面", "page")
}

func (s *screens) showRecord(w http.ResponseWriter, r *http.Request) {
	v, err := s.look(r)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	page := pageOf(v, "", "")
	page.Record = true
	page.Input = append(page.Input, webui.Term{Label: say("経路", "Through"), Value: wayName(v.Way)})
	if v.Answer != nil {
		page.Answer = s.ui.URL("/records/" + strconv.FormatInt(v.ID, 10) + "/answer")
	}
	s.ui.Render(w, r, s.result, http.StatusOK, page)
}

// sendAnswer gives the signed answer as it came: `openssl ocsp -respin FILE` checks it without us.
func (s *screens) sendAnswer(w http.ResponseWriter, r *http.Request) {
	v, err := s.look(r)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	if v.Answer == nil {
		s.ui.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	w.Header().Set("Content-Disposition", `attachment; filename="`+v.Serial.String()+`.ors"`)
	_, _ = w.Write(v.Answer) // an asker who has gone misses nothing
}

// look reads one record. A serial belongs to a person, so the look is recorded in the transaction that reads.
func (s *screens) look(r *http.Request) (v store.Verification, err error) {
	missing := plain.Bad("", "この検証の記録はありません。一覧から選び直してください。", "There is no such record: choose one of the list.")
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return v, missing
	}
	err = s.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var found bool
		if v, found, err = store.In(tx).Verification(ctx, id); err != nil {
			return err
		}
		if !found {
			return missing
		}
		if who := subject(v); who != "" {
			auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: who})
		}
		return nil
	})
	return v, err
}

func hexOrNone(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return webui.Code(hex.EncodeToString(b))
}
