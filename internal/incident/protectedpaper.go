package incident

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/press/faulty"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/identity"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// safeguard is one of those that stand between a protected person's paper and whoever has her card, in the order in which the paper meets them.
type safeguard int

// The safeguards of the issuers' part.
const (
	atApplication safeguard = iota // the counter takes no application without a release
	inAnswer                       // the register says of everybody on a page whether they are protected
	inCopy                         // the issuing server was told so by its feed
	inVersions                     // the server's copy must be what the register has
	atArrival                      // the counter holds the document against the register when it comes …
	atPrinting                     // … before each printing …
	atHandOver                     // … and when it is handed over
	atSheets                       // the clerk enters what each page in the hand bears
	nowhere                        // nothing stopped it
)

var safeguardNames = [...]plain.Sentence{
	atApplication: {JA: "窓口の受付", EN: "the counter, of the application"},
	inAnswer:      {JA: "台帳の回答", EN: "the register's answer"},
	inCopy:        {JA: "証明発行サーバの写し", EN: "the issuing server's copy"},
	inVersions:    {JA: "版の照合", EN: "the comparison of versions"},
	atArrival:     {JA: "届いた時の照合", EN: "the counter's gate, when it comes"},
	atPrinting:    {JA: "印刷の前の照合", EN: "the counter's gate, before the printing"},
	atHandOver:    {JA: "渡す時の照合", EN: "the counter's gate, at the hand-over"},
	atSheets:      {JA: "手元のページの綴り番号", EN: "the binding of each page in the hand"},
	nowhere:       {JA: "なし", EN: "nothing"},
}

// removed are the safeguards that a trial leaves out.
type removed map[safeguard]bool

// issuersGate is the counter's way to the flag, which a trial closes for as long as a safeguard that is left out would look. The register asks by the same way.
type issuersGate struct {
	protection.Gate
	l *protectedLand
}

// Standing is the gate's, unless what asks is left out.
func (g issuersGate) Standing(ctx context.Context, tx *sqlstore.Tx, of protection.System, codes ...resident.RecordCode) (protection.Standing, error) {
	if of == protection.Issue && g.l.off[g.l.at] {
		return protection.Standing{}, nil
	}
	return g.Gate.Standing(ctx, tx, of, codes...)
}

// issuersJudge is the counter's gate, which a trial opens in the same way.
type issuersJudge struct {
	press.Gate
	l *protectedLand
}

// Judge is the gate's, unless it is left out.
func (g issuersJudge) Judge(file []byte, expect press.Expect, content, digest [sha256.Size]byte) ([]gate.Finding, error) {
	if g.l.off[g.l.at] {
		return faulty.Trusting{}.Judge(file, expect, content, digest)
	}
	return g.Gate.Judge(file, expect, content, digest)
}

// Pages are those of a file; of none is it asked what they bear when that is left out.
func (g issuersJudge) Pages(file []byte) (int, error) {
	if g.l.off[atSheets] {
		return 0, nil
	}
	return g.Gate.Pages(file)
}

// trial leaves out safeguards of the issuing server: what its feed and the register's answers say of protection, and that its copy is compared with the register.
func (l *protectedLand) trial(r exchange.Route) exchange.Route {
	return r.Instead(func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
		switch n := p.(type) {
		case message.IssuingRecord:
			if l.off[inCopy] {
				n.Protected = false
			}
			l.copied[n.Code] = n
			p = n
		case message.IssuingAnswer:
			n.Persons = slices.Clone(n.Persons)
			for i := range n.Persons {
				one := &n.Persons[i]
				if l.off[inAnswer] {
					one.Protected, one.Protection = false, 0
				}
				if has, told := l.copied[one.Code]; told && l.off[inVersions] {
					one.Version, one.Hash = has.Version, has.StateHash()
				}
			}
			p = n
		}
		return really(ctx, tx, d, p)
	})
}

// paper has whoever holds her card ask for her 住民票の写し, as a kiosk would take it, and says what stopped it; text is what was read on the paper that came out.
func (l *protectedLand) paper(ctx context.Context) (by safeguard, text string, err error) {
	stopped := func(at safeguard, err error) (safeguard, string, error) {
		if _, refused := plain.AsProblems(err); refused {
			return at, "", nil
		}
		return at, "", err
	}
	base := l.version(ctx)
	l.at = atApplication
	defer func() { l.at = nowhere }()
	id, err := l.town.ApplyForDocument(ctx, counter.DocumentApplication{Person: l.her.Person, Base: base, Kind: making.IndividualRecord, Applicant: l.her.Person,
		Evidence: identity.Evidence{identity.MyNumberCard}})
	if err != nil {
		return stopped(atApplication, err)
	}
	l.at = atArrival
	if err := l.wait(ctx, 20*time.Second); err != nil {
		return 0, "", err
	}
	l.at = nowhere
	trace, found, err := l.town.TraceDocument(ctx, id)
	if err != nil || !found {
		return 0, "", errors.Join(err, errors.New("an application that was taken is not known"))
	}
	if trace.State != "held" {
		return l.stopper(trace)
	}
	l.at = atPrinting
	file, err := l.town.PrintDocument(ctx, id)
	if err != nil {
		return stopped(atPrinting, err)
	}
	d, err := readback.Read(file)
	if err != nil {
		return 0, "", err
	}
	var bindings []string
	for _, page := range d.Pages {
		for _, t := range page.Texts {
			text += t.Text
			if number, is := strings.CutPrefix(t.Text, "綴り番号"); is {
				bindings = append(bindings, strings.TrimSpace(number))
			}
		}
	}
	l.at = atHandOver
	if err := l.town.HandOverDocument(ctx, id, len(bindings), bindings); err != nil {
		if ps, refused := plain.AsProblems(err); refused && strings.HasPrefix(ps[0].Field, "page-") {
			return atSheets, "", nil
		}
		return stopped(atHandOver, err)
	}
	return nowhere, text, nil
}

// stopper is who stopped a document before the counter had it, or when it came.
func (l *protectedLand) stopper(t counter.DocumentTrace) (safeguard, string, error) {
	has := func(r making.Reason) bool { return slices.Contains(t.Reasons, string(r)) }
	switch {
	case t.State == "stopped":
		return atArrival, "", nil
	case has(making.Protected) && !l.off[inAnswer]:
		return inAnswer, "", nil
	case has(making.Protected):
		return inCopy, "", nil
	case has(making.Stale):
		return inVersions, "", nil
	}
	return 0, "", fmt.Errorf("a protected person's paper is %s for %v", t.State, t.Reasons)
}

// shows tells whether her new address stands on a paper.
func (l *protectedLand) shows(text string) bool {
	plainly := func(s string) string { return strings.ReplaceAll(norm.NFKC.String(s), " ", "") }
	return text != "" && strings.Contains(plainly(text), plainly(l.now.Reveal()))
}

// papers are the trials: which safeguards are left out, and which one must stop the paper then. Those before the counter's gate need two lands: in one the copy knows that
// she is protected, in the other it was never told.
var papers = []struct {
	told bool
	off  []safeguard
	next safeguard
}{
	{true, nil, atApplication},
	{true, []safeguard{atApplication}, inAnswer},
	{true, []safeguard{atApplication, inAnswer}, inCopy},
	{false, []safeguard{atApplication, inCopy}, inAnswer},
	{false, []safeguard{atApplication, inCopy, inAnswer}, inVersions},
	{false, []safeguard{atApplication, inCopy, inAnswer, inVersions}, atArrival},
	{false, []safeguard{atApplication, inCopy, inAnswer, inVersions, atArrival}, atPrinting},
	{false, []safeguard{atApplication, inCopy, inAnswer, inVersions, atArrival, atPrinting}, atHandOver},
	{false, []safeguard{atApplication, inCopy, inAnswer, inVersions, atArrival, atPrinting, atHandOver}, atSheets},
	{false, []safeguard{atApplication, inCopy, inAnswer, inVersions, atArrival, atPrinting, atHandOver, atSheets}, nowhere},
}

// chain tries the papers in a land whose copy was told, or was not, and says of each which safeguard stopped it.
func (l *protectedLand) chain(ctx context.Context, told bool) error {
	ctx = atDesk(ctx, serves)
	for _, trial := range papers {
		if trial.told != told {
			continue
		}
		l.off = removed{inCopy: !told}
		without := plain.Sentence{JA: "何も外さない", EN: "nothing left out"}
		for i, s := range trial.off {
			if l.off[s] = true; i == 0 {
				without = plain.Sentence{JA: "外したもの：" + safeguardNames[s].JA, EN: "left out: " + safeguardNames[s].EN}
				continue
			}
			without.JA, without.EN = without.JA+"、"+safeguardNames[s].JA, without.EN+"; "+safeguardNames[s].EN
		}
		by, text, err := l.paper(ctx)
		if err != nil {
			return err
		}
		l.off = removed{inCopy: !told}
		l.counts["papers_tried"]++
		if by != nowhere {
			l.counts["papers_stopped"]++
		} else if !l.shows(text) {
			return errors.New("nothing stopped the paper, and her address is not on it")
		}
		if by != trial.next {
			l.counts["papers_stopped_elsewhere"]++
		}
		l.chained = append(l.chained, fmt.Sprintf("%s → 止めたもの：%s / %s → stopped by: %s", without.JA, safeguardNames[by].JA, without.EN, safeguardNames[by].EN))
	}
	return nil
}

// untold leaves out that the copy is told.
func untold(told bool) []safeguard {
	if told {
		return nil
	}
	return []safeguard{inCopy}
}

// chainOn adds the trials of a land whose copy was not told.
func (p *Part) chainOn(untold *Part) {
	for _, name := range []string{"papers_tried", "papers_stopped", "papers_stopped_elsewhere"} {
		p.Counts[name] += untold.Counts[name]
	}
	p.Outcome.Holds = p.Outcome.Holds && untold.Outcome.Holds
	p.Outcome.Findings = append(p.Outcome.Findings, untold.Outcome.Findings[1:]...)
}
