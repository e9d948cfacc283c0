package incident

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// offices are the verifiers of source 000: those that had filed with 長野県 under 法17条.
var offices = []message.VerifierRegistration{
	{Verifier: "verifier-nta", Office: "国税庁", Procedures: "所得税・消費税確定申告等", Address: "http://www.e-tax.nta.go.jp/index.html"},
	{Verifier: "verifier-soumu", Office: "総務省", Procedures: "恩給関係、無線従事者資格関係", Address: "http://www1.shinsei.soumu.go.jp/"},
	{Verifier: "verifier-mhlw", Office: "厚生労働省", Procedures: "年金受給者住所、支払機関変更等", Address: "http://hanyous.mhlw.go.jp/shinsei/crn/html/CRNMenuFrame.html"},
	{Verifier: "verifier-kkr", Office: "国家公務員共済組合連合会", Procedures: "年金受給権者等の各種申請等", Address: "http://www.kkr.or.jp/densisinsei/VTDAG008.htm"},
	{Verifier: "verifier-mlit", Office: "国土交通省", Procedures: "情報公開、測量士、気象予報士登録等", Address: "http://www.goa.mlit.go.jp/"},
	{Verifier: "verifier-moj", Office: "法務省", Procedures: "情報公開、司法書士、土地家屋調査士登録等", Address: "http://shinsei.moj.go.jp/"},
}

// asksAfter are the days after a move on which the holder's certificate is used with an office, which asks about it.
var asksAfter = []int{1, 2}

// relying are those who rely on certificates: the offices, which ask the program's own validation authority, of those holders
// who move. The authority keeps what it told, and when a revocation comes late, finds by itself whom it told wrongly. In both
// variants: in 2004 nobody could have counted.
type relying struct {
	*validation.Validation
	field  *field // the CA, a prefecture and the offices, as the authority sees them
	issuer *x509.Certificate
	tasks  []clock.Task

	movers     map[string]bool // by request
	unknown    map[cert.Serial]message.CertStatus
	toCA, toUs []message.Payload // on their way
	notices    []message.ImpactNotice
	asks       map[resident.Date][]issuance
	wrong      map[cert.Serial]int // answers "good" about certificates whose holders had moved: counted apart from the authority
}

func (v *variant) newRelying(ctx context.Context, caKeys keys.Dir) (r *relying, closeAll func(), err error) {
	r = &relying{movers: map[string]bool{}, unknown: map[cert.Serial]message.CertStatus{}, asks: map[resident.Date][]issuance{}, wrong: map[cert.Serial]int{}}
	for _, m := range v.plan.moves {
		r.movers[request(m.holder)] = true
		for _, days := range asksAfter {
			day := resident.DateOf(m.at).AddDays(days)
			r.asks[day] = append(r.asks[day], v.plan.issuances[m.holder])
		}
	}
	if r.field, err = newField(v.clk); err != nil {
		return nil, nil, err
	}
	r.field.stands = func(message.Org) bool { return true }
	r.field.taken = r.taken
	dir, err := os.MkdirTemp("", "akashi-replay-validation-")
	if err != nil {
		return nil, nil, err
	}
	for _, p := range cert.Profiles {
		name := "ca-" + p.String()
		ders, err := caKeys.Certificates(name)
		if err == nil {
			err = keys.Dir(dir).PutCertificates(name, ders...)
		}
		if err == nil && p == cert.Signature {
			r.issuer, err = x509.ParseCertificate(ders[0])
		}
		if err != nil {
			return nil, nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	if err := r.open(ctx, v.clk, keys.Dir(dir)); err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return r, func() { r.Close(); os.RemoveAll(dir) }, nil
}

const naganoPrefecture = message.Org("prefecture-20")

func (r *relying) open(ctx context.Context, clk *clock.Virtual, own keys.Dir) error {
	signer, err := r.field.signer(theValidation)
	if err != nil {
		return err
	}
	peers := []message.Org{theCA, naganoPrefecture}
	for _, o := range offices {
		peers = append(peers, o.Verifier)
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	// Here the CA compares nothing with the authority, and says nothing on days on which nobody of those moves or applies: the bound
	// of its last word is out of the way.
	r.Validation, err = validation.New(ctx, validation.Config{Keys: own, CAs: []message.Org{theCA}, Bound: 400 * 24 * time.Hour, Config: host.Config{Self: theValidation, Name: theValidation.Role().Name(),
		StoreURL: "memory:", Clock: clk, Rand: rand.Reader, Signer: signer, Trust: r.field.trust, Link: r.field.link(theValidation), Peers: peers,
		Limits: exchange.Limits{ProbePause: time.Hour, Retention: 10 * 365 * 24 * time.Hour}, Secrets: func(message.Org) []byte { return secret },
		Closes: func(message.Org) bool { return false }}})
	if err != nil {
		return err
	}
	r.tasks = append(r.Exchange.Tasks(), r.Due.Tasks()...)
	for _, t := range r.Serving() {
		if t.Name == "answers" {
			r.tasks = append(r.tasks, t)
		}
	}
	var filed []message.Payload
	for _, o := range offices {
		o.Number, o.Served = 1, true
		filed = append(filed, o)
	}
	return r.field.send(ctx, naganoPrefecture, r.Exchange, filed...)
}

// heard takes what the CA tells a counter or the validation authority. Only of those who move is asked, and only of these the
// authority is told.
func (r *relying) heard(p message.Payload, requestOf map[cert.Serial]string) {
	switch n := p.(type) {
	case message.CertIssued:
		if s, came := r.unknown[n.Serial]; came && r.movers[n.Request] {
			r.toUs = append(r.toUs, s)
		}
		delete(r.unknown, n.Serial)
	case message.CertStatus:
		request, known := requestOf[n.Serial]
		switch {
		case !known:
			r.unknown[n.Serial] = n
		case r.movers[request]:
			r.toUs = append(r.toUs, n)
		}
	case message.ResponderIssued:
		r.toUs = append(r.toUs, n)
	}
}

// taken is what the authority sends.
func (r *relying) taken(p message.Payload) {
	switch n := p.(type) {
	case message.ResponderRequest:
		r.toCA = append(r.toCA, n)
	case message.ImpactNotice:
		r.notices = append(r.notices, n)
	}
}

// day passes on what is on its way, has people acknowledge what came the days before, and then asks as the holders'
// signatures come in.
func (v *variant) day(ctx context.Context, day resident.Date) error {
	r := v.relying
	notices := r.notices
	r.notices = nil
	for _, n := range notices {
		if err := r.field.send(ctx, n.Verifier, r.Exchange, message.ImpactAcknowledgement{Notice: n.Notice, Verifier: n.Verifier, By: "operator-1",
			Text: "この回答による受付を調べた。", At: v.clk.Now()}); err != nil {
			return err
		}
	}
	toCA, toUs := r.toCA, r.toUs
	r.toCA, r.toUs = nil, nil
	if len(toCA) > 0 {
		if err := v.field.send(ctx, theValidation, v.ca.Exchange, toCA...); err != nil {
			return err
		}
	}
	if len(toUs) > 0 {
		if err := r.field.send(ctx, theCA, r.Exchange, toUs...); err != nil {
			return err
		}
	}
	if len(r.asks[day]) > 0 {
		// The authority looks that it can vouch for its answers, as it does every few seconds.
		if err := clock.Drive(ctx, v.clk, r.Serving(), v.clk.Now().Add(time.Second)); err != nil {
			return err
		}
	}
	for _, i := range r.asks[day] {
		serial, issued := v.requests[request(i.number)]
		if !issued {
			continue
		}
		office := offices[(i.number+day.Day())%len(offices)].Verifier
		status, err := r.ask(ctx, office, serial)
		if err != nil {
			return fmt.Errorf("%s asks about %s: %w", office, serial, err)
		}
		if status == cert.Valid { // the holder has moved
			r.wrong[serial]++
		}
	}
	return nil
}

// ask has an office ask over its line, as a verifier does.
func (r *relying) ask(ctx context.Context, office message.Org, serial cert.Serial) (cert.Status, error) {
	id, err := ocspwire.NewCertID(crypto.SHA256, r.issuer, serial)
	if err != nil {
		return 0, err
	}
	question, err := (&ocspwire.Request{CertIDs: []ocspwire.CertID{id}}).Encode()
	if err != nil {
		return 0, err
	}
	a, err := r.Exchange.Asked(ctx, office, &messagepb.Question{Kind: "ocsp", Body: question})
	if err != nil {
		return 0, err
	}
	signed, err := ocspwire.ParseResponse(a.Body)
	if err != nil {
		return 0, err
	}
	return signed.Singles[0].Status, nil
}

// says is what the offices were told, as nobody saw it then and as the authority shows it now.
func (r *relying) says() string {
	return fmt.Sprintf("失効すべき%d件に、「失効していない」と答えられた / told \"good\" of %d certificates that should have been revoked", len(r.wrong), len(r.wrong))
}

// countImpact reads from the authority's own report whom it told wrongly, and compares it with what was seen to be told.
func (v *variant) countImpact(ctx context.Context) error {
	report, err := v.relying.Impact(ctx, validation.ImpactWindow{})
	if err != nil {
		return err
	}
	c := map[string]int{}
	told := map[string]bool{}
	for _, one := range report.Cases {
		serial, err := cert.ParseSerial(one.Serial)
		if err != nil {
			return err
		}
		if v.relying.wrong[serial] != int(one.Answers) {
			return fmt.Errorf("of %s %d answers were wrong, and the report names %d", serial, v.relying.wrong[serial], one.Answers)
		}
		c["answers"] += int(one.Answers)
		c["notices"] += int(one.Notices)
		c["acknowledged"] += int(one.Acknowledged)
		for _, a := range one.Verifiers {
			told[a.Verifier] = true
		}
	}
	// A certificate that was never revoked has no case; here all are in the end.
	if len(report.Cases) != len(v.relying.wrong) || !report.Whole {
		return fmt.Errorf("%d certificates were answered for wrongly, and the report names %d", len(v.relying.wrong), len(report.Cases))
	}
	v.counts["impact_certificates"], v.counts["impact_verifiers"] = len(report.Cases), len(told)
	for _, name := range []string{"answers", "notices", "acknowledged"} {
		v.counts["impact_"+name] = c[name]
	}
	return nil
}
