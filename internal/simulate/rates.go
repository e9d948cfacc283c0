package simulate

import (
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
)

// Kind is a kind of event.
type Kind string

// The kinds.
const (
	Birth          Kind = "birth"
	Death          Kind = "death"
	MoveBetween    Kind = "move-between"
	MoveCancelled  Kind = "move-cancelled"
	MoveWithin     Kind = "move-within"
	FromAbroad     Kind = "move-in-abroad"
	Abroad         Kind = "move-abroad"
	Marriage       Kind = "marriage"
	Divorce        Kind = "divorce"
	NameChange     Kind = "name-change"
	Split          Kind = "household-split"
	Merge          Kind = "household-merge"
	HeadChange     Kind = "head-change"
	Correction     Kind = "correction"
	Cancellation   Kind = "cancellation"
	Minor          Kind = "minor-amendment"
	Removal        Kind = "deletion-ex-officio"
	Restoration    Kind = "restoration"
	Naturalisation Kind = "naturalisation"
	CodeChange     Kind = "code-change"
	Application    Kind = "certificate"
	Renewal        Kind = "certificate-again"
	Renewed        Kind = "certificate-renewed"
	Expiry         Kind = "certificate-expired"
	Revocation     Kind = "certificate-revoked"
	Loss           Kind = "certificate-lost"
	Seal           Kind = "seal"
	SealEnded      Kind = "seal-ended"
	Protection     Kind = "protection"
	ProtectionEnd  Kind = "protection-ended"
	Renaming       Kind = "town-renamed"
)

// renewedInAYear are the certificates whose term ends in a year: those of five years ago.
const renewedInAYear = 15_800_000

// inhabitants of the country on 2024-01-01, to which the yearly figures below are.
const inhabitants = 124_885_175

// rate is how often something happens in the whole country in a year.
type rate struct {
	kind Kind
	name plain.Sentence
	year float64
	// guess: the figure is from memory, or there is none and it is put so low that it only keeps the kind in the run.
	guess bool
}

func says(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// rates: moves between municipalities, from and to other countries are those published for 2024; of certificates, 15.8 million a year are
// renewed and about 50,000 cards a day, each with both certificates, are applied for (autumn 2025). The others are guesses.
var rates = []rate{
	{Birth, says("出生", "births"), 700_000, true},
	{Death, says("死亡", "deaths"), 1_600_000, true},
	{MoveBetween, says("市区町村の間の引っ越し", "moves between municipalities"), 5_207_746, false},
	{MoveCancelled, says("転出の取りやめ", "moves called off"), 50_000, true},
	{MoveWithin, says("転居", "moves within a municipality"), 5_000_000, true},
	{FromAbroad, says("国外からの転入", "moves in from abroad"), 735_883, false},
	{Abroad, says("国外転出", "moves abroad"), 371_615, false},
	{Marriage, says("婚姻", "marriages"), 480_000, true},
	{Divorce, says("離婚", "divorces"), 180_000, true},
	{NameChange, says("氏・名の変更", "changes of name"), 20_000, true},
	{Split, says("世帯分離", "households divided"), 300_000, true},
	{Merge, says("世帯合併", "households joined"), 100_000, true},
	{HeadChange, says("世帯主変更", "other heads of households"), 100_000, true},
	{Correction, says("訂正", "corrections"), 100_000, true},
	{Cancellation, says("取消", "cancellations"), 20_000, true},
	{Minor, says("軽微な修正", "minor amendments"), 100_000, true},
	{Removal, says("職権消除", "deletions ex officio"), 20_000, true},
	{Restoration, says("回復", "restorations"), 5_000, true},
	{Naturalisation, says("帰化", "naturalisations"), 8_800, true},
	{CodeChange, says("住民票コードの変更", "changes of record code"), 10_000, true},
	{Application, says("電子証明書の発行", "certificates issued"), 2 * 50_000 * 365, false},
	{Renewal, says("電子証明書の再発行", "certificates issued anew"), 1_000_000, true},
	{Renewed, says("電子証明書の更新", "certificates renewed"), renewedInAYear, false},
	{Expiry, says("電子証明書の期間満了", "certificates that ran out"), 0, false}, // by itself, on a birthday
	{Revocation, says("電子証明書の失効申請", "certificates revoked on request"), 300_000, true},
	{Loss, says("カードの紛失の届出", "losses reported"), 500_000, true},
	{Seal, says("印鑑登録", "seals registered"), 2_000_000, true},
	{SealEnded, says("印鑑登録の廃止", "seals given up"), 500_000, true},
	{Protection, says("支援措置", "protections"), 40_000, true},
	{ProtectionEnd, says("支援措置の終了", "protections ended"), 20_000, true},
	{Renaming, says("町名の変更", "towns renamed"), 200, true},
}

func rateOf(k Kind) rate {
	i := slices.IndexFunc(rates, func(r rate) bool { return r.kind == k })
	return rates[i]
}

// schedule draws what happens on each day. Every kind happens once at least, on a day that is drawn: the rarest would otherwise be in
// one run of a hundred.
func (s *simulation) schedule() [][]Kind {
	plan := make([][]Kind, s.opt.Days)
	for _, r := range rates {
		if r.year == 0 {
			continue
		}
		perDay := r.year / inhabitants / 365 * float64(s.opt.Residents) * s.opt.Pace
		n := 0
		for d := range plan {
			for range s.poisson(perDay) {
				plan[d] = append(plan[d], r.kind)
				n++
			}
		}
		if n == 0 && s.fault == nil { // what a fault is planted in happens by itself
			d := s.rng.IntN(len(plan))
			plan[d] = append(plan[d], r.kind)
		}
	}
	// What happens on a day on which counters are closed is filed on the next one on which they are open.
	for d := range plan {
		if open(d) {
			continue
		}
		next := d + 1
		if next == len(plan) { // the run ends before
			for next = d; !open(next); next-- {
			}
		}
		plan[next], plan[d] = append(plan[next], plan[d]...), nil
	}
	for _, day := range plan {
		s.rng.Shuffle(len(day), func(i, j int) { day[i], day[j] = day[j], day[i] })
	}
	return plan
}

// open tells whether counters are open on a day of the run. It begins with a Monday.
func open(n int) bool { return n%7 < 5 }

// poisson draws how often something happens that happens so often on average.
func (s *simulation) poisson(mean float64) (n int) {
	for t := s.rng.ExpFloat64(); t < mean; t += s.rng.ExpFloat64() {
		n++
	}
	return n
}
