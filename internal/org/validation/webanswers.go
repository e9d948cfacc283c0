package validation

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

func (s *screens) showAnswers(w http.ResponseWriter, r *http.Request) {
	form := webui.NewForm(map[string]string{"serial": r.URL.Query().Get("serial")})
	status := http.StatusOK
	var only cert.Serial
	if text := form.Value("serial"); text != "" {
		var err error
		if only, err = cert.ParseSerial(text); err != nil {
			_ = form.Take(err) // what it refuses is a plain.Problem
			status = http.StatusUnprocessableEntity
		}
	}
	const shown = 100
	var answers []store.Answer
	err := s.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if only.IsZero() {
			answers, err = s.o.in(tx).Answers(ctx, shown)
		} else {
			answers, err = s.o.in(tx).AnswersOf(ctx, only, shown)
		}
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	t := webui.Table{
		Caption: say("新しい順に100件まで", "The newest, up to 100"),
		Columns: []webui.Column{{Name: say("時刻", "Time")}, {Name: say("発行番号", "Serial")}, {Name: say("回答", "Answer")},
			{Name: say("署名", "Signed")}, {Name: say("問い合わせた者", "Asked by")}, {Name: say("根拠の時刻", "State known since")}},
		Empty: webui.Empty{Text: say("問合せはありません。", "Nobody has asked.")},
	}
	for _, a := range answers {
		signed := say("先に署名したもの", "before")
		if a.Fresh {
			signed = say("その場で", "for this question")
		}
		t.Rows = append(t.Rows, []any{a.AskedAt, webui.Code(a.Serial.String()), answerBadges[a.Answer], signed, webui.Code(a.Requester), instantOrNone(a.BasedAt)})
	}
	s.ui.Render(w, r, s.answers, status, answersPage{form, t})
}

type answersPage struct {
	*webui.Form
	Table webui.Table
}

var answerBadges = map[string]webui.Badge{
	"good":    {Kind: webui.OK, Text: plain.Sentence{JA: "失効していない", EN: "good"}},
	"revoked": {Kind: webui.Bad, Text: plain.Sentence{JA: "失効", EN: "revoked"}},
	"unknown": {Kind: webui.Info, Text: plain.Sentence{JA: "発行されていない番号", EN: "unknown"}},
}
