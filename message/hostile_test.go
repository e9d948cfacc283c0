package message_test

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// TestSnapshotInSnapshot: a snapshot carries a state and never another snapshot, however deep. Each one inside of another
// would be a copy of all that is in it: one message of a megabyte took all the memory there is.
func TestSnapshotInSnapshot(t *testing.T) {
	var body []byte
	for range 3000 {
		var err error
		if body, err = proto.Marshal(&messagepb.Snapshot{Book: "residents", Key: "k", Kind: string(message.KindSnapshot), Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := message.Decode(message.KindSnapshot, body)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; err == nil || took > 4<<20 {
		t.Errorf("%d bytes took %d of memory; %v", len(body), took, err)
	}
}

// TestHostileWords: what a peer's people wrote is kept as it is, so it must be something that every store takes, and who
// wrote it something that fits in a line.
func TestHostileWords(t *testing.T) {
	long := strings.Repeat("a", 300)
	note := func(text, by, second string) message.Payload {
		return message.ExchangeNote{Epoch: 1, Seq: 1, Of: "receiver", Act: "accepted", Text: text, By: by, Second: second}
	}
	withdrawal := func(text, by, second string) message.Payload {
		return message.ExchangeWithdrawal{Of: message.KindCodeRequest, Text: text, By: by, Second: second}
	}
	reconcileCase := func(id, key, act, text, by, second string) message.Payload {
		return message.ReconcileCase{Case: id, Book: message.Residents, Key: key, Act: act, Text: text, By: by, Second: second}
	}
	for i, good := range []message.Payload{
		note("一行目\r\n二行目\t。", "operator-ueda", "operator-egawa"), withdrawal("", "drill", "drill (second)"),
		reconcileCase("ca/1", "k", "closed", "", "system", ""), reconcileCase("ca/1", "k", "closed", "a\nb", "a", "b"),
		reconcileCase("ca/1", "k", "inquiry", "a", "a", ""), reconcileCase("ca/1", "k", "proposed", "a", "a", ""), reconcileCase("ca/1", "k", "resent", "", "system", ""),
	} {
		if _, err := decoded(good); err != nil {
			t.Errorf("good one %d: %v", i, err)
		}
	}
	for i, bad := range []message.Payload{
		note("a\x00b", "a", "b"), note("a\x1b[2Jb", "a", "b"), note("a", "a\nb", "b"), note("a", long, "b"), note("a", "a", "b\x00"), note("a", "a", long),
		withdrawal("a\x00b", "a", "b"), withdrawal("a", "a\x9b", "b"), withdrawal("a", long, "b"), withdrawal("a", "a", "b\r"), note("a", "operator-\u202eadeu", "b"), note("a", "a\u2028", "b"),
		reconcileCase("ca/\x00", "k", "opened", "", "system", ""), reconcileCase("ca/1", "k\x1b", "opened", "", "system", ""), reconcileCase("ca/1", "k", "answer", "\x00", "a", ""),
		reconcileCase("ca/1", "k", "answer", "a", long, ""), reconcileCase("ca/1", "k", "answer", "a", "a\nb", ""), reconcileCase("ca/1", "k", "closed", "a", "a", "b\nc"),
		// Nobody ends a difference alone.
		reconcileCase("ca/1", "k", "closed", "a", "operator-ueda", ""), reconcileCase("ca/1", "k", "asked", "a", "operator-ueda", ""),
		reconcileCase("ca/1", "k", "resent", "a", "operator-ueda", ""), reconcileCase("ca/1", "k", "closed", "a", "operator-ueda", "operator-ueda"),
		reconcileCase("ca/1", "k", "closed", "a", "operator-ueda", "system"),
		message.SnapshotRequest{Book: message.Residents, Key: "k\x00"}, message.Snapshot{Book: message.Residents, Key: "k\n"},
		message.Snapshot{Book: message.Residents, Key: "k", Case: "ca/\x00"},
	} {
		if _, err := decoded(bad); err == nil {
			t.Errorf("bad one %d passes: %+v", i, bad)
		}
	}
}

// TestHostileNamesInAccounts: the names in a peer's account stand on our pages and in the file that people keep.
func TestHostileNamesInAccounts(t *testing.T) {
	until := time.Date(2026, 4, 1, 15, 0, 0, 0, time.UTC)
	for title, good := range map[string]bool{"電子証明書": true, "certificates (2026)": true, "\u202etnemucod": false, "a\x1b[2J": false, "a\u009b2J": false, "a\nb": false,
		"a\u2029b": false, strings.Repeat("a", 200): false} {
		a := &message.Account{Sender: "ca", Node: "1", Receiver: "nationalcenter", Side: message.BySender, Span: message.Day, Since: until.AddDate(0, 0, -1),
			Until: until, MadeAt: until, Counts: []message.CountAccount{{Name: "certificates", Title: plain.Sentence{JA: title, EN: title}}}}
		raw, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := message.OpenAccount(raw); (err == nil) != good {
			t.Errorf("%q: %v", title, err)
		}
	}
}

func decoded(p message.Payload) (message.Payload, error) {
	body, err := message.Encode(p)
	if err != nil {
		return nil, fmt.Errorf("it cannot even be sent: %w", err)
	}
	return message.Decode(p.Kind(), body)
}

// TestNumbersThatOverflow: an account whose numbers add up to nothing because there are so many is not one that agrees.
func TestNumbersThatOverflow(t *testing.T) {
	until := time.Date(2026, 4, 1, 15, 0, 0, 0, time.UTC)
	account := func(last uint64) *message.Account {
		a := &message.Account{Sender: "ca", Node: "1", Receiver: "nationalcenter", Side: message.BySender, Span: message.Day, Since: until.AddDate(0, 0, -1),
			Until: until, MadeAt: until, To: message.Place{Epoch: 4, Seq: last}}
		for epoch := range uint64(4) {
			a.Numbered = append(a.Numbered, message.Stretch{Epoch: epoch + 1, First: 1, Last: last})
		}
		raw, err := a.Encode()
		if err != nil {
			t.Fatal(err)
		}
		read, err := message.OpenAccount(raw)
		if err != nil {
			return nil
		}
		return read
	}
	for _, last := range []uint64{1 << 52, 1<<62 - 1, 1 << 62} {
		if a := account(last); a != nil {
			if l := message.Lines(a, a)[0]; l.State == message.Agreed {
				t.Errorf("up to %d: %s", last, l.Says)
			}
		} else if last == 1<<52 {
			t.Error("a number that can be is refused")
		}
	}
	if account(1<<62-1) != nil {
		t.Error("numbers that no other program reads exactly are taken")
	}
}

// TestNobodyIsNamedInLogs: what carries a resident's code or record may be logged, and printed by mistake.
func TestNobodyIsNamedInLogs(t *testing.T) {
	const code, record = "12345678901", "山田太郎"
	for _, v := range []any{
		message.Snapshot{Book: message.Residents, Key: code, Body: []byte(record)}, &message.Snapshot{Book: message.Residents, Key: code, Body: []byte(record)},
		message.SnapshotRequest{Book: message.Residents, Key: code}, message.ReconcileCase{Case: "ca/1", Book: message.Residents, Key: code, Text: record},
		message.Entry{Book: message.Residents, Key: code}, []message.Entry{{Book: message.Residents, Key: code}},
		&message.Envelope{Keys: []string{code}, Body: []byte(record), Raw: []byte(record)}, []*message.Envelope{{Keys: []string{code}, Raw: []byte(record)}},
		message.Out{Body: message.Snapshot{Book: message.Residents, Key: code}},
	} {
		var b strings.Builder
		for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
			if fmt.Sprintf("%T", v)[0] != '[' { // a list is not asked for its elements' LogValue by JSON
				slog.New(h).Info("x", "v", v)
			}
		}
		fmt.Fprintf(&b, "%v %+v %#v %s", v, v, v, v)
		for _, who := range []string{code, record, fmt.Sprint([]byte(record))[1:20], fmt.Sprintf("%x", record)} {
			if strings.Contains(b.String(), who) {
				t.Errorf("%T prints %s", v, who)
			}
		}
	}
}
