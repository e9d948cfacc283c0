package probe

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/message"
)

// AskKind is the kind of the question to a CA.
const AskKind = "issuance.probe"

// NonceSize is how many bytes a nonce has. Whoever answers takes no other.
const NonceSize = 32

// Question asks a CA to go through an issue for nobody. The same question again asks what has become of it.
type Question struct {
	Profile cert.Profile `json:"profile"`
	Nonce   []byte       `json:"nonce"`
}

// Answer is what has become of it.
type Answer struct {
	State     string    `json:"state"`         // waiting, signed, refused
	Why       Reason    `json:"why,omitempty"` // of a refusal; of what waits, why that may be
	At        time.Time `json:"at,omitzero"`   // when it was asked for, by the CA's clock
	Signature []byte    `json:"signature,omitempty"`
}

// ReadQuestion reads a question as it came.
func ReadQuestion(body []byte) (q Question, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&q); err != nil {
		return q, fmt.Errorf("the question cannot be read: %w", err)
	}
	if !q.Profile.Valid() || len(q.Nonce) != NonceSize {
		return q, fmt.Errorf("the question has no profile, or a nonce of %d bytes", len(q.Nonce))
	}
	return q, nil
}

// Statement is the text that the CA's key signs. Its first byte is no beginning of anything else that the key signs: certificates and
// lists begin with a SEQUENCE, 0x30 (X.690 8.9). Of all that is in it the asker chooses the nonce alone, which has a fixed place and
// length, so that nobody can have bytes of their own signed.
func Statement(keyID []byte, to message.Org, nonce []byte, at time.Time) []byte {
	return fmt.Appendf(nil, "akashi issuance probe v1\nThis text issues nothing and revokes nothing.\nkey %s\nto %s\nnonce %s\nat %s\n",
		hex.EncodeToString(keyID), to, hex.EncodeToString(nonce), at.UTC().Format(time.RFC3339Nano))
}

const (
	// issueWithin is how long the CA may take. A signature may be tried on two tokens, one after the other.
	issueWithin = 20 * time.Second
	// firstLook and lastLook are the pauses between two questions for what has become of it.
	firstLook = 50 * time.Millisecond
	lastLook  = time.Second
)

// issueCheck asks the CA.
type issueCheck struct {
	p    *Prober
	root Root
}

func (c issueCheck) ask(ctx context.Context, t *try) (verdict, error) {
	body, err := json.Marshal(Question{c.root.Profile, t.nonce})
	if err != nil {
		return verdict{}, err
	}
	raw, err := c.p.cfg.Ask(ctx, AskKind, body)
	if err != nil {
		return failed(whyOf(err)), nil
	}
	var a Answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return failed(Reason(inspect.Unreadable)), nil
	}
	switch a.State {
	case "waiting":
		why := a.Why
		if _, ours := reasonWords[why]; !ours {
			why = Timeout
		}
		return verdict{reason: why, again: min(firstLook<<min(t.calls, 10), lastLook)}, nil
	case "refused":
		if _, ours := reasonWords[a.Why]; !ours {
			a.Why = Refused
		}
		return failed(a.Why), nil
	case "signed":
		return c.judge(t, a), nil
	}
	return failed(Reason(inspect.Unreadable)), nil
}

func (c issueCheck) judge(t *try, a Answer) verdict {
	text := Statement(c.root.Certificate.SubjectKeyId, c.p.cfg.Self, t.nonce, a.At)
	if pki.VerifyTBS(c.root.Certificate.PublicKey, text, a.Signature) != nil {
		return failed(Reason(inspect.Signature))
	}
	switch behind := c.p.cfg.Clock.Now().Sub(a.At); {
	case behind > agreement:
		return failed(Reason(inspect.Late))
	case behind < -agreement:
		return failed(Reason(inspect.Ahead))
	}
	return verdict{outcome: OK, agrees: true}
}
