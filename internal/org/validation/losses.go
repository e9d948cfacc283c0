package validation

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// lossNow is something that we have lost, for people and for the alarms.
type lossNow struct {
	what  string // names it for machines
	since time.Time
	title plain.Sentence
	text  plain.Sentence
}

// lost lists what we have lost. It asks the database nothing, because that may be what is lost.
func (o *Validation) lost(now time.Time, steady time.Duration) (all []lossNow) {
	s := o.standing.Load()
	add := func(what string, since time.Time, title, text plain.Sentence) {
		all = append(all, lossNow{what, since, title, text})
	}
	if s.clockMoved(now, steady) {
		add("clock", time.Time{}, say("時計が動かされたため、回答を止めています", "The clock was set: nothing is answered"),
			say("回答に正しい時刻を書けません。問い合わせた者には「内部の誤り」と答えています。時計を合わせてください。",
				"No right time can be written into answers. Askers are told that there is an internal error. Set the clock right."))
	} else {
		for _, a := range o.cas {
			if h := s.cas[a.place]; h.apart || h.ahead {
				add(a.about("clock-apart"), time.Time{}, o.of(a, say("認証局の時計と、この団体の時計が合いません", "The clocks of the CA and of this organisation differ")),
					say("どちらかが5分を超えてずれています。合うまで、認証局の新しい知らせを、今の状態の裏付けに使いません。",
						"One of them is wrong by more than five minutes. Until they agree, nothing new of the CA's counts as word of how it stands now."))
			}
		}
	}
	if since := s.database; !since.IsZero() || s.unseen(steady, o.lookEvery()) {
		title := say("データベースに書けないため、「失効していない」という回答を止めます", "The database cannot be written: good is no longer answered")
		if since.IsZero() {
			title = say("データベースに書けるか確かめられないため、「失効していない」という回答を止めています", "It is not confirmed that the database can be written: good is no longer answered")
		}
		add("database", since, title,
			say("失効を受け取れません。失効の回答は続け、ほかは「あとで」と答えます。", "No revocation could be taken. Revoked is answered still, and all others are told to try later."))
	}
	for _, a := range o.cas {
		known := s.cas[a.place].known
		if known.IsZero() || now.Before(known.Add(o.cfg.Bound)) {
			continue
		}
		add(a.about("ca"), known.Add(o.cfg.Bound), o.of(a, say("認証局の知らせが古いため、「失効していない」という回答を止めています", "The CA's last word is too old: good is no longer answered")),
			o.ofItsOwn(say("失効の回答は続け、ほかは「あとで」と答えています。認証局とつながれば、すぐに戻ります。", "Revoked is answered still, and all others are told to try later. It goes on as soon as the CA is heard again.")))
	}
	for _, r := range o.roots {
		since, why := r.health.since(now)
		if since.IsZero() || errors.Is(why, errNoKey) && now.Sub(since) < signatureGrace {
			continue
		}
		name := o.nameOf(r)
		add(r.ca.about("signature/"+r.profile.String()), since, say("回答に署名できません（"+name.JA+"）", "Answers cannot be signed ("+name.EN+")"),
			say("署名済みの回答は、その期限まで続けます。期限を過ぎたものと、新しく失効したものは「あとで」と答えます。",
				"What was signed is told until it runs out. What has run out, and what was revoked since, is told to try later."))
	}
	return all
}

// ofItsOwn says of what a silent CA stops that the others go on.
func (o *Validation) ofItsOwn(text plain.Sentence) plain.Sentence {
	if len(o.cas) == 1 {
		return text
	}
	return say(text.JA+"ほかの認証局の電子証明書への回答は、止まりません。", text.EN+" The answers about other CAs' certificates go on.")
}

// signatureGrace is how long the CA may take to certify our first key.
const signatureGrace = time.Minute

// notices are the losses for the screen.
func (o *Validation) notices() (all []webui.Notice) {
	for _, l := range o.lost(o.hour()) {
		n := webui.Notice{Kind: webui.Bad, Title: l.title, Text: l.text}
		if !l.since.IsZero() {
			at := l.since.In(cert.JST)
			n.Text = say(at.Format("2006年1月2日 15:04:05")+" から。"+l.text.JA, "Since "+at.Format("2006-01-02 15:04:05")+" (JST). "+l.text.EN)
		}
		all = append(all, n)
	}
	return all
}

// losses are a source of alarms.
type losses struct{ o *Validation }

// Name names it as a source.
func (losses) Name() string { return "answers" }

// Signals says what was lost.
func (l losses) Signals(_ context.Context, now time.Time) (signals []alarm.Signal, err error) {
	_, steady := l.o.hour()
	for _, lost := range l.o.lost(now, steady) {
		signals = append(signals, alarm.Signal{Code: alarm.AnswersStopped, About: lost.what, Value: 1, Since: lost.since, Detail: lost.title, Href: "/"})
	}
	return signals, nil
}
