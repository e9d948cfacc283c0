package ca

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/inspection/checkpage"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const (
	checkCertificates = "certificates"
	checkLists        = "lists"
	checkResponders   = "responders"
	checkDeltas       = "delta-lists"

	// checkPage is how many certificates one piece of the inspection reads: some tens of milliseconds of work.
	checkPage = 200
	// checkedLists is how many partitions: each is read with all that is revoked in it.
	checkedLists = 4
)

// newChecks is the inspection of what the CA has stored (点検). The rules are those of package inspect, which shares no code with
// that which issues; the rows are read as they lie there, so that none can keep itself from being inspected.
func (o *CA) newChecks() *inspection.Inspection {
	round := o.Audit
	if round == 0 {
		round = 30 * time.Second
	}
	return inspection.New(inspection.Config{Self: string(o.Self), Store: o.Store, Clock: o.Clock, Log: o.Log},
		inspection.Way{Name: checkCertificates, Title: say("保管している電子証明書", "stored certificates"), Item: say("発行番号", "Serial"),
			Read: o.certificatesToCheck, Look: o.certificateToCheck, Page: checkPage, Round: round, Alarm: alarm.CertificateWrong, Href: checkpage.Path},
		inspection.Way{Name: checkResponders, Title: say("保管している、回答に署名する鍵の証明書", "stored certificates of the keys that sign answers"), Item: say("発行番号", "Serial"),
			Read: o.respondersToCheck, Look: o.responderToCheck, Page: checkPage, Round: round, Alarm: alarm.CertificateWrong, Href: checkpage.Path},
		inspection.Way{Name: checkLists, Title: say("保管している失効リスト", "stored revocation lists"), Item: say("認証局と市区町村", "CA and municipality"),
			Read: o.listsToCheck, Look: o.listToCheck, Page: checkedLists, Round: round, Alarm: alarm.ListWrong, Href: checkpage.Path},
		inspection.Way{Name: checkDeltas, Title: say("保管している差分の失効リスト", "stored delta lists"), Item: say("認証局と市区町村", "CA and municipality"),
			Read: o.deltasToCheck, Look: o.deltaToCheck, Page: checkedLists, Round: round, Alarm: alarm.ListWrong, Href: checkpage.Path})
}

// Inspection is that of what the CA has stored.
func (o *CA) Inspection() *inspection.Inspection { return o.checks }

// Tasks are the loops to step: the host's and those of the inspection.
func (o *CA) Tasks() []clock.Task { return append(o.Host.Tasks(), o.checks.Tasks()...) }

func (o *CA) certificatesToCheck(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	after, err := hex.DecodeString(place)
	if err != nil {
		after = []byte{} // somebody changed where it stands: from the start
	}
	tx := o.in(raw)
	rows, err := tx.StoredAfter(ctx, after, limit)
	if err != nil {
		return nil, "", err
	}
	for _, r := range rows {
		i, err := o.certificateItem(ctx, tx, r)
		if err != nil {
			return nil, "", err
		}
		items = append(items, i)
	}
	if len(rows) == limit {
		next = hex.EncodeToString(rows[limit-1].Serial)
	}
	return items, next, nil
}

func (o *CA) certificateToCheck(ctx context.Context, raw *sqlstore.Tx, key string) (i inspection.Item, there bool, err error) {
	serial, err := hex.DecodeString(key)
	if err != nil {
		return i, false, nil
	}
	tx := o.in(raw)
	r, there, err := tx.StoredOf(ctx, serial)
	if err == nil && there {
		i, err = o.certificateItem(ctx, tx, r)
	}
	return i, there, err
}

func (o *CA) certificateItem(ctx context.Context, tx *store.Tx, r store.StoredCertificate) (inspection.Item, error) {
	s := inspect.Stored{DER: r.DER, Serial: r.Serial, Profile: r.Profile, KeyHash: r.KeyHash, NotBefore: r.NotBefore, NotAfter: r.NotAfter,
		State: string(r.State), Issued: r.IssuedAt, Revoked: r.RevokedAt, Reason: r.Reason, Issuer: o.certificateOf(r.Issuer),
		Prefecture: r.PrefectureName, District: r.MunicipalityName, Intent: r.Intended, Before: !r.IntendedAt.After(r.Until), Twice: r.Others > 0}
	var err error
	if r.IssuedAt.Unix() > 0 {
		if s.ToldIssue, err = o.wasTold(ctx, tx, o.cfg.NationalCenter, r.Holder, message.KindCertIssuance, r.IssuedAt); err != nil {
			return inspection.Item{}, err
		}
	}
	serial := strings.ToUpper(hex.EncodeToString(r.Serial))
	since := r.IssuedAt
	if r.State == store.Revoked {
		since = r.RevokedAt
	}
	if since.Unix() > 0 {
		if s.ToldState, err = o.wasTold(ctx, tx, o.cfg.Validation, serial, message.KindCertStatus, since); err != nil {
			return inspection.Item{}, err
		}
	}
	return inspection.Item{Key: serial, Print: printOf(r), Judge: func(context.Context) ([]inspection.Fault, error) { return faults(inspect.Certificate(s)), nil }}, nil
}

// wasTold tells whether the outbox has a message about a key to a peer, in whatever state, made when it had to be or later. A
// snapshot says as much as the notice did.
func (o *CA) wasTold(ctx context.Context, tx *store.Tx, peer message.Org, key string, kind message.Kind, since time.Time) (*bool, error) {
	told := false
	for _, k := range []message.Kind{kind, message.KindSnapshot} {
		item, found, err := o.Exchange.LastOf(ctx, tx.Tx, peer, key, k)
		if err != nil {
			return nil, err
		}
		if found && !item.CreatedAt.Before(since.Truncate(time.Second)) {
			told = true
			break
		}
	}
	return &told, nil
}

func (o *CA) certificateOf(issuer string) *x509.Certificate {
	if a, ok := o.byID[issuer]; ok {
		return a.certificate
	}
	return nil
}

// printOf is a hash of all that a row says.
func printOf(row any) func() []byte {
	return func() []byte {
		sum := sha256.Sum256(fmt.Appendf(nil, "%v", row))
		return sum[:]
	}
}

func faults(found []inspect.Fault) (all []inspection.Fault) {
	for _, f := range found {
		all = append(all, inspection.Fault{Rule: string(f.Rule), Sentence: f.Sentence})
	}
	return all
}

func (o *CA) listsToCheck(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	issuer, municipality, _ := strings.Cut(place, "/")
	tx := o.in(raw)
	rows, err := tx.StoredListsAfter(ctx, issuer, municipality, limit)
	if err != nil {
		return nil, "", err
	}
	for _, r := range rows {
		i, err := o.listItem(ctx, tx, r)
		if err != nil {
			return nil, "", err
		}
		items = append(items, i)
	}
	if len(rows) == limit {
		next = rows[limit-1].Issuer + "/" + rows[limit-1].Municipality
	}
	return items, next, nil
}

func (o *CA) listToCheck(ctx context.Context, raw *sqlstore.Tx, key string) (i inspection.Item, there bool, err error) {
	issuer, municipality, _ := strings.Cut(key, "/")
	tx := o.in(raw)
	r, there, err := tx.StoredListOf(ctx, issuer, municipality)
	if err == nil && there {
		i, err = o.listItem(ctx, tx, r)
	}
	return i, there, err
}

func (o *CA) listItem(ctx context.Context, tx *store.Tx, r store.StoredList) (inspection.Item, error) {
	revoked, err := tx.RevokedIn(ctx, r.Issuer, r.Municipality)
	if err != nil {
		return inspection.Item{}, err
	}
	l := inspect.List{DER: r.DER, Number: r.Issued, ThisUpdate: r.ThisUpdate, NextUpdate: r.NextUpdate, Entries: r.Entries, Issuer: o.certificateOf(r.Issuer),
		Prefecture: r.PrefectureName, District: r.MunicipalityName, Intent: r.Intended, Before: r.Issued <= r.Until, Newer: r.Delta}
	for _, v := range revoked {
		l.Revoked = append(l.Revoked, inspect.Revocation{Serial: v.Serial, At: v.At, Reason: v.Reason, NotAfter: v.NotAfter})
	}
	now := tx.Now()
	return inspection.Item{Key: r.Issuer + "/" + r.Municipality, Print: printOf(r), Judge: func(context.Context) ([]inspection.Fault, error) {
		if r.Issued == 0 && len(r.DER) == 0 {
			return firstList(l.Revoked, now), nil
		}
		return faults(inspect.RevocationList(l, now)), nil
	}}, nil
}

// firstList judges a partition that has no list yet: it gets its first with its first certificate.
func firstList(revoked []inspect.Revocation, now time.Time) []inspection.Fault {
	for _, v := range revoked {
		if now.Sub(v.At) > 10*time.Minute {
			return []inspection.Fault{{Rule: string(inspect.Unlisted), Sentence: say("失効があるのに、10分を過ぎても最初のリストがありません。署名の装置と期日の仕事を調べてください。",
				"Something is revoked, and after ten minutes there is no first list: look at the devices that sign, and at the due work.")}}
		}
	}
	return nil
}
