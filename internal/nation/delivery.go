package nation

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// After the fact (事後の調査), by the command line: the counter that handed a document over and the server that made it each say what they know by their
// own database, and here the two are held side by side. Who asks is named and may what the rules of access say; people are named to a clerk alone.

// DeliveryQuestion asks an organisation about one request.
type DeliveryQuestion struct {
	Request string
	As      string // the person's identifier
	Case    string // number of the case for which the people on it are looked at; "": they are not
}

// DeliveryAnswer is what an organisation knows of a request; nil: nothing.
type DeliveryAnswer struct {
	Counter *municipality.DocumentTrace   `json:",omitempty"`
	Persons []municipality.DocumentPerson `json:",omitempty"`
	Server  *issuing.DocumentTrace        `json:",omitempty"`
}

// FileQuestion asks a server of which request a file is.
type FileQuestion struct{ File, As string }

// InquiryBegun is an inquiry that somebody begins.
type InquiryBegun struct{ From, To, Cause, As string }

// AffectedQuestion asks a counter for the documents of an inquiry.
type AffectedQuestion struct {
	municipality.AffectedQuery
	As string
}

// KnownQuestion asks a counter of which requests it has no record.
type KnownQuestion struct {
	Requests []string
	As       string
}

// DayQuestion asks a counter how a day stands, or to close it.
type DayQuestion struct {
	Day   resident.Date
	Close bool
	As    string
}

// DayAnswer is the last close of a day; nil: it was not closed.
type DayAnswer struct{ Day *municipality.DocumentDay }

// DecidedQuestion asks a server for the requests of a time.
type DecidedQuestion struct {
	From, Until time.Time
	As          string
}

// DecidedAnswer is its answer.
type DecidedAnswer struct {
	Requests []issuing.Decided
	Whole    bool // false: there are more
}

// maxQuestion bounds in octets what is asked: the numbers of some thousand requests.
const maxQuestion = 1 << 20

// questioned reads what is asked, finds who asks, and answers.
func questioned[Q, A any](persons []access.Person, as func(Q) string, act access.Act, role message.Role, say func(context.Context, Q) (A, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q Q
		var a A
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuestion)).Decode(&q)
		if err == nil {
			var by access.Person
			if by, err = personOf(persons, as(q), act, role); err == nil {
				a, err = say(access.With(access.ByCommand(r.Context()), by), q)
			}
		}
		answer(w, a, err)
	}
}

// counterDeliveries adds to what a municipality answers.
func counterDeliveries(mux *http.ServeMux, o *municipality.Municipality, persons []access.Person) {
	role := message.Municipality
	mux.HandleFunc("POST /delivery/trace", questioned(persons, func(q DeliveryQuestion) string { return q.As }, access.TraceDocument, role,
		func(ctx context.Context, q DeliveryQuestion) (a DeliveryAnswer, err error) {
			t, found, err := o.TraceDocument(ctx, q.Request)
			if err != nil || !found {
				return a, err
			}
			a.Counter = &t
			if q.Case != "" {
				a.Persons, err = o.DocumentPersons(look.With(ctx, look.Ground{Purpose: look.Fault, Case: q.Case}), q.Request)
			}
			return a, err
		}))
	mux.HandleFunc("POST /delivery/inquire", questioned(persons, func(q InquiryBegun) string { return q.As }, access.InquireDocuments, role,
		func(ctx context.Context, q InquiryBegun) (string, error) {
			i, err := municipality.ParseInquiry(q.From, q.To, q.Cause)
			if err == nil {
				i, err = o.InquireDocuments(ctx, i)
			}
			return i.ID, err
		}))
	mux.HandleFunc("POST /delivery/affected", questioned(persons, func(q AffectedQuestion) string { return q.As }, access.TraceDocument, role,
		func(ctx context.Context, q AffectedQuestion) (municipality.Affected, error) {
			return o.Affected(ctx, q.AffectedQuery)
		}))
	mux.HandleFunc("POST /delivery/day", questioned(persons, func(q DayQuestion) string { return q.As }, access.TraceDocument, role,
		func(ctx context.Context, q DayQuestion) (DayAnswer, error) { return dayOf(ctx, o, q) }))
	mux.HandleFunc("POST /delivery/unknown", questioned(persons, func(q KnownQuestion) string { return q.As }, access.TraceDocument, role,
		func(ctx context.Context, q KnownQuestion) ([]string, error) {
			return o.UnknownDocuments(ctx, q.Requests)
		}))
}

// dayOf says how a day stands, after it has been closed if that is asked for.
func dayOf(ctx context.Context, o *municipality.Municipality, q DayQuestion) (a DayAnswer, err error) {
	if q.Close {
		if err := o.CloseDay(ctx, q.Day); err != nil {
			return a, err
		}
	}
	d, found, err := o.DayOf(ctx, q.Day)
	if found {
		a.Day = &d
	}
	return a, err
}

// serverDeliveries adds to what an issuing server answers.
func serverDeliveries(mux *http.ServeMux, o *issuing.Issuing, persons []access.Person) {
	role := message.Issuing
	mux.HandleFunc("POST /delivery/trace", questioned(persons, func(q DeliveryQuestion) string { return q.As }, access.TraceDocument, role,
		func(ctx context.Context, q DeliveryQuestion) (a DeliveryAnswer, err error) {
			t, found, err := o.TraceDocument(ctx, q.Request)
			if found {
				a.Server = &t
			}
			return a, err
		}))
	mux.HandleFunc("POST /delivery/file", questioned(persons, func(q FileQuestion) string { return q.As }, access.TraceDocument, role,
		func(ctx context.Context, q FileQuestion) (string, error) { return o.FileOf(ctx, q.File) }))
	mux.HandleFunc("POST /delivery/decided", questioned(persons, func(q DecidedQuestion) string { return q.As }, access.TraceDocument, role,
		func(ctx context.Context, q DecidedQuestion) (a DecidedAnswer, err error) {
			a.Requests, a.Whole, err = o.Decided(ctx, q.From, q.Until)
			return a, err
		}))
}

// Delivery is what both sides know of a request, held side by side.
type Delivery struct {
	Request  string                        `json:"request"`
	Counter  *municipality.DocumentTrace   `json:"counter"` // null: it knows nothing, or did not answer
	Server   *issuing.DocumentTrace        `json:"server"`  // the same
	Persons  []municipality.DocumentPerson `json:"persons,omitempty"`
	Proven   bool                          `json:"proven"` // both have the same file under this request
	Findings []DeliveryFinding             `json:"findings"`
	Silent   []SilentOne                   `json:"silent,omitempty"`
}

// DeliveryFinding is where the two sides do not say the same, or one of them does not agree with itself.
type DeliveryFinding struct {
	Code string         `json:"code"`
	Says plain.Sentence `json:"says"`
}

// JoinDelivery holds the two sides of a request against each other. Whoever did not answer is in Silent, and is not said to know nothing. fileOf is the request
// under which the server has the file of the counter, when that is not its file of this request; "": it has no such file.
func JoinDelivery(d Delivery, fileOf string) Delivery {
	d.Findings = []DeliveryFinding{}
	found := func(code, ja, en string) {
		d.Findings = append(d.Findings, DeliveryFinding{code, plain.Sentence{JA: ja, EN: en}})
	}
	silent := func(r message.Role) bool {
		return slices.ContainsFunc(d.Silent, func(s SilentOne) bool { return s.Organisation.Role() == r })
	}
	c, s := d.Counter, d.Server
	if c == nil && !silent(message.Municipality) {
		found("counter-knows-nothing", "窓口には、この番号の申請の記録がありません。", "The counter has no record of this request.")
	}
	if s == nil && !silent(message.Issuing) {
		found("server-knows-nothing", "証明発行サーバには、この番号の申請の記録がありません。", "The issuing server has no record of this request.")
	}
	if c != nil && c.Altered {
		found("counter-file-altered", "窓口に残っているファイルが、届いたときのものと違います。", "The file that the counter keeps is not the one that came.")
	}
	if c != nil && c.Came != "" && c.Came != c.Content {
		ja, en := "どの申請のものかは、窓口の記録では分かりません", "the counter does not know of which it is"
		if c.Of != "" {
			ja, en = "申請"+c.Of+"のものです", "it is that of "+c.Of
		}
		found("content-of-another", "窓口に届いたファイルは、この申請のために作られたものではありません（"+ja+"）。別の人の証明書のおそれがあります。", "What came to the counter is not what was made for this request ("+en+"): it may be another person's document.")
	}
	if s != nil && s.Altered {
		found("server-file-altered", "証明発行サーバに残っているファイルが、署名したときのものと違います。", "The file that the server keeps is not the one that it signed.")
	}
	if c == nil || s == nil {
		return d
	}
	for _, two := range []struct{ code, counter, server, ja, en string }{
		{"kind", c.Kind, s.Kind, "証明書の種類", "the kind of document"},
		{"number", c.Number, s.Number, "文書番号", "the number of the document"},
		{"content", c.Content, s.Content, "内容のダイジェスト", "the digest of the content"},
		{"file", c.File, s.File, "ファイルのダイジェスト", "the digest of the file"},
	} {
		if two.counter != two.server && two.counter != "" { // what the server refused after all has a number there, and never came
			found(two.code+"-differs", "双方で"+two.ja+"が違います。", "The two sides differ in "+two.en+".")
		}
	}
	switch {
	case c.File != "" && c.File == s.File:
		d.Proven = true
	case c.File != "" && fileOf != "" && fileOf != d.Request:
		found("file-of-another", "窓口にあるファイルは、別の申請（"+fileOf+"）のものです。別の人の証明書のおそれがあります。", "The file at the counter is that of another request ("+fileOf+"): it may be another person's document.")
	case c.File != "" && fileOf == "":
		found("file-of-nobody", "窓口にあるファイルは、証明発行サーバが署名したものではありません。", "The server has signed no such file as the counter has.")
	case c.File == "" && s.File != "":
		found("never-taken", "証明発行サーバは署名して送りましたが、窓口は受け取っていません。", "The server signed it and sent it, and the counter has not taken it.")
	}
	if len(c.Versions) > 0 && len(s.Versions) > 0 && !slices.Equal(c.Versions, s.Versions) {
		found("versions-differ", "載った方の記録の版が、双方で違います。", "The two sides made it of different versions of the records.")
	}
	ended := map[string]message.Ending{"delivered": message.Delivered, "stopped": message.Stopped, "voided": message.Voided,
		"recalled": message.Recalled, "recovered": message.Recovered}[c.State]
	if ended != s.Ending && !(c.File == "" && s.Ending == message.Stopped) {
		found("ending-differs", "証明書がどうなったかの記録が、双方で違います（または、まだ伝わっていません）。", "The two sides do not say the same of what became of it, or it has not been told yet.")
	}
	return d
}

// AffectedTown is what an inquiry found in one municipality, with what its server says of the same documents.
type AffectedTown struct {
	Municipality message.Org `json:"municipality"`
	municipality.Affected
	Servers    map[string]issuing.Decided `json:"servers"`     // what the server has, by request
	Differ     []string                   `json:"differ"`      // requests of which the two sides have different files
	ServerOnly []string                   `json:"server_only"` // requests of which the counter has no record
	NotThere   []string                   `json:"not_there"`   // documents of which the server has no record
	Compared   bool                       `json:"compared"`    // false: the server did not answer
}

// JoinAffected holds the documents of an inquiry against what the server has of the same time. unknown are the requests among the server's of which the counter
// has no record.
func JoinAffected(t AffectedTown, decided DecidedAnswer, unknown []string) AffectedTown {
	t.Servers, t.Differ, t.ServerOnly, t.NotThere, t.Compared = map[string]issuing.Decided{}, []string{}, slices.Sorted(slices.Values(unknown)), []string{}, true
	if t.ServerOnly == nil {
		t.ServerOnly = []string{}
	}
	all := map[string]issuing.Decided{}
	for _, d := range decided.Requests {
		all[d.Request] = d
	}
	for _, d := range t.Documents {
		is, there := all[d.Request]
		if there {
			t.Servers[d.Request] = is
		}
		switch {
		case d.Number == "":
		case !there && decided.Whole:
			t.NotThere = append(t.NotThere, d.Request)
		case there && d.File != is.File:
			t.Differ = append(t.Differ, d.Request)
		}
	}
	t.Whole = t.Whole && decided.Whole
	return t
}

// ServerWindow is the time in which a server was asked about what was applied for at the counter in a time: that is a little later there.
func ServerWindow(from, until time.Time) (time.Time, time.Time) {
	return from, until.Add(2 * time.Minute) // the counter gives up after one
}

// OtherVersions are the requests that neither were decided nor signed by the version of the program that is asked for. One of which nobody knows the version stays in.
func OtherVersions(decided []issuing.Decided, version string) (not []string) {
	other := func(program string) bool { return program != "" && !message.IsProgram(program, version) }
	for _, d := range decided {
		if version != "" && other(d.Program) && (d.File == "" || other(d.Signer)) {
			not = append(not, d.Request)
		}
	}
	return not
}
