package nation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm/drill"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
)

// TestDrillInACountry: the alarms of a running country reach screen, metrics and webhook, and leave nothing behind.
func TestDrillInACountry(t *testing.T) {
	t.Parallel()
	var told atomic.Int64
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if body, _ := io.ReadAll(r.Body); bytes.Contains(body, []byte(`"drill":true`)) {
			told.Add(1)
		}
	}))
	defer sink.Close()
	r := openWith(t, Options{Dir: dataDir(t), Webhook: sink.URL, Trial: func(c host.Config) host.Config {
		c.Compare = 3 * time.Second // the story is the same, told faster
		return c
	}})
	body, err := json.Marshal(DrillRequest{Peer: "nationalcenter", As: "operator-ueda"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.control.Post("http://country/prefecture-20/exchange/drill", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(a.Body)
	a.Body.Close()
	var d drill.Drill
	if err := json.Unmarshal(text, &d); err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s: %v", a.StatusCode, text, err)
	}
	took := eventually(t, 3*time.Minute, "the drill has ended", func() (bool, string) {
		err := r.ask("/prefecture-20/exchange/drill?id="+url.QueryEscape(d.ID), &d)
		return err == nil && d.State != drill.Running, fmt.Sprintf("%v %+v", err, d)
	})
	if missing := d.Missing(); d.State != drill.Held || len(missing) > 0 || !d.Webhook || told.Load() == 0 {
		t.Errorf("after %v: %+v; missing %v; the webhook was told %d times", took, d, missing, told.Load())
	}
	eventually(t, aMinute, "no alarm and no message is left of the drill", func() (bool, string) {
		for _, o := range []string{"prefecture-20", "nationalcenter"} {
			var stuck []exchange.Item
			if err := r.ask("/"+o+"/exchange/stuck", &stuck); err != nil || len(stuck) > 0 {
				return false, fmt.Sprint(o, err, stuck)
			}
			var open []json.RawMessage
			if err := r.ask("/"+o+"/alarms", &open); err != nil {
				return false, err.Error()
			}
			for _, one := range open {
				if strings.Contains(strings.ToLower(string(one)), `"drill":true`) {
					return false, o + ": " + string(one)
				}
			}
		}
		return true, ""
	})
}
