// Package documentbench measures documents (証明書の性能): a copy of the resident records of a household of four, two pages, made from the records,
// drawn and signed as an issuing server does it, and judged as a counter does. Beside it, in the same run, the same pages printed by others:
// a library for PDF, and a browser.
//
// What a document costs is told in CPU time, which other work on the machine touches least.
package documentbench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"

	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/plain"
)

// The peers' names in their directory.
const (
	GoPDF    = "gopdf"
	Chromium = "chromium"
)

// Notes say what may be compared with what.
var Notes = []plain.Sentence{
	{JA: "同じ世帯、同じ文字、同じ位置、同じ書体（IPAmj明朝）で、同じ機械で一度に測っています。時間はCPU時間で、相手のChromiumは子プロセスも含みます。",
		EN: "The same households, texts, places and font (IPAmj Mincho), in one run on one machine. What is compared is CPU time; Chromium's is that of all its processes."},
	{JA: "同じでないもの: 相手は署名をせず、地紋を描かず、PDF/Aの部品も綴り番号も作りません。当方は記録からの内容の作成、描画、署名まで含みます。",
		EN: "Not the same: the peers do not sign, draw no ground, and make neither the parts of PDF/A nor a binding; ours makes the content from records, draws it and signs it."},
	{JA: "gopdfは異体字を使えないので、異体字セレクタを除いた文字を渡します。つまり、別の字形で印刷されます。何字かは下の値のとおりです。",
		EN: "gopdf knows no variation sequences: it is given the characters without their selectors, and prints other forms of them. How many is among the figures."},
	{JA: "当方と gopdf はファイルを圧縮しません（gopdfは書体だけ圧縮し、止められません）。Chromiumは圧縮します。",
		EN: "Neither ours nor gopdf compresses the file (gopdf does the font, and cannot be told not to); Chromium does."},
}

// Options say how much, and beside whom.
type Options struct {
	Peers  map[string]string // the programs of the peers, by name
	Count  int               // documents of one slice; 400, and of the peers a sixteenth
	Rounds int               // slices of each; 3
	Say    func(format string, args ...any)
}

// The processes: ours as `akashi serve` runs it, and with Go's own heap, whose memory alone is looked at.
const (
	ours  = "ours"
	small = "ours, without a floor under the heap"
)

// Run measures.
func Run(ctx context.Context, opt Options) (results []figure.Result, err error) {
	if opt.Count == 0 {
		opt.Count = 400
	}
	if opt.Rounds == 0 {
		opt.Rounds = 3
	}
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	b := bench{Options: opt, all: map[string]*peer.Process{}, says: map[string]string{}, lost: map[string]int{}, rounds: figure.Rounds{}}
	defer func() {
		for _, p := range b.all {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := b.start(ctx); err != nil {
		return nil, err
	}
	for n := range opt.Rounds + 1 {
		if n == 1 {
			b.rounds = figure.Rounds{} // the first round fills caches
		}
		if err := b.round(); err != nil {
			return nil, err
		}
	}
	return b.tell()
}

type bench struct {
	Options
	all    map[string]*peer.Process
	says   map[string]string
	lost   map[string]int
	forms  int
	pages  int
	rounds figure.Rounds
}

// start starts ours twice, and the peers with what ours lays out.
func (b *bench) start(ctx context.Context) error {
	setup := order.Setup{Font: font.IPAmj}
	office, err := openOffice(setup)
	if errors.Is(err, fs.ErrNotExist) {
		return plain.Bad("font", "公式の書体（"+font.IPAmj+"）がありません。fonts-ipamj-mincho を入れてください。",
			"the official font ("+font.IPAmj+") is missing: install fonts-ipamj-mincho")
	}
	if err != nil {
		return err
	}
	print := setup
	if print.Sheets, err = office.sheets(); err != nil {
		return err
	}
	print.Forms = formsOn(print.Sheets, office.fonts[0])
	b.forms, b.pages = len(print.Forms), len(print.Sheets[0].Pages)
	if err := office.Close(); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for name, floor := range map[string]bool{ours: true, small: false} {
		setup.Floor = floor
		if err := b.begin(name, exec.CommandContext(ctx, self, "bench", "--part", PartOffice), setup); err != nil {
			return err
		}
	}
	print.Browser = order.FindBrowser()
	for name, program := range b.Peers {
		if err := b.begin(name, exec.CommandContext(ctx, program), print); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) begin(name string, cmd *exec.Cmd, setup order.Setup) error {
	cmd.Stderr = os.Stderr
	var ready order.Ready
	p, err := peer.Start(cmd, setup, &ready)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b.all[name], b.says[name], b.lost[name] = p, ready.Says, ready.Lost
	return nil
}

// turn is who does what, and how much of it beside ours.
type turn struct {
	who, do, key string
	share        int
}

var turns = []turn{
	{ours, order.DoSign, order.RSA2048, 1}, {GoPDF, order.DoPrint, "", 16}, {ours, order.DoSign, order.P256, 1}, {Chromium, order.DoPrint, "", 16}, {ours, order.DoPrint, "", 1},
	{ours, order.DoServe, order.RSA2048, 1}, {ours, order.DoServe, order.P256, 1}, {ours, order.DoGate, "", 1},
	{small, order.DoSign, order.P256, 1},
}

func (t turn) of(what string) string { return t.who + " " + t.do + " " + t.key + " " + what }

func (b *bench) round() error {
	for _, turn := range turns {
		p, here := b.all[turn.who]
		if !here {
			continue
		}
		count := max(b.Count/turn.share, 1)
		t, err := p.Do(peer.Order{Do: turn.do, Count: count, Key: turn.key})
		if err != nil {
			return fmt.Errorf("%s: %w", turn.who, err)
		}
		cpu := t.CPU
		if t.Server > 0 {
			cpu = t.Server // of the browser, and not of who drives it
		}
		b.Say("%s, %s %s: %.0f documents a CPU-second, %.2f ms of CPU each, p50 %.2f ms, p99 %.2f ms", turn.who, turn.do, turn.key, float64(count)/cpu, cpu*1000/float64(count), t.P50, t.P99)
		for what, v := range map[string]float64{"rate": float64(count) / cpu, "cpu": cpu * 1000 / float64(count), "p50": t.P50, "p99": t.P99, "size": float64(t.Bytes) / float64(count) / 1000} {
			b.rounds.Add(turn.of(what), v)
		}
	}
	return nil
}

// tell makes the figures.
func (b *bench) tell() (results []figure.Result, err error) {
	alone := func(what, unit string, t turn, of string) {
		results = append(results, figure.Result{What: what, Unit: unit, Value: b.rounds.Median(t.of(of))})
	}
	beside := func(what, unit string, t turn, of string) {
		missing := true
		for _, name := range []string{GoPDF, Chromium} {
			if b.all[name] != nil {
				missing = false
				results = append(results, b.rounds.Beside(what, unit, t.of(of), turn{who: name, do: order.DoPrint}.of(of), b.says[name]+", not signed"))
			}
		}
		if missing {
			alone(what, unit, t, of)
		}
	}
	a := fmt.Sprintf(", household of %d, %d pages", members, b.pages)
	for _, key := range order.Keys {
		t, with := turn{who: ours, do: order.DoSign, key: key}, a+", key in memory, "+key
		beside("signed documents a CPU-second"+with, "documents/CPU-s", t, "rate")
		alone("CPU of a signed document"+with, "ms", t, "cpu")
		alone("time of a signed document, p50"+with, "ms", t, "p50")
		alone("time of a signed document, p99"+with, "ms", t, "p99")
		alone("CPU of all that an issuing server works out for one document (made and drawn twice, signed, judged), without its database"+with, "ms", turn{who: ours, do: order.DoServe, key: key}, "cpu")
	}
	t := turn{who: ours, do: order.DoPrint}
	beside("documents a CPU-second, without the signature"+a, "documents/CPU-s", t, "rate")
	beside("CPU of a document without the signature"+a, "ms", t, "cpu")
	beside("time of a document without the signature, p50"+a, "ms", t, "p50")
	beside("time of a document without the signature, p99"+a, "ms", t, "p99")
	beside("size of a document without the signature"+a, "kB", t, "size")
	for _, of := range []struct{ what, figure string }{{"CPU", "cpu"}, {"time, p50", "p50"}, {"time, p99", "p99"}} {
		alone(of.what+" of the gate, a file against the content made anew"+a, "ms", turn{who: ours, do: order.DoGate}, of.figure)
	}
	for _, name := range []string{GoPDF, Chromium} {
		if b.all[name] != nil {
			results = append(results, figure.Result{What: fmt.Sprintf("forms of characters that are lost, of the %d on the pages that need a variation selector: %s (ours: refused unless it is drawn)", b.forms, b.says[name]),
				Unit: "forms", Value: float64(b.lost[name])})
		}
	}
	return b.memory(results)
}

// memory is what the processes held at most when all was done.
func (b *bench) memory(results []figure.Result) ([]figure.Result, error) {
	held := map[string]float64{}
	for _, name := range []string{ours, small, GoPDF} {
		if b.all[name] == nil {
			continue
		}
		t, err := b.all[name].Do(peer.Order{Do: order.DoMemory})
		if err != nil {
			return nil, err
		}
		held[name] = float64(t.Bytes) / (1 << 20)
	}
	for _, one := range []struct{ who, how string }{{ours, "64 MiB under the heap, as akashi serve has it"}, {small, "Go's own heap"}} {
		r := figure.Result{What: "memory at its most (VmHWM) of the process that makes our documents, the font of 46 MB open, " + one.how, Unit: "MiB", Value: held[one.who]}
		if theirs, here := held[GoPDF]; here {
			r = r.Beside(b.says[GoPDF], theirs)
		}
		results = append(results, r)
	}
	return results, nil
}
