package conform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// openImport is a municipality that takes a register file over, of which some lines are bad.
func openImport(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	cfg, sessions, err := configOf(g, new(exchange.Memory), city, pref, center, theCA)
	if err != nil {
		return nil, err
	}
	o, err := municipality.New(ctx, municipality.Config{Config: cfg, Sessions: sessions, Portal: "/", Trace: "/trace?what="})
	if err != nil {
		return nil, err
	}
	rejects := filepath.Join(g.Dir, "rejects.csv")
	var bad []string
	goods := 0
	return &queue.Rig{Close: o.Close,
		Plant: func(_ context.Context, poison queue.Poison, n int) error {
			for i := range n {
				line := registerLine(i)
				switch poison {
				case queue.Undecodable:
					line = "\xff\xfe" + line
				case queue.Foreign: // a resident of another municipality
					line = strings.Replace(line, city.Code(), other.Code(), 1)
				case queue.Truncated:
					line = line[:len(line)/2]
				}
				bad = append(bad, line)
			}
			return nil
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			goods++
			out, err := os.OpenFile(rejects, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				return nil, err
			}
			defer out.Close()
			file := registerHeader + strings.Join(append(bad, registerLine(goodPerson+int(g.Clock.Now().Sub(begin)/time.Millisecond)+goods)), "\n") + "\n"
			bad = nil
			r, err := o.Import(ctx, strings.NewReader(file), municipality.ImportOptions{Reject: out})
			return func(context.Context) (bool, error) { return r.Added == 1, nil }, err
		},
		Aside: func(ctx context.Context) (a queue.Aside, err error) {
			err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				return tx.QueryRow(ctx, `SELECT CAST(COALESCE(SUM(rejected), 0) AS BIGINT) FROM import_run`).Scan(&a.Counted)
			})
			text, err2 := os.ReadFile(rejects)
			if err = errors.Join(err, err2); err != nil {
				return a, err
			}
			for line := range strings.Lines(string(text)) {
				parts := strings.SplitN(line, ",", 5)
				if strings.HasPrefix(line, "行,") || len(parts) < 5 {
					continue
				}
				a.Shown++
				a.Reasons = append(a.Reasons, plain.Sentence{JA: strings.Trim(parts[2], `"`), EN: strings.Trim(parts[3], `"`)})
			}
			return a, nil
		}}, nil
}

// registerHeader and registerLine are a register file as people make it.
var registerHeader, registerLine = func() (string, func(person int) string) {
	lines := func(person int) []string {
		var b bytes.Buffer
		w := registerfile.NewWriter(&b, plain.JA)
		r := resident.Record{Code: resident.RecordCodeOf(uint64(person)), BasicFour: change(0, fine).Body.(message.ResidentChange).After.BasicFour,
			Kana: must(resident.ParseKana("kana", "ヤマダ ハナコ")), Municipality: must(resident.ParseMunicipalityCode("municipality", city.Code())),
			Household: resident.HouseholdID(fmt.Sprintf("T%07d", person%10_000_000)), Relation: resident.Head, BecameResident: resident.MustDate(2020, 4, 1)}
		if err := errors.Join(w.Write(r), w.Flush()); err != nil {
			panic(err) // the record is a constant of the kit
		}
		return strings.SplitAfter(b.String(), "\n")
	}
	return lines(1)[0], func(person int) string { return strings.TrimSuffix(lines(person)[1], "\n") }
}()
