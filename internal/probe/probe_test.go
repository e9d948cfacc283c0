package probe

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

func expect(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestEachMinute: what works is measured once in each minute, and nothing rings. The minute in which the program started is not
// measured.
func TestEachMinute(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		w := open(t, url)
		w.until(10 * time.Minute)
		for _, s := range Services {
			expect(t, string(s), w.rows(s), slices.Repeat([]string{"ok"}, 9)...)
			one := w.month(s, MonthOf(start))
			if share, ok := one.Availability(); !ok || share.String() != "100.000" || one.Minutes != 10 || one.OK != 9 || one.Outages != 0 {
				t.Errorf("%s: %+v", s, one.Figures)
			}
			if share, ok := one.Coverage(); !ok || share.String() != "90.000" {
				t.Errorf("%s: measured %s", s, share)
			}
		}
		expect(t, "alarms", w.ringing())
		if n := w.served[OCSP]; n < 17 || n > 18 { // two in each minute, as soon as a list names a revoked one
			t.Errorf("%d questions", n)
		}
	})
}

// TestJudged: each thing that can be wrong outside is found in the minutes in which it is, under its name, and in no other.
func TestJudged(t *testing.T) {
	foreign := newOffice(t)
	body := func(r *http.Request) []byte { return must[[]byte](t)(io.ReadAll(r.Body)) }
	for _, x := range []struct {
		name    string
		service Service
		want    string
		wrong   func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error)
		ca      func(w *world) func(Question, func() Answer) (Answer, error)
	}{
		{"the connection breaks", OCSP, "failed unreachable", func(*world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(*http.Request, func() *http.Response) (*http.Response, error) { return nil, errBroken }
		}, nil},
		{"answered, and the answer is lost", OCSP, "failed unreachable", func(*world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(_ *http.Request, right func() *http.Response) (*http.Response, error) {
				right()
				return nil, errBroken
			}
		}, nil},
		{"slow", OCSP, "failed timeout", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(_ *http.Request, right func() *http.Response) (*http.Response, error) {
				w.true.Set(w.true.Now().Add(6 * time.Second)) // for each of two questions
				return right(), nil
			}
		}, nil},
		{"an error of the server", OCSP, "failed status", func(*world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(*http.Request, func() *http.Response) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusBadGateway, Body: http.NoBody, Header: http.Header{}}, nil
			}
		}, nil},
		{"no answer of the protocol", OCSP, "failed unreachable", func(*world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(*http.Request, func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", ocspwire.TryLater.Encode()), nil
			}
		}, nil},
		{"garbage", OCSP, "failed unreadable", func(*world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(*http.Request, func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", []byte("<html>")), nil
			}
		}, nil},
		{"the wrong nonce", OCSP, "failed nonce", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", w.o.respond(body(r), w.true.Now(), func(r *ocspwire.Response) { r.Nonce[0] ^= 1 })), nil
			}
		}, nil},
		{"no nonce", OCSP, "failed nonce", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", w.o.respond(body(r), w.true.Now(), func(r *ocspwire.Response) { r.Nonce = nil })), nil
			}
		}, nil},
		{"an old answer", OCSP, "failed late", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", w.o.respond(body(r), w.true.Now().Add(-time.Hour), nil)), nil
			}
		}, nil},
		{"an answer of the future", OCSP, "failed ahead", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", w.o.respond(body(r), w.true.Now().Add(time.Hour), nil)), nil
			}
		}, nil},
		{"the wrong key", OCSP, "failed signature", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", foreign.respond(body(r), w.true.Now(), nil)), nil
			}
		}, nil},
		{"a revoked one told good", OCSP, "failed good", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
				return answer("application/ocsp-response", w.o.respond(body(r), w.true.Now(), func(r *ocspwire.Response) { r.Singles[0].Status = cert.Valid })), nil
			}
		}, nil},
		{"only what is revoked is answered", OCSP, "failed unreachable", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(r *http.Request, right func() *http.Response) (*http.Response, error) {
				if q := must[*ocspwire.Request](t)(ocspwire.ParseRequest(body(r))); q.CertIDs[0].Serial == serial(t, revokedSerial) {
					return answer("application/ocsp-response", w.o.respond(must[[]byte](t)(q.Encode()), w.true.Now(), nil)), nil
				}
				return answer("application/ocsp-response", ocspwire.TryLater.Encode()), nil
			}
		}, nil},

		{"the list cannot be fetched", CRL, "failed unreachable", func(*world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(*http.Request, func() *http.Response) (*http.Response, error) { return nil, errBroken }
		}, nil},
		{"the list is gone", CRL, "failed status", func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
			return func(*http.Request, func() *http.Response) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Header: http.Header{}}, nil
			}
		}, nil},
		{"the list of another key", CRL, "failed signature", lists(func(w *world) []byte { return foreign.list(6, w.true.Now(), revokedSerial) }), nil},
		{"a list whose number goes back", CRL, "failed went-back", lists(func(w *world) []byte { return w.o.list(4, w.true.Now(), revokedSerial) }), nil},
		{"a list that was made before", CRL, "failed went-back", lists(func(w *world) []byte { return w.o.list(6, start.Add(-time.Hour), revokedSerial) }), nil},
		{"another list of one number", CRL, "failed other-list", lists(func(w *world) []byte { return w.o.list(5, start, revokedSerial, "4712") }), nil},
		{"an old list", CRL, "failed late", lists(func(w *world) []byte { return w.o.list(6, w.true.Now().AddDate(0, 0, -3)) }), nil},
		{"a list cut off", CRL, "failed unreadable", lists(func(w *world) []byte { return w.o.list(6, w.true.Now())[:200] }), nil},

		{"the CA does not answer", Issuance, "failed unreachable", nil, func(*world) func(Question, func() Answer) (Answer, error) {
			return func(Question, func() Answer) (Answer, error) { return Answer{}, errBroken }
		}},
		{"signed, and the answer is lost", Issuance, "failed unreachable", nil, func(*world) func(Question, func() Answer) (Answer, error) {
			return func(_ Question, right func() Answer) (Answer, error) { right(); return Answer{}, errBroken }
		}},
		{"never signed", Issuance, "failed timeout", nil, func(*world) func(Question, func() Answer) (Answer, error) {
			return func(Question, func() Answer) (Answer, error) { return Answer{State: "waiting"}, nil }
		}},
		{"no device", Issuance, "failed device", nil, func(*world) func(Question, func() Answer) (Answer, error) {
			return func(Question, func() Answer) (Answer, error) { return Answer{State: "waiting", Why: Device}, nil }
		}},
		{"not linted", Issuance, "failed lint", nil, func(*world) func(Question, func() Answer) (Answer, error) {
			return func(Question, func() Answer) (Answer, error) { return Answer{State: "refused", Why: Lint}, nil }
		}},
		{"a reason that nobody knows", Issuance, "failed refused", nil, func(*world) func(Question, func() Answer) (Answer, error) {
			return func(Question, func() Answer) (Answer, error) { return Answer{State: "refused", Why: "<b>"}, nil }
		}},
		{"another nonce signed", Issuance, "failed signature", nil, func(w *world) func(Question, func() Answer) (Answer, error) {
			return func(Question, func() Answer) (Answer, error) {
				at := w.true.Now()
				return Answer{State: "signed", At: at, Signature: must[[]byte](t)(pki.SignTBS(rand.Reader, w.o.key, Statement(w.o.certificate.SubjectKeyId, "prefecture-20", make([]byte, NonceSize), at)))}, nil
			}
		}},
		{"signed for another", Issuance, "failed signature", nil, func(w *world) func(Question, func() Answer) (Answer, error) {
			return func(q Question, _ func() Answer) (Answer, error) {
				at := w.true.Now()
				return Answer{State: "signed", At: at, Signature: must[[]byte](t)(pki.SignTBS(rand.Reader, w.o.key, Statement(w.o.certificate.SubjectKeyId, "prefecture-13", q.Nonce, at)))}, nil
			}
		}},
		{"signed with another key", Issuance, "failed signature", nil, func(w *world) func(Question, func() Answer) (Answer, error) {
			return func(q Question, _ func() Answer) (Answer, error) {
				at := w.true.Now()
				return Answer{State: "signed", At: at, Signature: must[[]byte](t)(pki.SignTBS(rand.Reader, foreign.key, Statement(w.o.certificate.SubjectKeyId, "prefecture-20", q.Nonce, at)))}, nil
			}
		}},
		{"the CA's clock is behind", Issuance, "failed late", nil, func(w *world) func(Question, func() Answer) (Answer, error) {
			return func(q Question, _ func() Answer) (Answer, error) {
				at := w.true.Now().Add(-time.Hour)
				return Answer{State: "signed", At: at, Signature: must[[]byte](t)(pki.SignTBS(rand.Reader, w.o.key, Statement(w.o.certificate.SubjectKeyId, "prefecture-20", q.Nonce, at)))}, nil
			}
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := open(t, "memory:")
			w.until(3 * time.Minute)
			if x.wrong != nil {
				if wrong := x.wrong(w); wrong != nil {
					w.wrong[x.service] = wrong
				}
			} else {
				w.ca = x.ca(w)
			}
			w.until(8 * time.Minute)
			clear(w.wrong)
			w.ca = nil
			w.until(10 * time.Minute)
			for _, s := range Services {
				want := slices.Repeat([]string{"ok"}, 9)
				if s == x.service {
					want = slices.Concat(want[:2], slices.Repeat([]string{x.want}, 5), want[:2])
				}
				expect(t, string(s), w.rows(s), want...)
			}
			one := w.month(x.service, MonthOf(start))
			if len(one.Outage) != 1 || one.Failed != 5 || string(one.Outage[0].Reason) != strings.Fields(x.want)[1] {
				t.Errorf("%+v", one)
			}
		})
	}
}

// lists serves another list.
func lists(of func(*world) []byte) func(*world) func(*http.Request, func() *http.Response) (*http.Response, error) {
	return func(w *world) func(*http.Request, func() *http.Response) (*http.Response, error) {
		return func(*http.Request, func() *http.Response) (*http.Response, error) {
			return answer("application/pkix-crl", of(w)), nil
		}
	}
}

// TestNoneYet: a municipality in which nobody has applied has no list, and that is no outage. One that had a list has one.
func TestNoneYet(t *testing.T) {
	w := open(t, "memory:")
	first := w.listed
	w.listed = func() []byte { return nil }
	w.until(4 * time.Minute)
	expect(t, "without a list", w.rows(CRL), slices.Repeat([]string{"unmeasured none-yet"}, 3)...)
	expect(t, "OCSP", w.rows(OCSP), "ok", "ok", "ok")
	w.listed = first
	w.until(6 * time.Minute)
	expect(t, "with one", w.rows(CRL)[3:], "ok", "ok")
	if one := w.month(CRL, MonthOf(start)); one.Measured() != 2 || one.Failed != 0 {
		t.Errorf("%+v", one.Figures)
	}
}

// TestOneMunicipality: of ten whose lists are fetched in turn one is broken. From its turn on it is asked each minute, so that the alarm
// rings, and when it is mended the turns go on.
func TestOneMunicipality(t *testing.T) {
	towns := []Partition{matsumoto}
	for i := range 9 {
		towns = append(towns, Partition{Municipality: string(rune('a' + i)), Prefecture: "Nagano-ken", District: "Town-" + string(rune('a'+i))})
	}
	w := open(t, "memory:", func(c *Config) { c.Partitions = towns })
	fetched := map[string]int{}
	broken := ""
	lists := map[string][]byte{}
	for _, p := range towns {
		lists[p.Municipality] = w.o.listOf(p, 1, start.Add(-time.Minute))
	}
	w.wrong[CRL] = func(r *http.Request, _ func() *http.Response) (*http.Response, error) {
		town := strings.TrimSuffix(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], ".crl")
		fetched[town]++
		if town == broken {
			return nil, errBroken
		}
		return answer("application/pkix-crl", lists[town]), nil
	}
	w.until(31 * time.Minute)
	if len(fetched) != 10 {
		t.Errorf("fetched %v", fetched)
	}
	expect(t, "before", w.rows(CRL), slices.Repeat([]string{"ok"}, 30)...)
	broken = "d"
	w.until(61 * time.Minute)
	got := w.rows(CRL)[30:]
	first := slices.Index(got, "failed unreachable")
	if first < 0 || first > 10 || slices.Contains(got[first:], "ok") {
		t.Errorf("%q", got)
	}
	expect(t, "alarms", w.ringing(), "probe-failed crl/signature")
	broken = ""
	clear(fetched)
	w.until(91 * time.Minute)
	if len(fetched) != 10 || len(w.ringing()) > 0 {
		t.Errorf("fetched %v, %v", fetched, w.ringing())
	}
}

// TestNotModified: a list that is not sent again because it is the same is over all the same when its time is.
func TestNotModified(t *testing.T) {
	w := open(t, "memory:")
	w.until(5 * time.Minute)
	expect(t, "while it lasts", w.rows(CRL), "ok", "ok", "ok", "ok")
	w.true.Set(start.AddDate(0, 0, 2)) // when the next one should have come
	w.until(48*time.Hour + 3*time.Minute)
	got := w.rows(CRL)
	expect(t, "when it is over", got[len(got)-2:], "failed late", "failed late")
}

// TestNobodyToAsk: without an address and a CA nothing is probed, once and for all, and nothing rings.
func TestNobodyToAsk(t *testing.T) {
	w := open(t, "memory:", func(c *Config) { c.OCSP, c.Lists, c.Ask = "", "", nil })
	if len(w.p.Targets())+len(w.p.Tasks()) != 0 {
		t.Errorf("probes %v", w.p.Targets())
	}
	w.until(time.Hour)
	expect(t, "alarms", w.ringing())
	w.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		_, known, err := First(ctx, tx)
		if r, bad := ReportOf(ctx, tx, MonthOf(start), w.true.Now()); bad != nil || len(r.Targets) > 0 || known {
			t.Errorf("%+v, %v", r, bad)
		}
		return err
	})
	w = open(t, "memory:", func(c *Config) { c.OCSP, c.Lists = "", "" })
	w.until(5 * time.Minute)
	expect(t, "issuance alone", w.rows(Issuance), "ok", "ok", "ok", "ok")
	if got := w.p.Targets(); len(got) != 1 || len(w.rows(OCSP))+len(w.rows(CRL)) != 0 {
		t.Errorf("probes %v", got)
	}
}
