package publish_test

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"crypto/x509/pkix"
	"maps"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/pki/crl"
)

// judge knows what relying parties were shown, and reads it with the standard library alone.
type judge struct {
	ca             *ca
	terms          map[int64]time.Time
	number, before uint64
	this           time.Time
	full           map[uint64]map[string]x509.RevocationListEntry
}

// difference is what a delta list has to say to who has the base.
func difference(base map[string]x509.RevocationListEntry, entries []x509.RevocationListEntry) (d []x509.RevocationListEntry) {
	for _, e := range entries {
		if was, there := base[e.SerialNumber.String()]; !there || !was.RevocationTime.Equal(e.RevocationTime) || was.ReasonCode != e.ReasonCode {
			d = append(d, e)
		}
	}
	return d
}

// published is told what went out, and says what a relying party could suffer from it.
func (j *judge) published(full, delta []byte, now time.Time) string {
	l, wrong := j.read(full, now)
	if wrong != "" {
		return wrong
	}
	is := indexed(l.RevokedCertificateEntries)
	switch {
	case l.Number.Sign() <= 0 || l.Number.Uint64() <= j.number:
		return "the number does not go on"
	case l.ThisUpdate.Before(j.this):
		return "the time goes back"
	}
	for _, list := range j.full {
		for serial, was := range list {
			e, there := is[serial]
			switch {
			case !there && j.terms[was.SerialNumber.Int64()].After(l.ThisUpdate):
				return serial + " became good again"
			case there && e.RevocationTime.After(was.RevocationTime):
				return serial + " was good for a while"
			}
		}
	}
	if delta != nil {
		if wrong := j.delta(l, is, delta, now); wrong != "" {
			return "delta: " + wrong
		}
	}
	j.before, j.number, j.this = j.number, l.Number.Uint64(), l.ThisUpdate
	j.full[j.number] = is
	return ""
}

func (j *judge) delta(full *x509.RevocationList, is map[string]x509.RevocationListEntry, der []byte, now time.Time) string {
	d, wrong := j.read(der, now)
	if wrong != "" {
		return wrong
	}
	k := slices.IndexFunc(d.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "2.5.29.27" })
	if k < 0 || d.Number.Cmp(full.Number) != 0 || !d.ThisUpdate.Equal(full.ThisUpdate) {
		return "it is no delta of the full list"
	}
	for number, base := range j.full {
		if !bytes.Equal(integer(number), d.Extensions[k].Value) {
			continue
		}
		sum := maps.Clone(base)
		maps.Copy(sum, indexed(d.RevokedCertificateEntries))
		for serial, e := range sum {
			if want, there := is[serial]; there && (!want.RevocationTime.Equal(e.RevocationTime) || want.ReasonCode != e.ReasonCode) ||
				!there && j.terms[e.SerialNumber.Int64()].After(full.ThisUpdate) {
				return serial + " is told in two ways"
			}
		}
		if len(sum) < len(is) {
			return "it says too little"
		}
		for serial := range is {
			if _, there := sum[serial]; !there {
				return serial + " is good to who adds it to its base"
			}
		}
		return ""
	}
	return "nobody has its base"
}

func (j *judge) read(der []byte, now time.Time) (*x509.RevocationList, string) {
	l, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, err.Error()
	}
	scope := slices.IndexFunc(l.Extensions, func(e pkix.Extension) bool { return e.Id.String() == "2.5.29.28" })
	switch {
	case l.CheckSignatureFrom(j.ca.certificate) != nil:
		return nil, "it is not signed by the CA"
	case !bytes.Equal(l.RawIssuer, j.ca.certificate.RawSubject) || !bytes.Equal(l.AuthorityKeyId, j.ca.certificate.SubjectKeyId):
		return nil, "it is not found by the CA's name and key"
	case scope < 0 || !l.Extensions[scope].Critical || !bytes.Equal(l.Extensions[scope].Value, crl.ScopeOf(matsumoto)):
		return nil, "it is of another municipality"
	case l.ThisUpdate.After(now.Add(time.Minute)) || l.NextUpdate.Sub(l.ThisUpdate) > 3*day:
		return nil, "its times are wrong"
	case !slices.IsSortedFunc(l.RevokedCertificateEntries, func(a, b x509.RevocationListEntry) int {
		return cmp.Or(a.SerialNumber.Cmp(b.SerialNumber), 1)
	}):
		return nil, "it is not sorted"
	}
	for _, e := range l.Extensions {
		if e.Id.String() == "2.5.29.99" {
			return nil, "it has an extension that nobody knows"
		}
	}
	for _, e := range l.RevokedCertificateEntries {
		if e.SerialNumber.Sign() <= 0 || e.ReasonCode > 6 || e.RevocationTime.After(l.ThisUpdate) {
			return nil, "an entry has no meaning"
		}
	}
	return l, ""
}

func indexed(entries []x509.RevocationListEntry) map[string]x509.RevocationListEntry {
	m := map[string]x509.RevocationListEntry{}
	for _, e := range entries {
		m[e.SerialNumber.String()] = e
	}
	return m
}
