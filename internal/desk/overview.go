package desk

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// listed is how many stuck messages of a direction and peer are listed; the figures above the list count all.
const listed = 100

// overviewPage is the data of the overview.
type overviewPage struct {
	Tabs     []webui.Tab
	Alarms   []webui.Notice
	Stuck    webui.Table
	Sent     webui.Table
	Received webui.Table
	Aside    []aside
	MayRetry bool
}

// aside is a piece of the organisation's own work that failed too often (poison rule: shown, counted, and in nobody's way).
type aside struct {
	ID    int64
	Terms []webui.Term
}

// overviewPage reads the whole page; of its parts, figures is enough.
func (d *Desk) overviewPage(r *http.Request) (overviewPage, error) {
	p, err := d.figures(r)
	p.Tabs = d.tabs(r)
	p.MayRetry = access.May(access.From(r.Context()), access.ResolvePropose, d.role) == nil
	return p, err
}

func (d *Desk) figures(r *http.Request) (overviewPage, error) {
	var p overviewPage
	ctx := r.Context()
	pairs, err := d.pairs(ctx)
	if err != nil {
		return p, err
	}
	stuck, err := d.host.Exchange.Stuck(ctx, listed)
	if err != nil {
		return p, err
	}
	stuck = slices.DeleteFunc(stuck, func(i exchange.Item) bool { return d.tellsOfOne(ctx, i.Peer()) })
	now := d.host.Clock.Now()
	for _, pair := range pairs {
		if pair.State == exchange.PairRefused {
			p.Alarms = append(p.Alarms, refusedAlarm(pair, now))
		}
	}
	p.Sent, p.Received, p.Stuck = sentTable(pairs, now), receivedTable(pairs, now), d.stuckTable(stuck, now)
	p.Aside, err = d.setAside(ctx)
	return p, err
}

// Sent is the table of what this organisation sends and of its lag, for the organisation's own front page.
func (d *Desk) Sent(ctx context.Context) (webui.Table, error) {
	pairs, err := d.pairs(ctx)
	return sentTable(pairs, d.host.Clock.Now()), err
}

// pairs are how it stands with each peer, as far as whoever is in the context may see it.
func (d *Desk) pairs(ctx context.Context) ([]exchange.Pair, error) {
	all, err := d.host.Exchange.Pairs(ctx)
	return slices.DeleteFunc(all, func(p exchange.Pair) bool { return d.tellsOfOne(ctx, p.Peer) }), err
}

// tellsOfOne tells whether the figures of a peer are kept from whoever is in the context: with a peer of now and then one message more beside a
// moving out says where a protected person has gone, to those who serve persons and have seen the notice. An operator has not.
func (d *Desk) tellsOfOne(ctx context.Context, peer message.Org) bool {
	return !d.host.Often(peer) && d.servesPersons(ctx)
}

func refusedAlarm(p exchange.Pair, now time.Time) webui.Notice {
	peer := webui.NameOf(p.Peer, now)
	return webui.Notice{Kind: webui.Bad,
		Title: plain.Sentence{JA: peer.JA + "が、この団体を拒んでいます", EN: peer.EN + " refuses this organisation"},
		Text: plain.Sentence{
			JA: "証明書、名前または署名が受け入れられません（" + p.Reason + "）。送り直しでは直りません。証明書と設定を確かめ、相手に連絡してください。",
			EN: "It does not take the certificate, the name or the signature (" + p.Reason + "). Sending again will not help: check the certificate and the configuration, and call the other side."}}
}

func sentTable(pairs []exchange.Pair, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "送った電文", EN: "Messages sent"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "相手", EN: "To"}}, {Name: plain.Sentence{JA: "つながり", EN: "Connection"}},
			{Name: plain.Sentence{JA: "送信", EN: "Sent"}, Right: true}, {Name: plain.Sentence{JA: "適用", EN: "Applied"}, Right: true},
			{Name: plain.Sentence{JA: "返事待ち", EN: "Waiting"}, Right: true}, {Name: plain.Sentence{JA: "保留", EN: "Parked"}, Right: true},
			{Name: plain.Sentence{JA: "待機", EN: "Held"}, Right: true},
			{Name: plain.Sentence{JA: "最も古いものの経過", EN: "Age of the oldest"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "電文を送る相手はありません。", EN: "There is nobody to send to."}},
	}
	for _, p := range pairs {
		var age any
		if happened(p.Oldest) {
			age = now.Sub(p.Oldest)
		}
		t.Rows = append(t.Rows, []any{webui.NameOf(p.Peer, now), pairStates[p.State], p.Sent, p.Applied, p.Waiting, p.Parked, p.Held, age})
	}
	return t
}

func receivedTable(pairs []exchange.Pair, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "受けた電文", EN: "Messages received"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "相手", EN: "From"}},
			{Name: plain.Sentence{JA: "判定", EN: "Decided"}, Right: true}, {Name: plain.Sentence{JA: "うち保留中", EN: "Of these parked"}, Right: true},
			{Name: plain.Sentence{JA: "送れない種類", EN: "Of a kind not allowed"}, Right: true},
			{Name: plain.Sentence{JA: "最後の受信", EN: "Last received"}},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "電文を受ける相手はありません。", EN: "There is nobody to receive from."}},
	}
	for _, p := range pairs {
		t.Rows = append(t.Rows, []any{webui.NameOf(p.Peer, now), p.Received, p.InParked, p.InRefused, moment(p.LastReceived)})
	}
	return t
}

func (d *Desk) stuckTable(items []exchange.Item, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "止まっている電文", EN: "Messages that are stuck"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "電文", EN: "Message"}}, {Name: plain.Sentence{JA: "送信側", EN: "From"}}, {Name: plain.Sentence{JA: "受信側", EN: "To"}},
			{Name: plain.Sentence{JA: "状態", EN: "State"}}, {Name: plain.Sentence{JA: "理由", EN: "Reason"}},
			{Name: plain.Sentence{JA: "経過", EN: "Age"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "止まっている電文はありません。", EN: "No message is stuck."}},
	}
	for _, i := range items {
		t.Rows = append(t.Rows, []any{
			webui.Link{Href: d.ui.URL("/messages/" + i.ID.String()), Text: numbered(i)},
			webui.NameOf(i.Sender, now), webui.NameOf(i.Receiver, now), stateOf(i), i.Reason, now.Sub(i.CreatedAt)})
	}
	return t
}

// numbered tells messages of a kind apart by their place in their stream.
func numbered(i exchange.Item) plain.Sentence {
	kind, n := webui.Capital(kindOf(i.Kind)), strconv.FormatUint(i.Seq, 10)
	return plain.Sentence{JA: kind.JA + " " + n, EN: kind.EN + " " + n}
}

func (d *Desk) setAside(ctx context.Context) (all []aside, err error) {
	err = d.host.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all = nil
		items, err := due.Parked(ctx, tx, 0, listed)
		for _, i := range items {
			all = append(all, aside{ID: i.ID, Terms: []webui.Term{
				{Label: plain.Sentence{JA: "種類", EN: "Kind"}, Value: webui.Capital(wordFor(i.Kind))},
				{Label: plain.Sentence{JA: "予定", EN: "Due"}, Value: i.At},
				{Label: plain.Sentence{JA: "試した回数", EN: "Tries"}, Value: i.Tries},
				{Label: plain.Sentence{JA: "理由", EN: "Reason"}, Value: i.Reason},
			}})
		}
		return err
	})
	return all, err
}

// retry lets work that was set aside try again, when the cause has been removed.
func (d *Desk) retry(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
	if err != nil {
		d.ui.NotFound(w, r)
		return
	}
	by := access.From(r.Context())
	err = d.host.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		record(tx, by, "due.retry", "", "item "+strconv.FormatInt(id, 10))
		return due.Retry(ctx, tx, id)
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, d.ui.URL("/messages"), http.StatusSeeOther)
}
