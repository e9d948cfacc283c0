package received

import (
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Side is an organisation that holds states, as its refusals speak of it.
type Side struct {
	Name plain.Sentence // "都道府県", "the prefecture"
	Told plain.Sentence // whoever tells it of its residents: "市区町村", "municipality"
	// Part says that it holds a part of the country: who moves in from elsewhere builds on a state that only that
	// other part has.
	Part bool
}

// CodeBefore is the code under which the state before a change is held.
func CodeBefore(n message.ResidentChange) resident.RecordCode {
	if old := n.After.Change.OldCode; old.Valid() {
		return old
	}
	return n.After.Code
}

// awaitsFor is how long the entry of somebody who moves waits for the deletion at the old municipality, seen as outstanding by whoever sent it. By
// then a move is late at both municipalities too.
const awaitsFor = 30 * 24 * time.Hour

// Awaits asks whether an entry by moving in has overtaken the deletion at the old municipality, which comes on another way: the two
// municipalities have told each other, and each tells its own prefecture. Until the deletion is there nothing is changed, so that nobody is
// in two registers here, and after a month it is for people (already-resident). sent is when the message was made.
func (s Side) Awaits(held *Standing, n message.ResidentChange, sent, now time.Time) error {
	if held == nil || held.Gone() || n.After.Change.Reason != resident.MoveIn || held.Municipality == n.After.Municipality ||
		n.After.Version <= held.Version || now.Sub(sent) > awaitsFor {
		return nil
	}
	return exchange.Await(
		"この人の、前の市区町村での転出（消除）の通知が、まだ届いていません。届けば自動的に進みます。長く届かないときは、前の市区町村に問い合わせてください。",
		"the old municipality's deletion of this person's record has not come yet: this goes on by itself when it comes; when it does not for long, ask the old municipality")
}

// Follows compares a change with the state held, nil for none. done: there is nothing to do any more, and it was
// followed before.
func (s Side) Follows(held *Standing, n message.ResidentChange) (done bool, err error) {
	first, movesIn := n.Before == resident.StateHash{}, n.After.Change.Reason == resident.MoveIn
	elsewhere := movesIn && (first || s.Part) // builds on no state that is held here
	if held == nil {
		if first || elsewhere {
			return false, nil
		}
		return false, exchange.Missing(
			"この人の最初の通知が届いていません。前の異動を先に送るか、いまの状態を送り直してください。",
			"the first notice about this person has not come: send what is missing first, or send the present state").
			Holding(message.Residents, CodeBefore(n).Reveal(), message.Hash{})
	}
	comesBack := elsewhere && held.Reason == resident.MoveOut
	switch {
	case held.Version == n.After.Version && held.Hash == n.After.StateHash():
		return true, nil // came before, in another message's place
	case !first && n.After.Version > held.BuiltOn && n.After.Version < held.Version:
		return true, nil // a later full state was taken in its place ("resend corrected")
	case (n.Before == held.Hash || comesBack) && n.After.Version > held.Version:
		return false, nil // the new municipality may know of the person and not of the state that the old one left
	case comesBack:
		return false, exchange.Reject("version-not-after",
			fmt.Sprintf("記録の版%sは、転出の版%sより後ではありません。転出証明書の版の次から始めて、届け直してください。", n.After.Version, held.Version),
			fmt.Sprintf("version %s does not come after version %s, the moving out: file it again from the version after that", n.After.Version, held.Version))
	case first && (held.Reason == resident.MoveOut || !movesIn):
		return false, exchange.Reject("code-in-use",
			"この住民票コードは、別の記録で使われています。転出した人なら転入として、そうでなければ正しいコードで届け直してください。",
			"this resident record code is in use: file a moving in when the person has moved out, and otherwise the right code")
	}
	return false, exchange.Missing(
		fmt.Sprintf("この前の異動が届いていません（%sの版は%s、この電文は版%sへの異動）。前の異動を先に送るか、いまの状態を送り直してください。", s.Name.JA, held.Version, n.After.Version),
		fmt.Sprintf("a change before this one has not come (%s holds version %s, and this leads to version %s): send the missing change first, or send the present state", s.Name.EN, held.Version, n.After.Version)).
		Holding(message.Residents, CodeBefore(n).Reveal(), message.Hash(held.Hash))
}

// CameBefore tells of a change of code whether it was followed before, by a message that did not build on the old code's
// state: the new code is held just as it says, and the old one is no resident of the sender's any more. held is what
// stands under the old code, taken what stands under the new one; nil for nothing.
func CameBefore(held, taken *Standing, from message.Org, n message.ResidentChange) bool {
	return taken != nil && taken.ToldBy == from && taken.Version == n.After.Version && taken.Hash == n.After.StateHash() &&
		(held == nil || held.Gone() || held.ToldBy != from)
}

// Succeeds asks whether a change may happen to a person in that state. own: the sender is who told of the state held.
// Nothing here is about form, so an acceptance does not pass it over.
func (s Side) Succeeds(held Standing, n message.ResidentChange, own bool) error {
	gone, entry := held.Reason.Act() == resident.Deletion, n.After.Change.Reason.Act() == resident.Entry
	switch {
	case gone && !entry:
		return exchange.Reject("has-left",
			"この人の住民票は、もう消除されています（"+held.Reason.In("ja")+"）。届け出た人と住民票コードを確かめてください。",
			"this person's record was deleted ("+held.Reason.In("en")+"): check who filed the change, and the code")
	case !gone && entry:
		return exchange.Reject("already-resident",
			"この人の住民票は、もう記載されています。二重の記載でないか、住民票コードを確かめてください。",
			"this person has a record already: check the code, and that the entry is not made twice")
	case !gone && !own:
		return exchange.Reject("held-elsewhere",
			"この人は、別の"+s.Told.JA+"の住民です。住民票コードを確かめてください。",
			"this person is a resident of another "+s.Told.EN+": check the code")
	}
	return nil
}
