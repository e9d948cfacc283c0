package message

import (
	"cmp"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// Bounds of a report. All municipalities and wards of Japan in both profiles are fewer than maxReportPlaces.
const (
	maxReportPlaces     = 4000
	maxReportCounts     = 64 // reasons of one municipality and profile
	maxReportStatements = 64
	MaxReportAlarms     = 200 // the sender keeps what is open, and the newest of the others
)

// CAReport tells a prefecture how the CA stands to which it delegated certification (委任した認証局の報告): what was issued,
// revoked and refused for its residents, what waits, and whether others agree with the CA. It names no person.
type CAReport struct {
	Prefecture   resident.PrefectureCode // the receiver's
	Since, Until time.Time               // the figures are those of Until; their period is [Since, Until)
	At           time.Time               // when the rest was read: not before Until
	Asked        bool                    // the prefecture asked for it; else it is the close of a day

	Places      []ReportPlace      // by code, the signature profile first
	Prefectures []ReportPrefecture // all that the CA has issued in, by code
	Unreadable  int64              // rows that are counted nowhere, because they say no municipality or no profile

	Applications ReportWait // of the prefecture's residents, unanswered
	Lists        ReportWait // of the prefecture's municipalities, unsigned
	Revocations  ReportWait // of all, of which validation has not confirmed that it knows

	Parked, Aside int64 // messages that wait for people, and work that was set aside
	Alarms        []ReportAlarm
	Statements    []ReportStatement // the last with each peer, in each direction
}

// ReportPlace is a municipality's figures of one profile. In the sources' tables Issued is the 枚数.
type ReportPlace struct {
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Issued       int64 // before Until
	Fresh        int64 // of these in the period
	Valid        int64 // at Until
	Revoked      []ReportCount
	Refused      []ReportCount
}

// ReportCount is how often something happened: What is a reason of a revocation, or the code of a refusal.
type ReportCount struct {
	What        string
	Ever, Fresh int64
}

// ReportPrefecture is what was issued in a prefecture.
type ReportPrefecture struct {
	Prefecture    resident.PrefectureCode
	Issued, Valid int64
}

// ReportWait is what waits, and since when the oldest of it does.
type ReportWait struct {
	Count  int64
	Oldest time.Time // zero: nothing waits
}

// ReportAlarm is an alarm of the CA, without its detail.
type ReportAlarm struct {
	Code           string
	Peer           Org // about whom; may be empty
	Opened, Closed time.Time
}

// ReportStatement is the last statement of account of one of the CA's streams.
type ReportStatement struct {
	Peer  Org
	Sent  bool // of what the CA sent; else of what it received
	Until time.Time
	State string
}

// Day is the day in Japan that the report is about.
func (n CAReport) Day() resident.Date { return resident.DateOf(n.Until.Add(-time.Microsecond)) }

// Kind is ca.report.
func (CAReport) Kind() Kind { return KindCAReport }

// Keys is the prefecture and the day: what is said of a day later takes the place of what was said before.
func (n CAReport) Keys() []string {
	return []string{"report/" + n.Prefecture.String() + "/" + n.Day().String()}
}

func (n CAReport) wire() proto.Message {
	w := &messagepb.CAReport{Prefecture: n.Prefecture.String(), Since: toMicros(n.Since), Until: toMicros(n.Until), At: toMicros(n.At), Asked: n.Asked,
		Unreadable: n.Unreadable, Applications: n.Applications.wire(), Lists: n.Lists.wire(), Revocations: n.Revocations.wire(), Parked: n.Parked, Aside: n.Aside}
	for _, p := range n.Places {
		w.Places = append(w.Places, &messagepb.ReportPlace{Municipality: p.Municipality.String(), Profile: p.Profile.String(), Issued: p.Issued, Fresh: p.Fresh,
			Valid: p.Valid, Revoked: countsToWire(p.Revoked), Refused: countsToWire(p.Refused)})
	}
	for _, p := range n.Prefectures {
		w.Prefectures = append(w.Prefectures, &messagepb.ReportPrefecture{Prefecture: p.Prefecture.String(), Issued: p.Issued, Valid: p.Valid})
	}
	for _, a := range n.Alarms {
		w.Alarms = append(w.Alarms, &messagepb.ReportAlarm{Code: a.Code, Peer: string(a.Peer), Opened: toMicros(a.Opened), Closed: toMicros(a.Closed)})
	}
	for _, s := range n.Statements {
		w.Statements = append(w.Statements, &messagepb.ReportStatement{Peer: string(s.Peer), Sent: s.Sent, Until: toMicros(s.Until), State: s.State})
	}
	return w
}

func (r ReportWait) wire() *messagepb.ReportWait {
	return &messagepb.ReportWait{Count: r.Count, Oldest: toMicros(r.Oldest)}
}

func countsToWire(counts []ReportCount) (ws []*messagepb.ReportCount) {
	for _, c := range counts {
		ws = append(ws, &messagepb.ReportCount{What: c.What, Ever: c.Ever, Fresh: c.Fresh})
	}
	return ws
}

func caReportFromWire(w *messagepb.CAReport) (CAReport, error) {
	var c check
	r := reportReader{&c}
	n := CAReport{Prefecture: field(&c, "prefecture", w.Prefecture, resident.ParsePrefectureCode), Since: r.time("since", w.Since), Until: r.time("until", w.Until),
		At: r.time("at", w.At), Asked: w.Asked, Unreadable: r.n("unreadable", w.Unreadable), Applications: r.wait("applications", w.Applications),
		Lists: r.wait("lists", w.Lists), Revocations: r.wait("revocations", w.Revocations), Parked: r.n("parked", w.Parked), Aside: r.n("aside", w.Aside)}
	required(&c, "until", !n.Since.IsZero() && n.Since.Before(n.Until) && !n.At.Before(n.Until))
	required(&c, "places", len(w.Places) <= maxReportPlaces)
	required(&c, "prefectures", len(w.Prefectures) <= 47)
	required(&c, "alarms", len(w.Alarms) <= MaxReportAlarms)
	required(&c, "statements", len(w.Statements) <= maxReportStatements)
	if err := c.err(); err != nil {
		return n, err
	}
	for _, p := range w.Places {
		n.Places = append(n.Places, r.place(n.Prefecture, p))
	}
	for _, p := range w.Prefectures {
		n.Prefectures = append(n.Prefectures, ReportPrefecture{field(&c, "prefectures", p.Prefecture, resident.ParsePrefectureCode), r.n("issued", p.Issued), r.n("valid", p.Valid)})
		required(&c, "valid", p.Valid <= p.Issued)
	}
	for _, a := range w.Alarms {
		required(&c, "code", a.Code != "" && inLine(a.Code, maxWhat))
		n.Alarms = append(n.Alarms, ReportAlarm{a.Code, optional(&c, "peer", a.Peer, orgOf), r.time("opened", a.Opened), r.time("closed", a.Closed)})
	}
	for _, s := range w.Statements {
		required(&c, "state", s.State != "" && inLine(s.State, maxWhat))
		n.Statements = append(n.Statements, ReportStatement{field(&c, "peer", s.Peer, orgOf), s.Sent, r.time("until", s.Until), s.State})
	}
	// In this order alone, so that nothing stands twice and two reports can be laid side by side.
	required(&c, "places", slices.IsSortedFunc(n.Places, func(a, b ReportPlace) int { return orTwice(ComparePlaces(a, b)) }))
	required(&c, "prefectures", slices.IsSortedFunc(n.Prefectures, func(a, b ReportPrefecture) int { return orTwice(cmp.Compare(a.Prefecture, b.Prefecture)) }))
	return n, c.err()
}

// ComparePlaces is the order of places: by code, the signature profile first.
func ComparePlaces(a, b ReportPlace) int {
	return cmp.Or(cmp.Compare(a.Municipality.String(), b.Municipality.String()), cmp.Compare(b.Profile.String(), a.Profile.String()))
}

// orTwice makes two equals stand out of order, whichever comes first.
func orTwice(order int) int { return cmp.Or(order, -1) }

// maxWhat is how many bytes a reason, a code or a state may have.
const maxWhat = 64

func orgOf(_, s string) (Org, error) { return ParseOrg(s) }

type reportReader struct{ c *check }

func (r reportReader) time(name string, us int64) time.Time {
	required(r.c, name, us >= 0 && us>>53 == 0)
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func (r reportReader) n(name string, n int64) int64 {
	required(r.c, name, n >= 0 && n>>50 == 0)
	return n
}

func (r reportReader) wait(name string, w *messagepb.ReportWait) ReportWait {
	v := ReportWait{r.n(name, w.GetCount()), r.time(name, w.GetOldest())}
	required(r.c, name, (v.Count == 0) == v.Oldest.IsZero())
	return v
}

func (r reportReader) place(prefecture resident.PrefectureCode, w *messagepb.ReportPlace) ReportPlace {
	p := ReportPlace{Municipality: field(r.c, "municipality", w.Municipality, resident.ParseMunicipalityCode), Profile: profile(r.c, w.Profile),
		Issued: r.n("issued", w.Issued), Fresh: r.n("fresh", w.Fresh), Valid: r.n("valid", w.Valid),
		Revoked: r.counts("revoked", w.Revoked), Refused: r.counts("refused", w.Refused)}
	// Another prefecture's municipalities are none of the receiver's business.
	required(r.c, "municipality", p.Municipality.Prefecture() == prefecture)
	ended := p.Valid
	for _, x := range p.Revoked {
		reason(r.c, x.What)
		ended += x.Ever
	}
	required(r.c, "issued", p.Fresh <= p.Issued && ended <= p.Issued)
	return p
}

func (r reportReader) counts(name string, ws []*messagepb.ReportCount) (counts []ReportCount) {
	required(r.c, name, len(ws) <= maxReportCounts)
	for _, w := range ws {
		required(r.c, name, w.What != "" && inLine(w.What, maxWhat) && w.Fresh <= w.Ever)
		counts = append(counts, ReportCount{w.What, r.n(name, w.Ever), r.n(name, w.Fresh)})
	}
	required(r.c, name, slices.IsSortedFunc(counts, func(a, b ReportCount) int { return orTwice(cmp.Compare(a.What, b.What)) }))
	return counts
}

// CAReportRequest asks the CA for a report now.
type CAReportRequest struct {
	Prefecture resident.PrefectureCode // the sender's
	By         string                  // a person of the prefecture
}

// Kind is ca.report.request.
func (CAReportRequest) Kind() Kind { return KindCAReportRequest }

// Keys is the prefecture.
func (n CAReportRequest) Keys() []string { return []string{"report/" + n.Prefecture.String()} }

func (n CAReportRequest) wire() proto.Message {
	return &messagepb.CAReportRequest{Prefecture: n.Prefecture.String(), By: n.By}
}

func caReportRequestFromWire(w *messagepb.CAReportRequest) (CAReportRequest, error) {
	var c check
	n := CAReportRequest{field(&c, "prefecture", w.Prefecture, resident.ParsePrefectureCode), w.By}
	required(&c, "by", n.By != "" && inLine(n.By, maxPerson))
	return n, c.err()
}
