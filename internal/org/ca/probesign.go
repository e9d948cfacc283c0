package ca

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/lint"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// probeTerm is how long a probe waits to be signed. Nobody asks for it any more then.
const probeTerm = time.Minute

// withProbes lets probes of issuance stand in the queue of what is signed, between certificates and lists, and be signed in its turn, with
// the same key, deadline and retries.
func (o *CA) withProbes(rule due.Rule) due.Rule {
	return due.Rule{
		Kind:     rule.Kind,
		Deadline: rule.Deadline,
		PrepareAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item) ([]any, error) {
			all := make([]any, len(items))
			var rest []due.Item
			var at []int // of rest in items
			for n, item := range items {
				if !strings.HasPrefix(item.Ref, probeRef) {
					rest, at = append(rest, item), append(at, n)
					continue
				}
				p, err := o.prepareProbe(ctx, o.in(tx), item)
				if err != nil {
					return nil, err
				}
				all[n] = p
			}
			if len(rest) == 0 {
				return all, nil
			}
			prepared, err := rule.PrepareAll(ctx, tx, rest)
			for n, p := range prepared {
				all[at[n]] = p
			}
			return all, err
		},
		Outside: func(ctx context.Context, prepared any) (any, error) {
			if p, ok := prepared.(probeToSign); ok {
				return o.signProbe(ctx, p)
			}
			return rule.Outside(ctx, prepared)
		},
		FinishAll: func(ctx context.Context, tx *sqlstore.Tx, items []due.Item, results []any) ([]message.Out, error) {
			var rest []due.Item
			var left []any
			for n, r := range results {
				if p, ok := r.(probeSigned); ok {
					tx.OnCommit(func() { o.probes.settle(p.probed, p.answer) })
					continue
				}
				rest, left = append(rest, items[n]), append(left, r)
			}
			if len(rest) == 0 {
				return nil, nil
			}
			return rule.FinishAll(ctx, tx, rest, left)
		},
	}
}

// probeToSign is a probe that has come through the rules, or not.
type probeToSign struct {
	probed
	tbs  []byte // of a certificate for nobody, which is linted and thrown away
	want lint.Want
	why  probe.Reason // the rules refuse it, or nobody waits for it any more
}

type probeSigned struct {
	probed
	answer probe.Answer
}

// prepareProbe takes an application for nobody through the rules (issue.go), and drafts its certificate.
func (o *CA) prepareProbe(ctx context.Context, tx *store.Tx, item due.Item) (any, error) {
	var p probeToSign
	if err := json.Unmarshal(item.Payload, &p.probed); err != nil {
		return nil, fmt.Errorf("couldn't read a probe: %w", err)
	}
	a := o.byProfile[p.Profile]
	switch {
	case len(p.Nonce) != probe.NonceSize || a == nil || p.From.Role() != message.Prefecture:
		return nil, errors.New("a probe has no nonce, no CA here, or nobody who asks")
	case tx.Now().Sub(p.At).Abs() > probeTerm:
		p.why = probe.Timeout
		return p, nil
	}
	spki, err := o.probes.key.of(o, a.Certifies()[0])
	if err != nil {
		return nil, err
	}
	n, err := applicationForNobody(p.Town, p.Profile, spki)
	if err != nil {
		return nil, err
	}
	public, no, err := o.fitKey(n.PublicKey, a.Certifies()...)
	if err != nil {
		return nil, err
	}
	var part jpki.Partition
	if no == nil {
		part, no = partitionOf(n.Holder.Municipality, tx.Now())
	}
	if no == nil {
		no = mayHold(n, p.Town, tx.Now())
	}
	hash := sha256.Sum256(n.PublicKey)
	if no == nil {
		if _, no, err = o.isFree(ctx, tx, n, hash[:]); err != nil {
			return nil, err
		}
	}
	var c store.Certificate
	if no == nil {
		if c, p.tbs, no, err = o.draft(tx, n, part, public, store.Certificate{}); err != nil {
			return nil, err
		}
	}
	if no != nil {
		o.Log.ErrorContext(ctx, "a probe of issuance was refused by the rules", "of", p.From, "why", no.why)
		p.why = probe.NoRule
		return p, nil
	}
	four := n.Holder.BasicFour
	p.want = lint.Want{Profile: p.Profile, Issuer: a.Certificate(), Serial: c.Serial, Public: n.PublicKey, From: c.NotBefore, Until: c.NotAfter,
		Birth: cert.Birthday{Month: four.Birth.Month(), Day: four.Birth.Day()}, Counter: n.Window, Prefecture: part.Prefecture, Municipality: part.Municipality, OCSP: o.cfg.OCSPURL}
	if p.Profile == cert.Signature {
		p.want.Holder, err = jpki.NewHolder(four.Name.Reveal(), string('0'+rune(four.Sex)), four.Birth.Year(), four.Birth.Month(), four.Birth.Day(), four.Address.Reveal())
	}
	return p, err
}

// signProbe lints the draft and signs the text. The draft itself is never signed.
func (o *CA) signProbe(ctx context.Context, p probeToSign) (any, error) {
	if p.why != "" {
		return probeSigned{p.probed, probe.Answer{State: "refused", Why: p.why}}, nil
	}
	if err := lint.User(p.tbs, p.want); err != nil {
		o.Log.ErrorContext(ctx, "a probe of issuance does not pass the lint", "of", p.From, "error", err)
		return probeSigned{p.probed, probe.Answer{State: "refused", Why: probe.Lint}}, nil
	}
	a := o.byProfile[p.Profile]
	text := probe.Statement(a.KeyID(), p.From, p.Nonce, p.At)
	signature, err := pki.SignTBSContext(ctx, o.Rand, a.key, text)
	if errors.Is(err, hsm.ErrNoneReady) { // which the alarm tokens-away says
		o.probes.hint(p.probed, probe.Device)
		return nil, due.Later(err)
	}
	if err == nil {
		err = pki.VerifyTBS(a.certificate.PublicKey, text, signature)
	}
	if err != nil {
		o.probes.hint(p.probed, probe.Signing)
		return nil, err
	}
	return probeSigned{p.probed, probe.Answer{State: "signed", At: p.At, Signature: signature}}, nil
}

// hint says why a probe waits.
func (s *probes) hint(p probed, why probe.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if was := s.last[p.Place]; was != nil && bytes.Equal(was.Nonce, p.Nonce) {
		was.answer.Why = why
	}
}

// applicationForNobody is an application that the rules let through. Nobody has its record code, which is none.
func applicationForNobody(town message.Org, p cert.Profile, spki []byte) (n message.CertRequest, err error) {
	holder := resident.IdentificationInfo{Version: 1, Change: resident.ChangeInfo{Reason: resident.MoveIn, Arose: resident.MustDate(2020, 4, 1)}}
	if holder.Municipality, err = resident.ParseMunicipalityCode("municipality", town.Code()); err != nil {
		return n, err
	}
	if holder.Name, err = resident.ParseName("name", "監視　太郎"); err != nil {
		return n, err
	}
	if holder.Birth, err = resident.ParsePartialDate("birth", "1980-02-17"); err != nil {
		return n, err
	}
	if holder.Address, err = resident.ParseAddress("address", "外部監視のための架空の住所1番地"); err != nil {
		return n, err
	}
	holder.Sex = resident.Female
	return message.CertRequest{Request: "probe", Profile: p, Holder: holder, PublicKey: spki, Window: town.Code() + "000"}, nil
}

// applicantKeys are the keys that probes bring along: one of each algorithm, made once. Their private halves are thrown away.
type applicantKeys struct {
	mu  sync.Mutex
	all map[cert.Algorithm][]byte
}

func (k *applicantKeys) of(o *CA, a cert.Algorithm) ([]byte, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if spki := k.all[a]; spki != nil {
		return spki, nil
	}
	key, err := pki.GenerateKey(o.Rand, a)
	if err != nil {
		return nil, err
	}
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	if k.all == nil {
		k.all = map[cert.Algorithm][]byte{}
	}
	k.all[a] = spki
	return spki, nil
}
