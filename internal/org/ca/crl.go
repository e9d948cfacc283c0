package ca

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	dueList  = "list"       // a revocation has made a partition's list incomplete
	dueDaily = "daily list" // every partition, every day, also when nothing has changed

	// coalesce is how long a list waits for further revocations: a mass revocation makes a list every few seconds, not one
	// for each certificate. OCSP does not wait.
	coalesce = 3 * time.Second
	// dailyAt is the time of day in Japan.
	dailyAt = 5 * time.Minute
)

// ensurePartition makes a municipality's partition with its first certificate, and its first list, which names nothing:
// a relying party that asks for the list must find one.
func (o *CA) ensurePartition(ctx context.Context, tx *store.Tx, c store.Certificate, part jpki.Partition) error {
	made, err := tx.AddPartition(ctx, store.Partition{Issuer: c.Issuer, Municipality: c.Municipality, Profile: c.Profile,
		PrefectureName: part.Prefecture, MunicipalityName: part.Municipality})
	if err != nil || !made {
		return err
	}
	ref := listRef(c.Issuer, c.Municipality)
	due.Add(tx.Tx, tx.Now(), dueList, ref, nil)
	due.Add(tx.Tx, o.nextList(tx.Now()), dueDaily, ref, nil)
	return nil
}

// planList puts a new list of a partition on the due list, unless one is on it.
func (o *CA) planList(ctx context.Context, tx *store.Tx, issuer string, m resident.MunicipalityCode) error {
	first, err := tx.MarkChanged(ctx, issuer, m)
	if err == nil && first {
		due.Add(tx.Tx, tx.Now().Add(coalesce), dueList, listRef(issuer, m), nil)
	}
	return err
}

func (o *CA) listRule() due.Rule {
	return due.Rule{Kind: dueList, Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
		return nil, o.intendList(ctx, o.in(tx), item.Ref)
	}}
}

func (o *CA) dailyRule() due.Rule {
	return due.Rule{Kind: dueDaily, Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
		due.Add(tx, o.nextList(tx.Now()), dueDaily, item.Ref, nil)
		return nil, o.intendList(ctx, o.in(tx), item.Ref)
	}}
}

// nextList is when a partition gets its next list though nothing has changed.
func (o *CA) nextList(now time.Time) time.Time {
	y, m, d := now.In(cert.JST).Date()
	return time.Date(y, m, d+o.cfg.ListDays, 0, 0, 0, 0, cert.JST).Add(dailyAt)
}

// listLife leaves as much in hand again: a list that comes late by less does not stop those who rely on it.
func (o *CA) listLife() time.Duration { return time.Duration(2*o.cfg.ListDays) * 24 * time.Hour }

// intendList gives out the next number of a partition and writes down the list that will have it. The numbers of a
// partition never go back (RFC 5280 5.2.3); one whose list was never signed is a gap, which means nothing.
func (o *CA) intendList(ctx context.Context, tx *store.Tx, ref string) error {
	issuer, m, err := readListRef(ref)
	if err != nil {
		return err
	}
	a, ok := o.byID[issuer]
	if !ok {
		return fmt.Errorf("the key of the CA %s is not here", issuer)
	}
	p, found, err := tx.Partition(ctx, issuer, m)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("there is no partition %s", ref)
	}
	revoked, err := o.listed(ctx, tx, p)
	if err != nil {
		return err
	}
	number, err := tx.NextNumber(ctx, issuer, m)
	if err != nil {
		return err
	}
	tbs, err := a.listTBS(ctx, p, number, tx.Now(), o.listLife(), revoked)
	if err != nil {
		return err
	}
	trace, err := o.Exchange.NewTrace()
	if err != nil {
		return err
	}
	o.intend(tx, store.Intent{Kind: store.RevocationList, Issuer: issuer, Subject: m.String(), TBS: tbs, Number: number, Trace: trace})
	return nil
}

// listTBS writes the bytes of a list that are to be signed.
func (a *authority) listTBS(ctx context.Context, p store.Partition, number int64, now time.Time, life time.Duration, revoked []store.Ended) ([]byte, error) {
	authority, err := crl.AuthorityOf(a.certificate)
	if err != nil {
		return nil, err
	}
	name, err := jpki.Partition{Prefecture: p.PrefectureName, Municipality: p.MunicipalityName}.Name(p.Profile).DER()
	if err != nil {
		return nil, err
	}
	this := now.Truncate(time.Second)
	draft, err := crl.NewDraft(ctx, crl.Head{Authority: authority, Number: uint64(number), ThisUpdate: this, NextUpdate: this.Add(life), Partition: name},
		func(yield func(crl.Entry, error) bool) {
			for _, e := range revoked {
				if !yield(crl.Entry{Serial: e.Serial, At: e.At, Reason: e.Reason}, nil) {
					return
				}
			}
		})
	if err != nil {
		return nil, err
	}
	tbs := bytes.NewBuffer(make([]byte, 0, draft.TBSSize))
	_, err = draft.WriteTBS(ctx, tbs)
	return tbs.Bytes(), err
}

// bySerial orders as the serials are as numbers, which is the order of lists.
func bySerial(a, b store.Ended) int {
	x, y := a.Serial.Bytes(), b.Serial.Bytes()
	return cmp.Or(cmp.Compare(len(x), len(y)), bytes.Compare(x, y))
}

// listed gives what a list has to name, as far as its rows can be read, and what the list before it named: a row that was
// damaged stops no list, and takes no revocation back that is out in the world. An entry goes when its row says that the
// term is over.
func (o *CA) listed(ctx context.Context, tx *store.Tx, p store.Partition) ([]store.Ended, error) {
	revoked, damaged, err := tx.Listed(ctx, p.Issuer, p.Municipality, p.ThisUpdate)
	if err != nil {
		return nil, err
	}
	at := make(map[cert.Serial]int, len(revoked))
	for i, r := range revoked {
		at[r.Serial] = i
		if r.Damaged {
			damaged++
		}
		if r.Reason == 0 {
			// That it is revoked is what protects. Its reason the list before it tells, if one named it.
			revoked[i].Reason = cert.Unspecified
		}
	}
	before, err := tx.LastList(ctx, p.Issuer, p.Municipality)
	if err != nil {
		return nil, err
	}
	// None yet; or damaged, and then the rows are all there is: half a list says nothing, since its end says whose it is.
	var last []crl.Entry
	if _, err := crl.Read(bytes.NewReader(before), crypto.SHA256, crl.Limits{}, func(i crl.Item) error {
		if e, err := i.Entry(); err == nil {
			last = append(last, e)
		}
		return nil
	}); err != nil {
		last = nil
	}
	for _, e := range last {
		if i, there := at[e.Serial]; there {
			if revoked[i].Damaged {
				revoked[i].Reason = e.Reason
			}
			continue
		}
		end, found, err := tx.Term(ctx, e.Serial)
		if err != nil {
			return nil, err
		}
		if !found || end.After(p.ThisUpdate) {
			revoked, damaged = append(revoked, store.Ended{Serial: e.Serial, At: e.At, Reason: e.Reason}), damaged+1
		}
	}
	slices.SortFunc(revoked, bySerial)
	revoked = slices.CompactFunc(revoked, func(a, b store.Ended) bool { return a.Serial == b.Serial })
	if damaged == p.Damaged {
		return revoked, nil
	}
	o.Log.ErrorContext(ctx, "rows of certificates cannot be read or contradict the published list", "municipality", p.Municipality, "rows", damaged)
	return revoked, tx.NoteDamaged(ctx, p.Issuer, p.Municipality, damaged)
}

// onListSigned stores a list and sends it for publication. When a later one is out already, this one is not needed.
func (o *CA) onListSigned(ctx context.Context, tx *store.Tx, i store.Intent, der []byte) ([]message.Out, error) {
	m, err := resident.ParseMunicipalityCode("municipality", i.Subject)
	if err != nil {
		return nil, err
	}
	list, err := crl.Read(bytes.NewReader(der), crypto.SHA256, crl.Limits{}, nil)
	if err != nil {
		return nil, err
	}
	stored, err := tx.PutCRL(ctx, i.Issuer, m, i.Number, list.ThisUpdate, list.NextUpdate, list.Entries, der)
	if err != nil || !stored {
		return nil, err
	}
	return []message.Out{{To: o.cfg.Validation, Body: message.CertCRL{Issuer: i.Issuer, Municipality: m, Number: uint64(i.Number), CRL: der}}}, nil
}

func listRef(issuer string, m resident.MunicipalityCode) string { return issuer + "/" + m.String() }

func readListRef(ref string) (issuer string, m resident.MunicipalityCode, err error) {
	issuer, code, _ := strings.Cut(ref, "/")
	m, err = resident.ParseMunicipalityCode("municipality", code)
	return issuer, m, err
}
