package simulate

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Difference is one thing that was found.
type Difference struct {
	Where string         `json:"where"`         // the organisation in which it was found
	By    string         `json:"by"`            // what found it: tables, certificates, seals, flags, moves, books, self-audit, inspection, alarms, messages, round, counter
	What  string         `json:"what"`          // missing, extra, differs, …
	Key   string         `json:"key,omitempty"` // record code of an invented resident, serial, name of a move
	Says  plain.Sentence `json:"says"`
}

// finding is what a look at the country came to.
type finding struct {
	digest   string
	findings []Difference
}

func (f *finding) add(by, what string, where message.Org, key, ja, en string) {
	f.findings = append(f.findings, Difference{Where: string(where), By: by, What: what, Key: key, Says: says(ja, en)})
}

// check looks at everything when a day is over.
func (s *simulation) check(ctx context.Context) (*finding, error) {
	f := &finding{findings: slices.Concat(s.report.Stranded, s.asked)}
	for _, look := range []func(context.Context, *finding) error{s.land.residents, s.land.certificates, s.land.terms, s.land.seals, s.land.flags, s.openMoves, s.land.words} {
		if err := look(ctx, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// residents holds the registers, the prefectures' copies and the center's to each other.
func (l *land) residents(ctx context.Context, f *finding) error {
	var all []person
	former := map[string]string{}
	for _, t := range l.towns {
		of, err := register(ctx, t)
		if err != nil {
			return err
		}
		all = append(all, of...)
		codes, err := formerCodes(ctx, t)
		if err != nil {
			return err
		}
		maps.Copy(former, codes)
	}
	country := f.newest(all, former, "")
	f.digest = country.digest()
	of, err := copied(ctx, l.center.Host)
	if err != nil {
		return err
	}
	f.compare("tables", theCenter, country, f.held(theCenter, of, former))
	for _, p := range l.prefectures {
		mine := slices.DeleteFunc(slices.Clone(all), func(r person) bool { return r.at.above() != p.Self })
		if of, err = copied(ctx, p.Host); err != nil {
			return err
		}
		f.compare("tables", p.Self, f.newest(mine, former, p.Self), f.held(p.Self, of, former))
	}
	return nil
}

// newest is of everybody the state that counts: that of the register in which they are, else the last.
func (f *finding) newest(all []person, former map[string]string, of message.Org) lines {
	counts := map[string]person{}
	for _, p := range all {
		was, there := counts[p.code]
		if there && was.present && p.present && of == "" {
			f.add("tables", "in-two-registers", p.at.Self, p.code, "二つの市区町村の住民票に、同時に記載されています。", "in the registers of two municipalities at a time")
		}
		if !there || p.present && !was.present || p.present == was.present && p.version > was.version {
			counts[p.code] = p
		}
	}
	all2 := lines{}
	for code, p := range counts {
		if _, old := former[code]; !old {
			all2[code] = p.text()
		}
	}
	return all2
}

// text is the state. Of somebody who is in no register any more it is only that: copies keep the last state of theirs.
func (p person) text() string {
	if !p.present {
		return "deleted"
	}
	return p.line + "\x1f" + number(p.version)
}

// held are the rows of a copy. What it keeps under a code that somebody had before is not compared, unless it is in force.
func (f *finding) held(where message.Org, rows []person, former map[string]string) lines {
	all := lines{}
	for _, p := range rows {
		if _, old := former[p.code]; old {
			if p.present {
				f.add("tables", "extra", where, p.code, "変更前の住民票コードの記録が、有効なままです。", "the record under a former code is still in force")
			}
			continue
		}
		all[p.code] = p.text()
	}
	return all
}

// compare holds a copy to what it must be.
func (f *finding) compare(by string, where message.Org, must, is lines) {
	if must.digest() == is.digest() {
		return
	}
	for _, k := range slices.Sorted(maps.Keys(must)) {
		held, there := is[k]
		switch {
		case !there:
			f.add(by, "missing", where, k, "記録がありません。", "the row is missing")
		case held != must[k]:
			f.add(by, "differs", where, k, "記録の内容が違います（"+columnsOf(must[k], held)+"）。", "the row differs in "+columnsOf(must[k], held))
		}
	}
	for _, k := range slices.Sorted(maps.Keys(is)) {
		if _, there := must[k]; !there {
			f.add(by, "extra", where, k, "あるはずのない記録があります。", "there is a row that should not be there")
		}
	}
}

// columnsOf names the items in which two states differ.
func columnsOf(a, b string) string {
	as, bs := strings.Split(a, "\x1f"), strings.Split(b, "\x1f")
	names := []string{"name", "birth", "sex", "address", "common_name", "number", "municipality", "reason", "arose", "old_code", "version"}
	if len(as) != len(bs) || len(as) != len(names) {
		return "resides"
	}
	var differ []string
	for i := range as {
		if as[i] != bs[i] {
			differ = append(differ, names[i])
		}
	}
	return strings.Join(differ, ", ")
}

// certificates holds the CA's, the center's and validation's to each other, and to the records that they certify.
func (l *land) certificates(ctx context.Context, f *finding) error {
	rows, err := l.ofCA(ctx)
	if err != nil {
		return err
	}
	ours, _ := byKey(rows, func(c issued) string { return c.serial })
	center, err := l.ofCenter(ctx)
	if err != nil {
		return err
	}
	must, is := lines{}, lines{}
	for _, c := range ours {
		must[c.serial] = c.holder + "\x1f" + number(c.version) + "\x1f" + c.line
	}
	for _, c := range center {
		is[c.serial] = c.holder + "\x1f" + number(c.version) + "\x1f" + c.line
	}
	f.compare("certificates", theCenter, must, is)
	answers, err := l.ofValidation(ctx)
	if err != nil {
		return err
	}
	known, twice := byKey(answers, func(t told) string { return t.serial })
	for _, serial := range twice {
		f.add("certificates", "extra", theValidation, serial, "同じ番号の記録が二つあります。", "there are two rows of one serial")
	}
	for _, serial := range slices.Sorted(maps.Keys(ours)) {
		c, t := ours[serial], known[serial]
		switch {
		case t.serial == "":
			f.add("certificates", "missing", theValidation, serial, "発行した電子証明書を知りません。", "a certificate that was issued is not known")
		case (c.state == "revoked") != (t.state == "revoked"):
			f.add("certificates", "status", theValidation, serial, "失効の状態が認証局と違います（認証局 "+c.state+"、ここ "+t.state+"）。", "the CA says "+c.state+", and this "+t.state)
		}
		delete(known, serial)
	}
	for _, serial := range slices.Sorted(maps.Keys(known)) {
		f.add("certificates", "extra", theValidation, serial, "認証局が発行していない電子証明書があります。", "a certificate that the CA did not issue")
	}
	return l.deadAndAlive(ctx, f, ours)
}

// deadAndAlive: a certificate that states what is no longer true is revoked, unless its term was over before that, and those that a counter gave out are the CA's.
func (l *land) deadAndAlive(ctx context.Context, f *finding, ours map[string]issued) error {
	byHolder := map[string][]issued{}
	for _, c := range ours {
		byHolder[c.holder] = append(byHolder[c.holder], c)
	}
	dead := map[string]bool{}
	for _, t := range l.towns {
		deaths, err := kills(ctx, t)
		if err != nil {
			return err
		}
		former, err := formerCodes(ctx, t)
		if err != nil {
			return err
		}
		codes := map[string][]string{}
		for old, now := range former {
			codes[now] = append(codes[now], old)
		}
		for _, k := range deaths {
			for _, code := range append(codes[k.code], k.code) {
				for _, c := range byHolder[code] {
					dies := c.profile == "signature" && k.what&1 != 0 || c.profile == "authentication" && k.what&2 != 0
					if dies && c.version < k.version && k.at < c.until && c.state != "revoked" && !dead[c.serial] {
						dead[c.serial] = true
						f.add("certificates", "alive", theCA, c.serial, "異動で失効するはずの電子証明書が、失効していません。", "a change should have ended it, and it is not revoked")
					}
				}
			}
		}
		given, err := list(ctx, t.Host, scanGiven, `SELECT serial, code, profile, version FROM application WHERE state = 'issued'`)
		if err != nil {
			return err
		}
		for _, g := range given {
			if c, there := ours[g.serial]; !there || c.holder != g.holder || c.profile != g.profile || c.version != g.version {
				f.add("certificates", "differs", t.Self, g.serial, "窓口の記録が認証局と違います。", "the counter's record is not as the CA's")
			}
		}
	}
	return nil
}

// words are what the program itself says: books, self-audit, inspection, alarms, messages that have not ended.
func (l *land) words(ctx context.Context, f *finding) error {
	for _, h := range l.hosts {
		for _, say := range []func(context.Context, *host.Host, *finding) error{bookWords, auditWords, inspectionWords, alarmWords, messageWords} {
			if err := say(ctx, h, f); err != nil {
				return err
			}
		}
	}
	return nil
}
