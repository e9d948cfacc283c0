package issuing_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mrand "math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

const (
	self = message.Org("issuing-202053")
	iida = message.Org("municipality-202053")
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestScreens: what the staff see of the copy and of the requests, with a scripted municipality that answers of one person and not of another.
func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			start := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
			infra := must(pki.NewInfrastructureCA(rand.Reader, start))
			trust := must(pki.NewTrust(infra.Certificate()))
			clk, net := clock.NewVirtual(start), new(exchange.Memory)
			sessions := must(access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self), Key: make([]byte, 32), Clock: clk, Personas: access.Personas()}))
			o := must(issuing.New(t.Context(), issuing.Config{Press: samples(), Program: "test 1", Sessions: sessions, TestCountry: true, Config: host.Config{Self: self, Name: plain.Sentence{JA: "飯田市 証明発行サーバ", EN: "Iida issuing server"},
				StoreURL: "memory:", Clock: clk, Rand: mrand.NewChaCha8([32]byte{}), Signer: must(infra.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)), Trust: trust,
				Link: net.As(self), Peers: []message.Org{iida}, Secrets: reconciletest.Secrets(self)}}))
			t.Cleanup(func() { o.Close() })
			store := must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clk}, exchange.Schema()))
			t.Cleanup(func() { store.Close() })
			one, two := record(1, "1980-05-01"), record(2, "1982-05-01")
			same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
			var issued message.IssuingDocument
			town := must(exchange.New(t.Context(), exchange.Config{Self: iida, Store: store, Clock: clk, Rand: rand.Reader, Trust: trust,
				Signer: must(infra.NewIdentity(rand.Reader, start, string(iida), pki.ForSigning)), Link: net.As(iida), Peers: []message.Org{self},
				Routes: []exchange.Route{exchange.On(same, func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.IssuingQuestion) ([]message.Out, error) {
					a := message.IssuingAnswer{Request: n.Request, Members: len(n.Persons)}
					for _, p := range n.Persons {
						held := map[resident.RecordCode]message.IssuingRecord{one.Code: one, two.Code: two}[p.Code]
						s := message.IssuingStanding{Code: p.Code, Version: held.Version, Hash: held.StateHash(), Protected: p.Code == two.Code}
						a.Persons = append(a.Persons, s)
					}
					return []message.Out{{To: self, Body: a}}, nil
				}), exchange.On(same, func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.IssuingDocument) ([]message.Out, error) {
					if n.Verify != "" {
						issued = n
					}
					return nil, nil
				})}}))
			net.Join(self, o.Exchange)
			net.Join(iida, town)
			drive := clock.NewDriver(clk, append(append(o.Exchange.Tasks(), o.Due.Tasks()...), town.Tasks()...))
			run := func(d time.Duration) {
				t.Helper()
				if err := drive.Until(t.Context(), clk.Now().Add(d)); err != nil {
					t.Fatal(err)
				}
			}
			if err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := town.Send(ctx, tx, []message.Out{{To: self, Body: one}, {To: self, Body: two}}, "t-test")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			run(time.Minute)
			for i, code := range []resident.RecordCode{one.Code, two.Code} {
				if err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					_, err := town.Send(ctx, tx, []message.Out{{To: self, Body: message.IssuingApplication{Request: fmt.Sprintf("202053-%d", 1000+i), Document: string(making.IndividualRecord),
						Subject: code, Requester: "check-1", As: "self", By: "clerk-aoki"}}}, "t-test")
					return err
				}); err != nil {
					t.Fatal(err)
				}
				run(time.Second)
			}
			server := httptest.NewServer(o.Handler())
			t.Cleanup(server.Close)
			tab := webuitest.Browser(t)
			tab.Open(server.URL + "/" + string(self) + "/session?lang=" + lang)
			if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
				t.Fatalf("the front page answers with %d", status)
			}
			tab.Screen("home-" + lang)
			if status := tab.Open(server.URL + "/" + string(self) + "/requests"); status != http.StatusOK {
				t.Fatalf("the requests answer with %d", status)
			}
			tab.Screen("requests-" + lang)

			// What the server knows of one request. The digests are those of this picture: a signature is another one each time.
			digest := strings.Repeat("1a2b3c4d", 8)
			if err := o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE document SET file = $1, content = $2, bytes = $3`, must(hex.DecodeString(digest)), must(hex.DecodeString(strings.Repeat("5e6f7a8b", 8))), []byte{})
				return err
			}); err != nil {
				t.Fatal(err)
			}
			page := server.URL + "/" + string(self) + "/requests/202053-1000"
			if status := tab.Open(page); status != http.StatusOK || !strings.Contains(tab.Text("main"), "test 1") {
				t.Fatalf("a request answers with %d, and does not say which version decided", status)
			}
			tab.Fill("#f-file", digest)
			if status := tab.Follow(`#form .button`); status != http.StatusOK || !strings.Contains(tab.Text("main"), map[string]string{"ja": "窓口のファイルと、署名したファイルは同じです", "en": "The counter has the file that was signed"}[lang]) {
				t.Errorf("the right digest answers with %d: %s", status, tab.Text("main"))
			}
			tab.Screen("request-" + lang)
			tab.Fill("#f-file", strings.Repeat("0", 64))
			if status := tab.Follow(`#form .button`); status != http.StatusOK || !strings.Contains(tab.Text("main"), map[string]string{"ja": "このサーバが署名したファイルではありません", "en": "This server has signed no such file"}[lang]) {
				t.Errorf("another digest answers with %d: %s", status, tab.Text("main"))
			}
			tab.Fill("#f-file", "1a2b")
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity || !strings.Contains(tab.Text("#errors"), map[string]string{"ja": "ファイルのSHA-256を、16進数64文字で入力してください。", "en": "Write the SHA-256 of the file"}[lang]) {
				t.Errorf("no digest answers with %d: %s", status, tab.Text("main"))
			}
			tab.Screen("request-wrong-" + lang)
			if status := tab.Open(server.URL + "/" + string(self) + "/requests/202053-1001"); status != http.StatusOK {
				t.Errorf("a request that was refused answers with %d", status)
			}
			tab.Screen("request-refused-" + lang)
			if status := tab.Open(server.URL + "/" + string(self) + "/requests/202053-7"); status != http.StatusNotFound || !strings.Contains(tab.Text("main"), map[string]string{"ja": "この番号の申請の記録がありません", "en": "has no record of this request"}[lang]) {
				t.Errorf("a request that there was not answers with %d", status)
			}

			tab.Open(server.URL + "/" + string(self) + "/halt")
			tab.Fill("#f-reason", "別の人の証明書が出たという連絡があった。")
			tab.Follow(`#form .button`)
			tab.Fill("#f-cause", "きょうの申請を点検し、版を戻した。")
			tab.Follow(`#form .button`)
			tab.Screen("halt-" + lang)
			halts := must(o.Halts(t.Context()))
			if err := o.Resume(access.With(t.Context(), access.Person{ID: "operator-egawa", Job: access.Operator, Fresh: true}), halts[0].Proposal()); err != nil {
				t.Fatal(err)
			}
			tab.Open(server.URL + "/" + string(self) + "/halt")
			tab.Screen("halt-over-" + lang)

			// Whoever was given the paper needs no name. A phone that reads the code brings the number in the address, and what proves it behind the #.
			if status := tab.Open(server.URL + "/" + string(self) + "/verify?lang=" + lang); status != http.StatusOK {
				t.Fatalf("the page for everybody answers with %d", status)
			}
			tab.Screen("verify-" + lang)
			tab.Open(server.URL + "/" + string(self) + "/verify/" + issued.Verify[strings.LastIndex(issued.Verify, "/")+1:])
			tab.WaitFor("#found")
			tab.Screen("verify-genuine-" + lang)
			tab.Fill("#f-number", issued.Number)
			tab.Fill("#f-proof", "0000-0000-0000-0000")
			if status := tab.Follow(`#form .button`); status != http.StatusOK {
				t.Fatalf("a wrong number answers with %d", status)
			}
			tab.Screen("verify-unknown-" + lang)
			tab.Open(server.URL + "/" + string(self) + "/verify")
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity || !strings.Contains(tab.Text("#errors"), map[string]string{
				"ja": "文書番号を入力するか、PDFのファイルを選んでください。", "en": "Enter the number of the document, or choose the PDF file."}[lang]) {
				t.Errorf("nothing answers with %d: %s", status, tab.Text("#errors"))
			}
			tab.Fill("#f-number", issued.Number)
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity || !strings.Contains(tab.Text("#errors"), map[string]string{
				"ja": "各ページの下にある綴り番号を入力してください。", "en": "Enter the binding number at the foot of each page."}[lang]) {
				t.Errorf("half of it answers with %d: %s", status, tab.Text("#errors"))
			}
		})
	}
}

// samples makes samples, which need no font of the system.
func samples() issuing.Press {
	key, chain := documenttest.Signer()
	return issuing.Press{Machine: must(press.New(documenttest.Builtin(), key, chain, true)), Office: documenttest.Issuer(), Verify: "https://verify.example/202053"}
}

func record(n uint64, birth string) message.IssuingRecord {
	code := resident.RecordCodeOf(n)
	return message.IssuingRecord{Code: code, Version: 1, Register: 1, Reason: resident.MoveIn, Arose: must(resident.ParseDate("", "2020-04-01")),
		Record: resident.Record{Code: code, Household: resident.HouseholdID("H-1"), Relation: resident.Head, BecameResident: must(resident.ParseDate("", "2020-04-01")),
			Municipality: must(resident.ParseMunicipalityCode("", "202053")),
			BasicFour: resident.BasicFour{Name: must(resident.ParseName("", "田中　花子")), Birth: must(resident.ParsePartialDate("", birth)), Sex: resident.Female,
				Address: must(resident.ParseAddress("", "長野県飯田市大久保町2534番地"))}}}
}
