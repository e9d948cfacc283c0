package ca

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

const (
	// MaxListed is how many serials one mass revocation can name one by one.
	MaxListed = 10_000
	maxWhy    = 1000 // characters
)

// massGrounds are those on which a CA ends certificates by itself.
var massGrounds = []cert.Ground{cert.CAExposed, cert.Exposed, cert.Mistaken, cert.Undelivered, cert.Asked}

// MassProposal is what an officer would have ended, and why. What is empty does not choose; the serials choose alone.
type MassProposal struct {
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Issuer       string    // the CA's key, as screens name it
	From, Until  time.Time // written down for issue in [From, Until)
	Serials      []cert.Serial
	Ground       cert.Ground
	Since        resident.Date // the day on which the ground arose: everybody who was told "good" after it is told of the error
	Why          string
}

func (p MassProposal) check(o *CA) error {
	var ps plain.Problems
	bad := func(field, ja, en string) { ps = append(ps, plain.Bad(field, ja, en)) }
	chosen := p.Municipality.Valid() || p.Profile.Valid() || p.Issuer != "" || !p.From.IsZero() || !p.Until.IsZero()
	switch {
	case !chosen && len(p.Serials) == 0:
		bad("municipality", "対象を選んでください。市区町村、種別、発行した期間、認証局の鍵、発行番号の一覧のうち、少なくとも一つが要ります。",
			"Say which certificates: by municipality, kind, when they were issued, the CA's key, or a list of serials.")
	case chosen && len(p.Serials) > 0:
		bad("serials", "発行番号の一覧は、ほかの条件と一緒に使えません。どちらかにしてください。", "A list of serials chooses alone: leave the other conditions empty, or the list.")
	case len(p.Serials) > MaxListed:
		bad("serials", fmt.Sprintf("発行番号は、一度に%d件までです。一覧を分けてください。", MaxListed), fmt.Sprintf("At most %d serials at a time: divide the list.", MaxListed))
	}
	if _, ours := o.byID[p.Issuer]; p.Issuer != "" && !ours {
		bad("issuer", "その認証局の鍵はありません。電子証明書の画面に出ている識別子を入力してください。", "There is no such key of a CA: enter the identifier that the page of a certificate shows.")
	}
	if !p.From.IsZero() && !p.Until.IsZero() && !p.From.Before(p.Until) {
		bad("until", "期間の終わりが、始めより前です。", "The end of the time is before its beginning.")
	}
	if !slices.Contains(massGrounds, p.Ground) {
		bad("ground", "失効の事由を選んでください。", "Choose the ground of the revocation.")
	}
	switch today := resident.DateOf(o.Clock.Now()); {
	case !p.Since.Valid():
		bad("since", "事由の生じた日を入力してください。この日より後に「失効していない」と答えた相手に知らせます。",
			"Enter the day on which the ground arose: those who were told \"good\" after it will be told of the error.")
	case p.Since.After(today):
		bad("since", "事由の生じた日が、今日より後です。", "The day on which the ground arose is in the future.")
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(p.Why)); {
	case n == 0:
		bad("why", "わけを書いてください。もう一人の担当者と監査人が読みます。", "Write why: the second officer and the auditor read it.")
	case n > maxWhy:
		bad("why", "わけが長すぎます。1,000文字までで書いてください。", "This is too long: at most 1,000 characters.")
	}
	return ps.Err()
}

// ProposeMass has the dry run made of a mass revocation, for the officer in the context, and gives its number.
func (o *CA) ProposeMass(ctx context.Context, p MassProposal) (id int64, err error) {
	who, err := o.officer(ctx, access.MassPropose)
	if err != nil {
		return 0, err
	}
	if err := p.check(o); err != nil {
		return 0, err
	}
	slices.SortFunc(p.Serials, func(a, b cert.Serial) int { return strings.Compare(string(a.Bytes()), string(b.Bytes())) })
	serials := slices.Compact(p.Serials)
	trace, err := o.Exchange.NewTrace()
	if err != nil {
		return 0, err
	}
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		id, err = o.in(tx).PutMass(ctx, store.Mass{Criterion: store.Criterion{Municipality: p.Municipality, Profile: p.Profile, Issuer: p.Issuer, From: p.From,
			Until: p.Until}, Ground: p.Ground, Since: p.Since, Why: strings.TrimSpace(p.Why), ProposedBy: who.ID, Trace: trace}, serials)
		if err != nil {
			return err
		}
		due.Add(tx, tx.Now(), dueMassCount, massRef(id), nil)
		auditlog.Write(tx, auditlog.Entry{Actor: who.ID, Act: "mass.propose", Subject: massName(id), Case: trace, Detail: access.Detail(ctx, string(p.Ground)+" since "+p.Since.String())})
		return nil
	})
	return id, err
}

// ReadSerials reads a list of serials as people keep one: a line for each, as screens, openssl or a list print it. Empty lines and what
// follows a # are passed over. What is wrong is told for each line. A list of none is refused: beside other conditions it would choose
// all that these do.
func ReadSerials(field string, text []byte) (serials []cert.Serial, err error) {
	var ps plain.Problems
	for n, line := range splitLines(text) {
		if line == "" {
			continue
		}
		s, err := cert.ParseSerial(line)
		if err != nil {
			p := plain.Bad(field, fmt.Sprintf("%d行目は発行番号ではありません。16進数の発行番号を、1行に1件ずつ書いてください。", n+1),
				fmt.Sprintf("line %d is no serial: write serials in hexadecimal, one on a line", n+1))
			p.Line = n + 1
			if ps = append(ps, p); len(ps) == 20 {
				break
			}
			continue
		}
		serials = append(serials, s)
	}
	if len(serials) == 0 && len(ps) == 0 {
		return nil, plain.Bad(field, "一覧に発行番号がありません。ファイルを確かめて、選び直してください。", "There is no serial in the list: look at the file, and choose it again.")
	}
	return serials, ps.Err()
}

// ReadMoment reads the end of a time of issue: a day in Japan (its beginning), or a moment with its time zone.
func ReadMoment(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if t, err := time.ParseInLocation("2006-01-02T15:04", text, cert.JST); err == nil {
		return t, nil
	}
	d, err := resident.ParseDate(field, text)
	if err != nil {
		return time.Time{}, plain.Bad(field, "日付（2026-04-01）か、日時（2026-04-01T09:00、日本時間）で入力してください。",
			"Enter a day (2026-04-01) or a moment (2026-04-01T09:00, in Japan).")
	}
	return d.Start(), nil
}

// splitLines gives the lines of a text without what follows a # and without blanks around.
func splitLines(text []byte) []string {
	lines := strings.Split(string(text), "\n")
	for i, l := range lines {
		l, _, _ = strings.Cut(l, "#")
		lines[i] = strings.TrimSpace(strings.TrimPrefix(l, "\ufeff"))
	}
	return lines
}
