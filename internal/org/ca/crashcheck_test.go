package ca_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// record is what the device wrote down itself: digests that it was asked to sign, and those that it has signed, in order.
type record struct{ asked, made []string }

func (m *mortal) record() (r record) {
	m.t.Helper()
	text := must[[]byte](m.t)(os.ReadFile(filepath.Join(m.cfg.Dir, "record")))
	for line := range strings.Lines(string(text)) {
		switch what, digest, _ := strings.Cut(strings.TrimSpace(line), " "); what {
		case "asked":
			r.asked = append(r.asked, digest)
		case "signed":
			r.made = append(r.made, digest)
		}
	}
	return r
}

// rest waits until no device is at work any more. The CA must not run.
func (m *mortal) rest() {
	m.t.Helper()
	f := must[*os.File](m.t)(os.Open(filepath.Join(m.cfg.Dir, "record")))
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		m.t.Fatal(err)
	}
}

// kept is what the CA's database holds in the end.
type kept struct {
	intents      []store.Intent // all that were ever committed
	certificates map[string]store.Certificate
	open         int64 // intents, and work about them, that are left
}

// read reads the database of a CA that does not run.
func (m *mortal) read() (k kept) {
	m.t.Helper()
	s := must[*sqlstore.Store](m.t)(sqlstore.Open(m.t.Context(), m.cfg.URL, sqlstore.Options{}))
	defer s.Close()
	k.certificates = map[string]store.Certificate{}
	err := s.View(m.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if k.intents, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, i *store.Intent) error {
			return r.Scan(&i.ID, &i.Kind, &i.Subject, &i.Number, &i.TBS)
		}, "SELECT id, kind, subject, number, tbs FROM t_intent ORDER BY id"); err != nil {
			return err
		}
		certificates, err := store.In(tx, store.Books{}).Page(ctx, "", nil, 100_000)
		for _, c := range certificates {
			k.certificates[c.Serial.String()] = c
		}
		if err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT (SELECT COUNT(*) FROM intent) + (SELECT COUNT(*) FROM due WHERE kind IN ('sign', 'list'))").Scan(&k.open)
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return k
}

// outcome is what became of all that was asked for, counted.
type outcome struct {
	issued, refused, voided, signatures, intents int
	findings                                     []string
}

func (o *outcome) find(format string, values ...any) {
	o.findings = append(o.findings, fmt.Sprintf(format, values...))
}

func (o outcome) String() string {
	return fmt.Sprintf("%d certificates, %d refused by name, %d voided; %d signatures of the device over %d intents",
		o.issued, o.refused, o.voided, o.signatures, o.intents)
}

// judge stops the CA and says what is wrong with what it leaves: an application without one answer, a serial on two certificates, a
// signature without a record, a certificate without its notices, anything that was forgotten.
func (m *mortal) judge() (o outcome) {
	m.t.Helper()
	m.stop()
	k := m.read()
	if k.open > 0 {
		o.find("%d intents or steps are left", k.open)
	}
	m.judgeAnswers(&o, k)
	m.judgeNotices(&o, k)
	m.judgeSignatures(&o, k)
	return o
}

// judgeAnswers: each application has one answer, and one that is issued is what is stored.
func (m *mortal) judgeAnswers(o *outcome, k kept) {
	answers := map[string][]string{}
	bySerial := map[string][]byte{}
	for _, at := range []message.Org{matsumoto, iida} {
		for _, n := range all[message.CertIssued](m, at) {
			answers[n.Request] = append(answers[n.Request], "issued")
			c, err := x509.ParseCertificate(n.Certificate)
			if err != nil {
				o.find("what was issued cannot be read: %v", err)
				continue
			}
			serial := hex.EncodeToString(c.SerialNumber.Bytes())
			if before, twice := bySerial[serial]; twice && !bytes.Equal(before, n.Certificate) {
				o.find("the serial %s is on two certificates", serial)
			}
			bySerial[serial] = n.Certificate
			if !bytes.Equal(k.certificates[n.Serial.String()].DER, n.Certificate) {
				o.find("the certificate %s that was given out is not the one that is stored", n.Serial)
			}
		}
		for _, n := range all[message.CertRefused](m, at) {
			answers[n.Request] = append(answers[n.Request], "refused")
			if n.Why == "" || n.Reason.JA == "" || n.Reason.EN == "" {
				o.find("%s was refused without a reason", n.Request)
			}
			o.refused++
		}
	}
	o.issued = len(bySerial)
	for request, must := range m.asked {
		if got := answers[request]; len(got) != 1 || must != "" && got[0] != must {
			o.find("the application %s was answered %v, want %q", request, got, must)
		}
	}
}

// judgeNotices: a certificate that is stored was told to all who have to know, once, and one that was voided to those who were to have it.
func (m *mortal) judgeNotices(o *outcome, k kept) {
	issued, notices, good, revoked := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, at := range []message.Org{matsumoto, iida} {
		for _, n := range all[message.CertIssued](m, at) {
			issued[n.Serial.String()]++
		}
	}
	for _, n := range all[message.CertIssuance](m, center) {
		notices[n.Serial.String()]++
	}
	for _, n := range all[message.CertStatus](m, validation) {
		if n.Revoked {
			revoked[n.Serial.String()]++
		} else {
			good[n.Serial.String()]++
		}
	}
	for serial, c := range k.certificates {
		want := 1
		if len(c.DER) == 0 {
			want = 0
			o.voided++
			if c.State != store.Revoked {
				o.find("%s is %s, and there is no certificate", serial, c.State)
			}
		}
		if issued[serial] != want || notices[serial] != want || good[serial] != want {
			o.find("%s (%s): the applicant was told %d times, the center %d, the validation authority %d; want %d", serial, c.State, issued[serial], notices[serial], good[serial], want)
		}
		if c.State == store.Revoked && revoked[serial] != 1 {
			o.find("%s is revoked, and the validation authority was told so %d times", serial, revoked[serial])
		}
	}
}

// judgeSignatures: whatever the device has signed was an intent before, and became what was intended or was voided; no serial was
// intended twice.
func (m *mortal) judgeSignatures(o *outcome, k kept) {
	lists := map[string]int64{} // the last number of each that is out
	for _, n := range all[message.CertCRL](m, validation) {
		kind := store.RevocationList
		if n.Base != 0 {
			kind = store.DeltaList
		}
		of := string(kind) + n.Municipality.String()
		lists[of] = max(lists[of], int64(n.Number))
	}
	signers, users := map[string]int{}, 0 // what was given out, by its to-be-signed bytes
	for _, n := range all[message.ResponderIssued](m, validation) {
		tbs, err := pki.TBSOf(n.Certificate)
		if err != nil {
			o.find("the certificate of an OCSP signer cannot be read: %v", err)
		}
		signers[string(tbs)]++
	}
	intents, serials := map[string]store.Intent{}, map[string]bool{}
	o.intents = len(k.intents)
	for _, i := range k.intents {
		digest := sha256.Sum256(i.TBS)
		intents[hex.EncodeToString(digest[:])] = i
		if i.Kind.IsList() {
			if lists[string(i.Kind)+i.Subject] < i.Number {
				o.find("the list %d of %s never came out", i.Number, i.Subject)
			}
			continue
		}
		if serials[i.Subject] {
			o.find("the serial %s was intended twice", i.Subject)
		}
		serials[i.Subject] = true
		if i.Kind == store.ResponderCertificate {
			if n := signers[string(i.TBS)]; n != 1 {
				o.find("the certificate %s of an OCSP signer was given out %d times", i.Subject, n)
			}
			continue
		}
		users++
		c, there := k.certificates[i.Subject]
		if !there {
			o.find("the intent of %s was forgotten", i.Subject)
		} else if len(c.DER) > 0 {
			if tbs, err := pki.TBSOf(c.DER); err != nil || !bytes.Equal(tbs, i.TBS) {
				o.find("the certificate %s is not what was intended", i.Subject)
			}
		}
	}
	if users != len(k.certificates) || len(serials)-users != m.keys {
		o.find("%d certificates and %d keys of OCSP signers for %d and %d intents", len(k.certificates), m.keys, users, len(serials)-users)
	}
	m.rest()
	made := map[string]bool{}
	for _, digest := range m.record().made {
		o.signatures++
		made[digest] = true
	}
	for _, digest := range m.unrecorded(k) {
		o.find("the device has signed %s, of which there is no record", digest)
	}
	for digest, i := range intents {
		if !made[digest] && (i.Kind != store.UserCertificate || len(k.certificates[i.Subject].DER) > 0) {
			o.find("%s is signed, and the device knows nothing of it", i.Subject)
		}
	}
}

// unrecorded are the digests that the device has signed without an intent.
func (m *mortal) unrecorded(k kept) (digests []string) {
	m.t.Helper()
	written := map[string]bool{}
	for _, i := range k.intents {
		digest := sha256.Sum256(i.TBS)
		written[hex.EncodeToString(digest[:])] = true
	}
	for _, digest := range m.record().made {
		if !written[digest] {
			digests = append(digests, digest)
		}
	}
	return digests
}
