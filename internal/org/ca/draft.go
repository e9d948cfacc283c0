package ca

import (
	"crypto"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// draft builds what will be signed.
func (o *CA) draft(tx *store.Tx, n message.CertRequest, part jpki.Partition, public crypto.PublicKey, renews store.Certificate) (c store.Certificate, tbs []byte, no *refusal, err error) {
	a := o.byProfile[n.Profile]
	since := tx.Now()
	if o.cfg.Since != nil {
		since = o.cfg.Since(since)
	}
	c = store.Certificate{Profile: n.Profile, Issuer: a.id, Holder: n.Holder.Code, Version: n.Holder.Version,
		Municipality: n.Holder.Municipality, Request: n.Request, NotBefore: since.Truncate(time.Second)}
	c.Replaced = store.Replaced{Serial: renews.Serial, Until: renews.NotAfter}
	if c.Serial, err = cert.NewSerial(o.Rand); err != nil {
		return c, nil, nil, err
	}
	notAfter, err := endOf(c, cert.Birthday{Month: n.Holder.Birth.Month(), Day: n.Holder.Birth.Day()})
	if err != nil {
		return c, nil, nil, err
	}
	c.NotAfter = cert.Earlier(notAfter, a.NotAfter())
	u := jpki.User{Serial: c.Serial, Public: public, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Partition: part, OCSP: o.cfg.OCSPURL}
	if u.CommonName, err = jpki.CommonName(n.Profile, c.NotBefore, int(tx.Serial()%100000), n.Window); err != nil {
		return c, nil, refuse("bad-window",
			"受付窓口識別記号は、9文字の半角の数字と英大文字です。窓口の設定を確かめてください。",
			"The counter's sign must be 9 digits or capital letters: check the counter's settings."), nil
	}
	if n.Profile == cert.Signature {
		four := n.Holder.BasicFour
		u.Holder, err = jpki.NewHolder(four.Name.Reveal(), string('0'+rune(four.Sex)), four.Birth.Year(), four.Birth.Month(), four.Birth.Day(), four.Address.Reveal())
	}
	if err == nil {
		tbs, err = a.UserTBS(u)
	}
	if ps, ok := plain.AsProblems(err); ok {
		return c, nil, refuse("cannot-be-certified", ps[0].JA, ps[0].EN), nil
	}
	return c, tbs, nil, err
}

// partitionOf names a municipality in Latin letters, as certificates do.
func partitionOf(code resident.MunicipalityCode, now time.Time) (jpki.Partition, *refusal) {
	today := resident.DateOf(now)
	m, err := resident.Lookup("municipality", code, today)
	if ps, ok := plain.AsProblems(err); ok {
		return jpki.Partition{}, refuse("no-such-municipality", ps[0].JA, ps[0].EN)
	}
	p, _ := resident.PrefectureOf(code.Prefecture())
	name := m.Romaji()
	if m.City != "" {
		// Two cities of a prefecture may each have a ward of one name (横浜市緑区, 相模原市緑区): their lists must not be
		// taken for each other.
		for _, city := range resident.FindMunicipalities(code.Prefecture(), m.City, today) {
			if city.Name == m.City && city.City == "" {
				name = city.Romaji() + " " + name
			}
		}
	}
	return jpki.Partition{Prefecture: p.Romaji(), Municipality: name}, nil
}
