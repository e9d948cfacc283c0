package message_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

func parsed[T any](t *testing.T, s string, parse func(field, s string) (T, error)) T {
	t.Helper()
	v, err := parse("test", s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func attachQuestion(t *testing.T) message.AttachQuestion {
	t.Helper()
	return message.AttachQuestion{Request: "t-1", Code: resident.RecordCodeOf(42), Name: parsed(t, "坂出　太郎", resident.ParseName),
		Birth: parsed(t, "1950-04-01", resident.ParsePartialDate), Sex: resident.Male, Number: parsed(t, "983205673214", resident.ParseIndividualNumber),
		Municipality: parsed(t, "202011", resident.ParseMunicipalityCode), From: parsed(t, "372030", resident.ParseMunicipalityCode), Reason: resident.MoveIn}
}

func TestAttachQuestion(t *testing.T) {
	q := attachQuestion(t)
	body, err := q.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := message.ReadAttachQuestion(body)
	if err != nil || !reflect.DeepEqual(read, q) {
		t.Fatalf("read as %v, %v", read, err)
	}
	// Whatever is asked about is in the hash, and the request is not.
	for name, change := range map[string]func(*message.AttachQuestion){
		"code": func(q *message.AttachQuestion) { q.Code = resident.RecordCodeOf(43) },
		"name": func(q *message.AttachQuestion) { q.Name = parsed(t, "坂手　太郎", resident.ParseName) },
		"birth": func(q *message.AttachQuestion) {
			q.Birth = parsed(t, "1950-04-02", resident.ParsePartialDate)
		},
		"sex":    func(q *message.AttachQuestion) { q.Sex = resident.Female },
		"number": func(q *message.AttachQuestion) { q.Number = resident.IndividualNumber{} },
		"municipality": func(q *message.AttachQuestion) {
			q.Municipality = parsed(t, "202029", resident.ParseMunicipalityCode)
		},
		"from":   func(q *message.AttachQuestion) { q.From = resident.MunicipalityCode{} },
		"reason": func(q *message.AttachQuestion) { q.Reason = resident.EntryExOfficio },
	} {
		other := q
		if change(&other); other.Person() == q.Person() {
			t.Errorf("another %s has the same hash", name)
		}
	}
	again := q
	if again.Request = "t-2"; again.Person() != q.Person() {
		t.Error("the request is in the hash")
	}
	if s := fmt.Sprintf("%v %+v", q, q); strings.Contains(s, "坂出") || strings.Contains(s, q.Code.Reveal()) || strings.Contains(s, "9832") {
		t.Errorf("a question prints %s", s)
	}
}

func TestHostileAttachQuestions(t *testing.T) {
	good := func() *messagepb.AttachQuestion {
		q := attachQuestion(t)
		return &messagepb.AttachQuestion{Request: q.Request, Code: q.Code.Reveal(), Name: q.Name.Reveal(), Birth: q.Birth.String(), Sex: "1",
			Municipality: q.Municipality.String(), Reason: q.Reason.Code()}
	}
	for field, change := range map[string]func(*messagepb.AttachQuestion){
		"":             func(*messagepb.AttachQuestion) {},
		"request":      func(w *messagepb.AttachQuestion) { w.Request = "two words" },
		"code":         func(w *messagepb.AttachQuestion) { w.Code = "00000000421" },
		"name":         func(w *messagepb.AttachQuestion) { w.Name = "" },
		"birth":        func(w *messagepb.AttachQuestion) { w.Birth = "1950-02-30" },
		"sex":          func(w *messagepb.AttachQuestion) { w.Sex = "4" },
		"number":       func(w *messagepb.AttachQuestion) { w.Number = "983205673215" },
		"municipality": func(w *messagepb.AttachQuestion) { w.Municipality = "" },
		"from":         func(w *messagepb.AttachQuestion) { w.From = "999999" },
		"reason":       func(w *messagepb.AttachQuestion) { w.Reason = "death" },
	} {
		w := good()
		change(w)
		body, err := proto.Marshal(w)
		if err != nil {
			t.Fatal(err)
		}
		_, err = message.ReadAttachQuestion(body)
		problems, _ := plain.AsProblems(err)
		if field == "" && err != nil || field != "" && (len(problems) != 1 || problems[0].Field != field) {
			t.Errorf("a bad %q: %v", field, err)
		}
	}
	if _, err := message.ReadAttachQuestion([]byte{0xff}); err == nil {
		t.Error("bytes that mean nothing are read")
	}
}

// TestAttachAnswerText: what is signed is a text that anybody can make again, and nothing else is read.
func TestAttachAnswerText(t *testing.T) {
	at := time.Date(2026, 4, 1, 3, 0, 0, 1000, time.UTC)
	a := message.AttachAnswer{Center: "nationalcenter", To: "municipality-202011", Request: "t-1", Person: message.Hash{0xab},
		Why: []message.AttachWhy{message.AttachName, message.AttachPresent}, Version: 7, SignedAt: at, Until: at.Add(30 * time.Minute)}
	const text = "akashi attach answer v1\ncenter nationalcenter\nto municipality-202011\nrequest t-1\n" +
		"person ab00000000000000000000000000000000000000000000000000000000000000\nverdict refused\nwhy name,present\nversion 7\n" +
		"signed 2026-04-01T03:00:00.000001Z\nuntil 2026-04-01T03:30:00.000001Z\n"
	if got := string(a.Text()); got != text {
		t.Errorf("the text is\n%s", got)
	}
	if read, err := message.ParseAttachAnswer([]byte(text)); err != nil || !reflect.DeepEqual(read, a) || read.Agrees() {
		t.Errorf("read as %+v, %v", read, err)
	}
	a.Why = nil
	if read, err := message.ParseAttachAnswer(a.Text()); err != nil || !read.Agrees() || !strings.Contains(string(a.Text()), "verdict agreed\nwhy -\n") {
		t.Errorf("one that agrees is read as %+v, %v", read, err)
	}
	for _, bad := range []struct{ was, is string }{
		{"verdict refused", "verdict agreed"}, {"why name,present", "why -"}, {"why name,present", "why name,whatever"}, {"version 7", "version 07"},
		{"version 7", "version 9223372036854775808"}, {"request t-1", "request "}, {"request t-1", "request t 1"}, {"v1\n", "v2\n"}, {"Z\nuntil", "\nuntil"},
		{"person ab", "person AB"}, {"person ab00", "person ab"}, {"center nationalcenter", "center nobody"}, {"\nverdict", "\nextra 1\nverdict"}, {"Z\nuntil", "Z \nuntil"},
	} {
		if _, err := message.ParseAttachAnswer([]byte(strings.Replace(text, bad.was, bad.is, 1))); err == nil {
			t.Errorf("%q instead of %q is read", bad.is, bad.was)
		}
	}
	if _, err := message.ParseAttachAnswer([]byte(text + "more 1\n")); err == nil {
		t.Error("a line too many is read")
	}
}

func TestAttachAnswerSignature(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)
	a := message.AttachAnswer{Center: "nationalcenter", To: "municipality-202011", Request: "t-1", SignedAt: at, Until: at.Add(time.Minute)}
	s, err := message.SealAttachAnswer(rand.Reader, key, []byte("a certificate"), a.Text())
	if err != nil {
		t.Fatal(err)
	}
	body, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	read, err := message.ReadAttachAnswer(body)
	if err != nil || read.Verify(key.Public()) != nil || string(read.Certificate) != "a certificate" || read.Answer.Request != "t-1" {
		t.Fatalf("%+v, %v", read, err)
	}
	a.Why = []message.AttachWhy{message.AttachPresent}
	read.Raw = a.Text()
	if err := read.Verify(key.Public()); !errors.Is(err, message.ErrAttachSignature) {
		t.Errorf("another text under the signature: %v", err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(other.Public()); !errors.Is(err, message.ErrAttachSignature) {
		t.Errorf("under another key: %v", err)
	}
	if _, err := message.SealAttachAnswer(rand.Reader, key, nil, []byte("anything")); err == nil {
		t.Error("something else was signed")
	}
	if _, err := message.SealAttachAnswer(rand.Reader, nil, nil, a.Text()); err == nil {
		t.Error("signed without a key")
	}
	for _, bad := range [][]byte{{0xff}, nil} {
		if _, err := message.ReadAttachAnswer(bad); err == nil {
			t.Errorf("%x is read", bad)
		}
	}
	for _, w := range []message.AttachWhy{message.AttachUnknown, message.AttachRetired, message.AttachName, message.AttachBirth, message.AttachSex,
		message.AttachNumber, message.AttachPresent, message.AttachEnded, message.AttachElsewhere, message.AttachPromised} {
		if n := w.Name(); n.JA == string(w) || n.EN == string(w) {
			t.Errorf("%s has no words", w)
		}
	}
}

func TestNumberMessages(t *testing.T) {
	number := parsed(t, "983205673214", resident.ParseIndividualNumber)
	for _, p := range []message.Payload{message.NumberRequest{Request: "202011-7", Code: resident.RecordCodeOf(42)},
		message.NumberAssignment{Request: "202011-7", Code: resident.RecordCodeOf(42), Number: number}} {
		read, err := decoded(p)
		if err != nil || !reflect.DeepEqual(read, p) || !reflect.DeepEqual(read.Keys(), []string{resident.RecordCodeOf(42).Reveal()}) {
			t.Errorf("%s is read as %v, %v", p.Kind(), read, err)
		}
		if s := fmt.Sprintf("%v %+v", p, p); strings.Contains(s, "9832") || strings.Contains(s, resident.RecordCodeOf(42).Reveal()) {
			t.Errorf("%s prints %s", p.Kind(), s)
		}
	}
	for i, bad := range []message.Payload{message.NumberRequest{Code: resident.RecordCodeOf(42)}, message.NumberRequest{Request: "a b", Code: resident.RecordCodeOf(42)},
		message.NumberRequest{Request: "r"}, message.NumberAssignment{Request: "r", Code: resident.RecordCodeOf(42)},
		message.NumberAssignment{Request: "r", Number: number}, message.NumberAssignment{Code: resident.RecordCodeOf(42), Number: number}} {
		if _, err := decoded(bad); err == nil {
			t.Errorf("bad one %d is read", i)
		}
	}
}
