package nation

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestTwoSidesOfADocument: what the counter and the server say is the same, or it is said where it is not. Each line spoils one thing.
func TestTwoSidesOfADocument(t *testing.T) {
	type side struct {
		d      Delivery
		c      municipality.DocumentTrace
		s      issuing.DocumentTrace
		fileOf string
	}
	for _, c := range []struct {
		name   string
		spoil  func(*side)
		want   []string
		proven bool
	}{
		{"as it should be", func(*side) {}, nil, true},
		{"the counter knows nothing", func(x *side) { x.d.Counter = nil }, []string{"counter-knows-nothing"}, false},
		{"the server knows nothing", func(x *side) { x.d.Server = nil }, []string{"server-knows-nothing"}, false},
		{"the server does not answer", func(x *side) {
			x.d.Server, x.d.Silent = nil, []SilentOne{{Organisation: "issuing-202029"}}
		}, nil, false},
		{"the counter does not answer", func(x *side) {
			x.d.Counter, x.d.Silent = nil, []SilentOne{{Organisation: "municipality-202029"}}
		}, nil, false},
		{"nobody knows it", func(x *side) { x.d.Counter, x.d.Server = nil, nil }, []string{"counter-knows-nothing", "server-knows-nothing"}, false},
		{"the file of another request", func(x *side) { x.c.File, x.fileOf = "ff", "202029-2" }, []string{"file-differs", "file-of-another"}, false},
		{"nobody's file", func(x *side) { x.c.File, x.fileOf = "ff", "" }, []string{"file-differs", "file-of-nobody"}, false},
		{"another number", func(x *side) { x.c.Number = "n2" }, []string{"number-differs"}, true},
		{"another content", func(x *side) { x.c.Content, x.c.Came = "dd", "dd" }, []string{"content-differs"}, true},
		{"another kind", func(x *side) { x.s.Kind = "seal-registration" }, []string{"kind-differs"}, true},
		{"other versions of the people", func(x *side) { x.s.Versions = []resident.Version{3, 2} }, []string{"versions-differ"}, true},
		{"an older program kept none", func(x *side) { x.c.Versions = nil }, nil, true},
		{"another end", func(x *side) { x.s.Ending = message.Voided }, []string{"ending-differs"}, true},
		{"the end is not told yet", func(x *side) { x.s.Ending = "" }, []string{"ending-differs"}, true},
		{"nobody has taken it", func(x *side) {
			x.c.File, x.c.Number, x.c.Content, x.c.Came, x.c.State, x.s.Ending = "", "", "", "", "applied", ""
		}, []string{"never-taken"}, false},
		{"it came too late, and both know", func(x *side) {
			x.c.File, x.c.Number, x.c.Content, x.c.Came, x.c.State, x.s.Ending = "", "", "", "", "refused", message.Stopped
		}, []string{"never-taken"}, false},
		{"it was refused", func(x *side) {
			x.c.File, x.c.Number, x.c.Content, x.c.Came, x.c.State, x.s.File, x.s.Ending, x.s.State = "", "", "", "", "refused", "", message.Stopped, "refused"
		}, nil, false},
		{"what came is that of another request", func(x *side) { x.c.Came, x.c.Of = "dd", "202029-2" }, []string{"content-of-another"}, true},
		{"what came is nobody's", func(x *side) { x.c.Came = "dd" }, []string{"content-of-another"}, true},
		{"changed at the counter", func(x *side) { x.c.Altered = true }, []string{"counter-file-altered"}, true},
		{"changed at the server", func(x *side) { x.s.Altered = true }, []string{"server-file-altered"}, true},
	} {
		x := side{d: Delivery{Request: "202029-1"}, fileOf: "202029-1",
			c: municipality.DocumentTrace{Kind: "resident-record-household", Number: "n1", Content: "cc", Came: "cc", File: "ee", State: "delivered", Versions: []resident.Version{1, 2}},
			s: issuing.DocumentTrace{Kind: "resident-record-household", Number: "n1", Content: "cc", File: "ee", State: "issued", Ending: message.Delivered, Versions: []resident.Version{1, 2}}}
		x.d.Counter, x.d.Server = &x.c, &x.s
		c.spoil(&x)
		d := JoinDelivery(x.d, x.fileOf)
		var got []string
		for _, f := range d.Findings {
			got = append(got, f.Code)
			if f.Says.JA == "" || f.Says.EN == "" {
				t.Errorf("%s: %s says nothing", c.name, f.Code)
			}
		}
		if !slices.Equal(got, c.want) || d.Proven != c.proven {
			t.Errorf("%s: found %v (proven: %v), want %v", c.name, got, d.Proven, c.want)
		}
	}
}

// TestTwoSidesOfAnInquiry: the documents of a time are held against those of the server, and none is lost because nobody knows its version.
func TestTwoSidesOfAnInquiry(t *testing.T) {
	decided := []issuing.Decided{{Request: "1", Program: "v1 abc", Signer: "v1 abc", File: "aa"}, {Request: "2", Program: "v2 def", Signer: "v2 def", File: "bb"}, {Request: "3", Program: "", File: "cc"}, {Request: "4", Program: "v1 abc", Signer: "v1 abc", File: "dd"},
		{Request: "5", Program: "v2 def", Signer: "v1 abc", File: "ee"}, {Request: "6", Program: "v2 def", File: "ff"}, {Request: "7", Program: "v2 def"}}
	for version, want := range map[string][]string{"": nil, "v1": {"2", "7"}, "def": {"1", "4"}, "v2 def": {"1", "4"}, "v": {"1", "2", "4", "5", "7"}} {
		if got := OtherVersions(decided, version); !slices.Equal(got, want) {
			t.Errorf("version %q leaves out %v, want %v", version, got, want)
		}
	}
	town := AffectedTown{Affected: municipality.Affected{Whole: true, Documents: []municipality.AffectedDocument{
		{Request: "1", Number: "n1", File: "aa"}, {Request: "2", Number: "n2", File: "zz"}, {Request: "5", Number: "n5", File: "ee"}, {Request: "6"}}}}
	decided = decided[:4]
	j := JoinAffected(town, DecidedAnswer{decided, true}, []string{"4", "3"})
	if !slices.Equal(j.Differ, []string{"2"}) || !slices.Equal(j.NotThere, []string{"5"}) || !slices.Equal(j.ServerOnly, []string{"3", "4"}) || j.Servers["1"].Program != "v1 abc" || !j.Compared || !j.Whole {
		t.Errorf("%+v", j)
	}
	// Of a list that ends early nobody can say what is not on it.
	if j := JoinAffected(town, DecidedAnswer{decided, false}, nil); len(j.NotThere) != 0 || j.Whole {
		t.Errorf("of a list that is not whole: %+v", j)
	}
}

// does sends an organisation a question by the socket, and gives its status and what it says.
func (r *running) does(path string, q, into any) (int, string) {
	r.t.Helper()
	body, err := json.Marshal(q)
	if err != nil {
		r.t.Fatal(err)
	}
	resp, err := r.control.Post("http://country"+path, "application/json", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(resp.Body)
	if err == nil && into != nil && resp.StatusCode == http.StatusOK {
		err = json.Unmarshal(said, into)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(said)
}

// followed asks the command line's questions about a document that was handed over in a running country.
func (r *running) followed(code, request string) {
	t := r.t
	t.Helper()
	counter, server := "/municipality-"+code, "/issuing-"+code
	var of, at DeliveryAnswer
	q := DeliveryQuestion{Request: request, As: "auditor-onishi"}
	eventually(t, aMinute, "the server knows that it was handed over", func() (bool, string) {
		r.does(server+"/delivery/trace", q, &at)
		return at.Server != nil && at.Server.Ending == message.Delivered, "not yet"
	})
	r.does(counter+"/delivery/trace", q, &of)
	var fileOf string
	if of.Counter != nil {
		r.does(server+"/delivery/file", FileQuestion{of.Counter.File, q.As}, &fileOf)
	}
	if d := JoinDelivery(Delivery{Request: request, Counter: of.Counter, Server: at.Server}, fileOf); !d.Proven || len(d.Findings) > 0 || fileOf != request || of.Persons != nil {
		t.Errorf("of %s both say %+v, and the file is of %q", request, d, fileOf)
	}
	if at.Server.Program != Version() {
		t.Errorf("it was decided by %q, and this is %q", at.Server.Program, Version())
	}
	var none DeliveryAnswer
	if status, _ := r.does(server+"/delivery/trace", DeliveryQuestion{Request: code + "-none", As: q.As}, &none); status != http.StatusOK || none.Server != nil {
		t.Errorf("of a number that nobody gave: %d %+v", status, none)
	}
	for name, c := range map[string]struct {
		status int
		want   string
		path   string
		q      any
	}{
		"nobody":                            {http.StatusUnprocessableEntity, "担当者「nobody」はいません", counter + "/delivery/trace", DeliveryQuestion{Request: request, As: "nobody"}},
		"an administrator":                  {http.StatusForbidden, "証明書の経緯の閲覧", server + "/delivery/trace", DeliveryQuestion{Request: request, As: "administrator-kato"}},
		"an auditor who would know who":     {http.StatusForbidden, "住民の情報の閲覧", counter + "/delivery/trace", DeliveryQuestion{Request: request, As: q.As, Case: "F-1"}},
		"an auditor who begins an inquiry":  {http.StatusForbidden, "証明書の調査の開始", counter + "/delivery/inquire", InquiryBegun{"2026-01-01", "2026-01-02", "誤り", q.As}},
		"an inquiry into no time":           {http.StatusUnprocessableEntity, "調べる期間を、日付", counter + "/delivery/inquire", InquiryBegun{"", "", "誤り", "operator-ueda"}},
		"an operator who would know who":    {http.StatusForbidden, "住民の情報の閲覧", counter + "/delivery/affected", AffectedQuestion{municipality.AffectedQuery{Inquiry: "1", Names: true}, "operator-ueda"}},
		"an administrator, of the requests": {http.StatusForbidden, "証明書の経緯の閲覧", server + "/delivery/decided", DecidedQuestion{As: "administrator-kato"}},
	} {
		if status, said := r.does(c.path, c.q, nil); status != c.status || !strings.Contains(said, c.want) {
			t.Errorf("%s: %d %s", name, status, said)
		}
	}
	now := clock.System().Now()
	var inquiry string
	r.does(counter+"/delivery/inquire", InquiryBegun{now.Add(-time.Hour).Format(time.RFC3339), now.Add(time.Hour).Format(time.RFC3339), "別の人の証明書が印刷された", "operator-ueda"}, &inquiry)
	var a municipality.Affected
	r.does(counter+"/delivery/affected", AffectedQuestion{municipality.AffectedQuery{Inquiry: inquiry, Names: true}, "clerk-inoue"}, &a)
	var decided DecidedAnswer
	r.does(server+"/delivery/decided", DecidedQuestion{now.Add(-time.Hour), now.Add(time.Hour), "clerk-inoue"}, &decided)
	var unknown []string
	r.does(counter+"/delivery/unknown", KnownQuestion{[]string{request, "x-1"}, "clerk-inoue"}, &unknown)
	if len(unknown) != 1 || unknown[0] != "x-1" {
		t.Errorf("the counter does not know %v", unknown)
	}
	j := JoinAffected(AffectedTown{Affected: a}, decided, nil)
	if !slices.ContainsFunc(j.Documents, func(d municipality.AffectedDocument) bool {
		return d.Request == request && d.Place == municipality.PlaceCitizen
	}) || len(j.Differ)+len(j.NotThere) > 0 ||
		len(j.Persons) != 1 || !strings.Contains(j.Persons[0].Notice.JA, "高橋　花子 様") || !reflect.DeepEqual(j.Persons[0].Requests[len(j.Persons[0].Requests)-1], request) {
		t.Errorf("the inquiry has %+v", j)
	}
}
