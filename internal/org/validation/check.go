package validation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/inspection/checkpage"
	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/plain"
)

// The ways of the inspection (点検). What is fetched is judged by package inspect, which shares no code with what serves it.
const (
	checkPublished = "published"       // nobody goes round: the publication notes what it sees
	checkAddresses = "addresses"       // whether anything can be fetched, and the CAs' certificates
	checkCame      = "lists-came"      // lists that came and are not published
	checkServed    = "served-lists"    // every full list
	checkDeltas    = "served-deltas"   // every delta list
	checkChanged   = "answers-changed" // the answer about what changed last
	checkAnswers   = "answers"         // the answers about all others, one after the other
)

const (
	servedRound = time.Minute
	// Every answer that is asked for from outside is signed and written down as anybody's is.
	askedChanged, askedOthers = 20, 3
	changedRound              = 10 * time.Second
	// changedFor is for how long a change is one that is looked for first.
	changedFor  = 10 * time.Minute
	askedPause  = 30 * time.Second
	servedPause = 10 * time.Second
	servedLists = 5
)

// checks are what the inspection of the validation authority stands on.
type checks struct {
	*inspection.Inspection
	o       *Validation
	outside outside

	mu    sync.Mutex
	asked map[string]time.Time // what changed and was told right since: when it had changed
}

func (o *Validation) newChecks() (*checks, error) {
	c := &checks{o: o, asked: map[string]time.Time{}}
	var err error
	base, transport, how := o.cfg.Public, o.cfg.Outside, plain.Sentence{}
	if base == "" && o.cfg.Inspect {
		base, transport = insideBase+string(o.Self), &inside{handler: o.Handler, left: leave.Place{AtOnce: 1}}
		how = say("（外の番地がないため、この団体の中で尋ねる）", " (asked for within this organisation: there is no public address)")
	}
	if c.outside, err = newOutside(base, transport, o.cfg.Rand); err != nil {
		return nil, err
	}
	ways := []inspection.Way{{Name: checkPublished, Title: say("公表する失効リスト", "lists as they are published"), Item: say("認証局と市区町村", "CA and municipality"),
		Alarm: alarm.ListWrong, Href: checkpage.Path, Stays: func(rule string) bool { return rule != string(publish.Stale) }}}
	ways = append(ways, inspection.Way{Name: checkCame, Title: say("届いて、まだ公表していない失効リスト", "lists that came and are not published"), Item: say("認証局、市区町村とリスト", "CA, municipality and list"),
		Read: c.came, Look: c.cameOne, Page: 50, Pause: servedPause, Round: servedPause, Alarm: alarm.ListWrong, Href: checkpage.Path})
	if base != "" {
		title := func(ja, en string) plain.Sentence { return say(ja+how.JA, en+how.EN) }
		away := map[string]alarm.Code{string(inspect.Unreachable): alarm.ServedAway}
		ways = append(ways,
			inspection.Way{Name: checkAddresses, Title: title("公表している番地", "public addresses"), Item: say("番地", "Address"),
				Read: c.addresses, Look: c.address, Page: 10, Pause: servedPause, Round: servedPause, Alarm: alarm.ServedWrong, Other: away, Href: checkpage.Path},
			inspection.Way{Name: checkServed, Title: title("外に見える失効リスト", "lists as they are served"), Item: say("認証局と市区町村", "CA and municipality"),
				Read: c.lists, Look: c.list, Page: servedLists, Pause: servedPause, Round: servedRound, Alarm: alarm.ServedWrong, Other: away, Href: checkpage.Path},
			inspection.Way{Name: checkDeltas, Title: title("外に見える差分の失効リスト", "delta lists as they are served"), Item: say("認証局と市区町村", "CA and municipality"),
				Read: c.deltas, Look: c.delta, Page: servedLists, Pause: servedPause, Round: servedRound, Alarm: alarm.ServedWrong, Other: away, Href: checkpage.Path},
			inspection.Way{Name: checkChanged, Title: title("状態が変わったばかりの電子証明書への回答", "answers about what has just changed"), Item: say("認証局と発行番号", "CA and serial"),
				Read: c.changed, Look: c.answer, Page: askedChanged, Round: changedRound, Alarm: alarm.ServedWrong, Other: away, Href: checkpage.Path},
			inspection.Way{Name: checkAnswers, Title: title("電子証明書への回答", "answers"), Item: say("認証局と発行番号", "CA and serial"),
				Read: c.answers, Look: c.answer, Page: askedOthers, Pause: askedPause, Round: servedRound, Alarm: alarm.ServedWrong, Other: away, Href: checkpage.Path})
	}
	c.Inspection = inspection.New(inspection.Config{Self: string(o.Self), Store: o.Store, Clock: o.Clock, Log: o.Log}, ways...)
	return c, nil
}

// rootBy finds a CA by the beginning of its id, which is how items name it.
func (o *Validation) rootBy(short string) *root {
	for _, r := range o.roots {
		if len(short) == shortID && strings.HasPrefix(r.id, short) {
			return r
		}
	}
	return nil
}

// shortID is how much of a CA's id names it to people.
const shortID = 8

func answerKey(s store.KnownStatus) string {
	return s.Issuer[:min(shortID, len(s.Issuer))] + "/" + strings.ToUpper(hex.EncodeToString(s.Serial))
}

// printOf is a hash of all that a row says.
func printOf(row any) func() []byte {
	return func() []byte {
		sum := sha256.Sum256(fmt.Appendf(nil, "%v", row))
		return sum[:]
	}
}

func faults(found []inspect.Fault) (all []inspection.Fault) {
	for _, f := range found {
		// That a revoked certificate is told good after its revocation was written down, no second question explains.
		all = append(all, inspection.Fault{Rule: string(f.Rule), Sure: f.Rule == inspect.Good, Sentence: f.Sentence})
	}
	return all
}
