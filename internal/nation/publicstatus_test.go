package nation

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"path/filepath"
	"slices"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

// questions is a link on which only questions travel, to the validation authority of a country.
type questions struct {
	exchange.Link
	c    *Country
	from message.Org
	n    int
}

func (q *questions) Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	q.n++
	a, err := q.c.Exchange(to).Asked(ctx, q.from, &messagepb.Question{Kind: kind, Body: body})
	if err != nil {
		return nil, err
	}
	return a.Body, nil
}

// TestWatchAsksOverTheLines: a municipality that knows the validation authority asks it over the lines, where it is answered without an
// open address.
func TestWatchAsksOverTheLines(t *testing.T) {
	dir := dataDir(t)
	r := open(t, dir)
	city := message.Org("municipality-202029")
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if got := spec.Asks(city); !slices.Equal(got, []message.Org{"validation"}) || len(spec.Asks("verifier-etax")) > 0 {
		t.Fatalf("it asks %v", got)
	}
	clerk := r.clerk(city)
	_, crt := clerk.apply(clerk.register("見本　一郎", "ミホン", "長野県松本市丸の内3番7号"), "signature")
	block, _ := pem.Decode(crt)
	if block == nil {
		t.Fatalf("no certificate: %s", crt)
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := cert.SerialFromBytes(c.SerialNumber.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	link := &questions{c: r.country, from: city}
	own := setting{id: city, dir: filepath.Join(dir, string(city)), cas: spec.CAs(city), asks: []message.Org{"validation"}, clock: clock.System()}
	said, err := own.publicStatus(link)(t.Context(), hex.EncodeToString(c.AuthorityKeyId), serial)
	if err != nil || said != cert.Valid || link.n != 1 {
		t.Errorf("%s, %v, after %d questions on the line", said, err, link.n)
	}
	own.asks = nil // and there is no portal: nobody to ask
	if said, err := own.publicStatus(link)(t.Context(), hex.EncodeToString(c.AuthorityKeyId), serial); err == nil || link.n != 1 {
		t.Errorf("without a line it is told %s, after %d questions", said, link.n)
	}
}
