package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// proposal is something that one person of this counter has asked for and that waits for another.
type proposal struct {
	what plain.Sentence
	page string
	by   string
	act  access.Act // the right to decide it
}

// proposals are all that wait (承認待ち), kind by kind. They name nobody.
func (o *Municipality) proposals(ctx context.Context, tx *store.Tx) (all []proposal, err error) {
	asked, err := o.flags(tx.Tx).Asked(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range asked {
		all = append(all, proposal{both("支援措置の一時解除の依頼", "Release of a protected person's record"), "/protections", r.AskedBy, access.ReleaseProtection})
	}
	lists, err := o.flags(tx.Tx).Lists(ctx)
	if err != nil {
		return nil, err
	}
	for _, l := range lists {
		if !l.Applied() {
			all = append(all, proposal{both("終了する支援措置の一覧", "List of protections to end"), "/protections", l.MadeBy, access.ReleaseProtection})
		}
	}
	renames, err := tx.OpenRenames(ctx, 1000)
	if err != nil {
		return nil, err
	}
	towns, err := tx.OpenTownChanges(ctx, 1000)
	if err != nil {
		return nil, err
	}
	for _, c := range towns {
		all = append(all, proposal{both("町字マスターの変更", "Change of the master of towns"), changeAt(c.ID), c.ProposedBy, access.KeepTowns})
	}
	for _, r := range renames {
		if r.State == store.RenameCounted {
			all = append(all, proposal{both("町名の変更", "Renaming of a town"), "/towns", r.ProposedBy, access.RenameTown})
		}
	}
	closings, err := tx.ClosingsProposed(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range closings {
		all = append(all, proposal{both("転出入を閉じる提案", "Closing of a move"), "/moves/" + c.Move, c.ProposedBy, access.CloseMove})
	}
	return all, nil
}

// inbox counts by kind what waits for whoever looks, and what of theirs waits for another.
func (w *screens) inbox(ctx context.Context, all []proposal) webui.Table {
	t := webui.Table{
		Caption: both("承認待ち", "Waiting for a second person"),
		Columns: []webui.Column{{Name: both("内容", "What")}, {Name: both("あなたが決める", "For you to decide"), Right: true}, {Name: both("ほかの人が決める（あなたの依頼）", "For another (asked by you)"), Right: true}},
		Empty:   webui.Empty{Text: both("二人目の判断を待つものはありません。", "Nothing waits for a second person.")},
	}
	who := access.From(ctx)
	who.Fresh = true // whether the passkey is shown anew is asked when they decide
	var kinds []plain.Sentence
	mine, theirs, page := map[plain.Sentence]int64{}, map[plain.Sentence]int64{}, map[plain.Sentence]string{}
	for _, p := range all {
		if access.May(who, p.act, w.o.Self.Role()) != nil {
			continue
		}
		if page[p.what] == "" {
			kinds, page[p.what] = append(kinds, p.what), p.page
		}
		if access.SecondPerson(access.Person{ID: p.by}, who) == nil {
			if mine[p.what]++; mine[p.what] == 1 {
				page[p.what] = p.page // of several pages, to one that they may decide on
			}
		} else {
			theirs[p.what]++
		}
	}
	for _, k := range kinds {
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.ui.URL(page[k]), Text: k}, mine[k], theirs[k]})
	}
	return t
}
