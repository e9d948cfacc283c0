package simulate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// lines are rows of some table, each as one text under its key. What is compared is the text itself and not a digest that the
// program keeps of it: a row that was changed by hand keeps that.
type lines map[string]string

// digest is one for all lines, whatever their order in the table was.
func (l lines) digest() string {
	sum := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(l)) {
		sum.Write([]byte(k + "\x1f" + l[k] + "\x1e"))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// person is somebody's newest state in one register.
type person struct {
	code    string
	line    string
	version int64
	present bool
	at      *town
}

// state is what leaves a municipality, as it stands in the tables of all three.
const state = `name, birth, sex, address, common_name, number, municipality, version, reason, arose, old_code`

// scanState reads code, whether it is in force, and the state.
func scanState(r *sqlstore.Rows, p *person) error {
	var f [10]string
	err := r.Scan(&p.code, &p.present, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &p.version, &f[7], &f[8], &f[9])
	p.line = strings.Join(f[:], "\x1f")
	return err
}

func list[T any](ctx context.Context, h *host.Host, scan func(*sqlstore.Rows, *T) error, query string, args ...any) (all []T, err error) {
	err = h.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err = sqlstore.List(ctx, tx, scan, query, args...)
		return err
	})
	return all, err
}

// register reads a municipality's: of everybody the newest version.
func register(ctx context.Context, t *town) ([]person, error) {
	all, err := list(ctx, t.Host, scanState, `SELECT r.code, r.present, v.name, v.birth, CAST(v.sex AS TEXT), v.address, v.common_name, v.number, v.municipality, v.version,
		v.reason, v.arose, v.old_code FROM resident AS r JOIN record_version AS v ON v.person = r.person AND v.version = r.version`)
	for i := range all {
		all[i].at = t
	}
	return all, err
}

// copied reads the copy of a prefecture, or of the center.
func copied(ctx context.Context, h *host.Host) ([]person, error) {
	return list(ctx, h, scanState, `SELECT code, resides, `+state+` FROM resident`)
}

// formerCodes are those that people of a municipality have had, with the codes that they have.
func formerCodes(ctx context.Context, t *town) (map[string]string, error) {
	all, err := list(ctx, t.Host, func(r *sqlstore.Rows, p *[2]string) error { return r.Scan(&p[0], &p[1]) },
		`SELECT f.code, r.code FROM former_code AS f JOIN resident AS r ON r.person = f.person`)
	codes := map[string]string{}
	for _, p := range all {
		codes[p[0]] = p[1]
	}
	return codes, err
}

// killed is a version of somebody's record by which certificates died.
type killed struct {
	code    string // that they have now
	version int64
	what    int64 // 1 signature, 2 authentication
	at      int64 // when it was entered
}

func kills(ctx context.Context, t *town) ([]killed, error) {
	return list(ctx, t.Host, func(r *sqlstore.Rows, k *killed) error { return r.Scan(&k.code, &k.version, &k.what, &k.at) },
		`SELECT r.code, v.version, v.kills, v.entered_at FROM record_version AS v JOIN resident AS r ON r.person = v.person WHERE v.kills <> 0`)
}

// issued is a certificate as somebody holds it.
type issued struct {
	serial  string
	holder  string
	profile string
	version int64
	state   string
	until   int64
	line    string
}

func scanIssued(r *sqlstore.Rows, c *issued) error {
	var serial []byte
	var rest [4]int64
	var place, reason string
	err := r.Scan(&serial, &c.holder, &c.profile, &c.version, &c.state, &rest[0], &rest[1], &rest[2], &place, &reason)
	c.serial, c.until = strings.ToUpper(hex.EncodeToString(serial)), rest[1]
	c.line = strings.Join([]string{c.profile, place, number(rest[0]), number(rest[1])}, "\x1f")
	return err
}

func number(n int64) string {
	return hex.EncodeToString([]byte{byte(n >> 56), byte(n >> 48), byte(n >> 40), byte(n >> 32), byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// ofCA are the certificates that the CA has issued.
func (l *land) ofCA(ctx context.Context) ([]issued, error) {
	return list(ctx, l.ca.Host, scanIssued, `SELECT serial, holder, profile, version, state, not_before, not_after, revoked_at, municipality, reason
		FROM certificate WHERE issued_at > 0`)
}

// told is what the validation authority answers of a certificate.
type told struct {
	serial, state, profile, place, reason string
	until, ended                          int64
}

func (l *land) ofValidation(ctx context.Context) ([]told, error) {
	return list(ctx, l.validation.Host, func(r *sqlstore.Rows, t *told) error {
		var serial []byte
		err := r.Scan(&serial, &t.state, &t.profile, &t.place, &t.until, &t.ended, &t.reason)
		t.serial = strings.ToUpper(hex.EncodeToString(serial))
		return err
	}, `SELECT serial, state, profile, municipality, not_after, revoked_at, reason FROM status`)
}

// ofCenter are the certificates that the center knows of.
func (l *land) ofCenter(ctx context.Context) ([]issued, error) {
	return list(ctx, l.center.Host, func(r *sqlstore.Rows, c *issued) error {
		var from, until int64
		var place string
		err := r.Scan(&c.serial, &c.holder, &c.profile, &c.version, &from, &until, &place)
		c.serial = strings.ToUpper(c.serial)
		c.line = strings.Join([]string{c.profile, place, number(from), number(until)}, "\x1f")
		return err
	}, `SELECT serial, code, profile, version, not_before, not_after, municipality FROM certificate`)
}

// byKey puts rows under their keys; twice are those keys that stand there twice.
func byKey[T any](rows []T, key func(T) string) (all map[string]T, twice []string) {
	all = make(map[string]T, len(rows))
	for _, r := range rows {
		if _, there := all[key(r)]; there {
			twice = append(twice, key(r))
		}
		all[key(r)] = r
	}
	slices.SortFunc(twice, cmp.Compare[string])
	return all, twice
}
