package issuing_test

import (
	"context"
	"crypto/rand"
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
			o := must(issuing.New(t.Context(), issuing.Config{Press: samples(), Sessions: sessions, TestCountry: true, Config: host.Config{Self: self, Name: plain.Sentence{JA: "飯田市 証明発行サーバ", EN: "Iida issuing server"},
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

			tab.Open(server.URL + "/" + string(self) + "/halt")
			tab.Fill("#f-reason", "別の人の証明書が出たという連絡があった。")
			tab.Follow(`#form .button`)
			tab.Fill("#f-cause", "きょうの申請を点検し、版を戻した。")
			tab.Follow(`#form .button`)
			tab.Screen("halt-" + lang)
			if err := o.Resume(access.With(t.Context(), access.Person{ID: "operator-egawa", Job: access.Operator, Fresh: true})); err != nil {
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
