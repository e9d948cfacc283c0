package staff

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// purpose is what a question is for. An answer to one is no answer to another.
type purpose string

const (
	toSignIn   purpose = "sign-in"
	toStepUp   purpose = "step-up"
	toRegister purpose = "register"
)

// question is what goes out sealed and comes back with the answer, so that nobody fills a table by asking. Until stands
// in microseconds.
type question struct {
	For       purpose `json:"for"`
	Bound     []byte  `json:"bound"` // the hash of what it is bound to
	Challenge []byte  `json:"challenge"`
	Until     int64   `json:"until"`
}

var errQuestion = errors.New("this is not the answer to a question that is open")

// ask makes a question and seals it.
func (s *Staff) ask(of purpose, bound string, options func(challenge []byte) (string, error)) (access.Question, error) {
	if bound == "" {
		return access.Question{}, errors.New("a question is bound to something")
	}
	q := question{For: of, Bound: hashOf(bound), Challenge: make([]byte, passkey.MinChallenge), Until: s.Clock.Now().Add(answerLife).UnixMicro()}
	if _, err := io.ReadFull(s.Rand, q.Challenge); err != nil {
		return access.Question{}, err
	}
	o, err := options(q.Challenge)
	if err != nil {
		return access.Question{}, err
	}
	b, err := json.Marshal(q)
	if err != nil {
		return access.Question{}, err
	}
	text := base64.RawURLEncoding.EncodeToString(b)
	sig, err := s.sign(text)
	return access.Question{Options: o, Sealed: text + "." + base64.RawURLEncoding.EncodeToString(sig), Origin: s.Origin}, err
}

// opened is the challenge of an answer's question, when it is ours, for this, for whom it was asked, and open.
func (s *Staff) opened(of purpose, bound, sealed string) ([]byte, error) {
	text, mac, _ := strings.Cut(sealed, ".")
	sig, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil {
		return nil, errQuestion
	}
	ours, err := s.sign(text)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(sig, ours) {
		return nil, errQuestion
	}
	var q question
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(b, &q) != nil {
		return nil, errQuestion
	}
	if bound == "" || q.For != of || !hmac.Equal(q.Bound, hashOf(bound)) || !s.Clock.Now().Before(time.UnixMicro(q.Until)) {
		return nil, errQuestion
	}
	return q.Challenge, nil
}

func (s *Staff) sign(text string) ([]byte, error) {
	key, err := s.seal()
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("question " + text))
	return mac.Sum(nil), nil
}

// spend writes down that a challenge was answered. A second time is an error: whoever saw the answer of another cannot
// give it again. It belongs into the transaction of what the answer is for.
func spend(ctx context.Context, tx *sqlstore.Tx, challenge []byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM staff_answered WHERE until_at < $1`, tx.Now()); err != nil {
		return err
	}
	sum := sha256.Sum256(challenge)
	n, err := tx.Exec(ctx, `INSERT INTO staff_answered(hash, until_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, sum[:], tx.Now().Add(answerLife))
	if err == nil && n == 0 {
		err = errQuestion
	}
	return err
}
