// Package staff is who may act at an organisation (職員): persons, the passkeys by which they are known, and the authority (操作者ID)
// under which they act, with the history of all three.
//
// Identity and authority are apart. A person has passkeys, each of which ends when it is lost or revoked. An authority says as what,
// for which office and until when; it is issued, transferred, revoked, and reviewed at intervals, and a person has at most one
// at a time. Whoever has none signs in to nothing.
//
// A session is a row: at each request passkey, authority and session are looked up together (Resume), so what was ended a
// moment ago is over. An administrator of operators manages all this, never about themselves; the first one is invited from
// the machine itself (InviteFirst). Staff is the access.Directory of the screens.
package staff

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of an organisation's staff.
var Schema = sqlstore.SchemaIn("staff", files)

const (
	// ReviewEvery is how long an authority holds for what is dangerous before it must be reviewed.
	ReviewEvery = 180 * 24 * time.Hour

	// InvitationLife is how long somebody who was invited has to register a passkey.
	InvitationLife = 72 * time.Hour

	// answerLife is how long somebody has to answer a question with a passkey.
	answerLife = 5 * time.Minute

	// personaReview keeps the test country going for as long as anybody plays with it.
	personaReview = 100 * 365 * 24 * time.Hour
)

// Config is what an organisation's staff stands on.
type Config struct {
	Self  message.Org
	Name  plain.Sentence
	Store *sqlstore.Store
	Clock clock.Clock
	Rand  io.Reader
	// Origin is where people open the screens, as browsers write it: "https://juki.example.lg.jp". Empty: nobody can show a
	// passkey there but the software of personas.
	Origin string
	Log    *slog.Logger
}

// Staff is an organisation's staff. It is safe for concurrent use.
type Staff struct {
	Config
	party *passkey.Party
	seal  func() ([]byte, error) // the key of this process, under which questions go out; made when the first one does
}

// nowhere is the origin of an organisation that no browser shows a passkey to.
const nowhere = "http://localhost"

// New returns the staff of an organisation. Its errors are for whoever wires the program.
func New(cfg Config) (*Staff, error) {
	s := &Staff{Config: cfg}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	origin := cfg.Origin
	if origin == "" {
		origin = nowhere
	}
	var err error
	if s.party, err = passkey.New(cfg.Name.In(plain.JA), origin); err != nil {
		return nil, err
	}
	s.seal = sync.OnceValues(func() ([]byte, error) {
		key := make([]byte, sha256.Size)
		_, err := io.ReadFull(s.Rand, key)
		return key, err
	})
	return s, nil
}

// secret returns a new secret, and the hash that is kept of it.
func (s *Staff) secret() (secret string, hash []byte, err error) {
	var b [32]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return "", nil, err
	}
	secret = base64.RawURLEncoding.EncodeToString(b[:])
	return secret, hashOf(secret), nil
}

// NewSecret is a secret for a browser that has none yet.
func (s *Staff) NewSecret() (string, error) {
	secret, _, err := s.secret()
	return secret, err
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte("akashi staff v1\x00" + secret))
	return sum[:]
}

// may asks the one table of rights, and refuses what somebody would do about themselves.
func (s *Staff) may(by access.Person, person string) error {
	if err := access.May(by, access.ManageStaff, s.Self.Role()); err != nil {
		return err
	}
	if by.ID == person {
		return plain.Bad("person", "自分の権限は、自分では変えられません。ほかの管理者に依頼してください。",
			"Nobody changes their own authority: ask another administrator.")
	}
	return nil
}

// record writes what was done to a person into the history and, when it was done by somebody about it, into the organisation's
// audit log.
func record(tx *sqlstore.Tx, actor, act, person, detail string) {
	tx.Collect("staff_history", "at, seq, actor, act, person, detail", tx.Now(), tx.Serial(), actor, act, person, detail)
	if act != ActSignIn && act != ActStepUp && act != ActLeave {
		auditlog.Write(tx, auditlog.Entry{Actor: actor, Act: "staff." + act, Case: person, Detail: detail})
	}
}

// The acts of the history. All but the last three are in the organisation's audit log too, as "staff.issue" and so on.
const (
	ActIssue    = "issue"    // authority was issued, to a person who is new or had none
	ActTransfer = "transfer" // authority was moved to another job or office
	ActRevoke   = "revoke"   // authority was taken away
	ActReview   = "review"   // authority was found to be right
	ActInvite   = "invite"   // a person was invited to register a passkey
	ActConfirm  = "confirm"  // the invitation was confirmed, by another administrator or the machine
	ActRegister = "register" // a passkey was registered
	ActLost     = "lost"     // a passkey was reported lost
	ActWithdraw = "withdraw" // a passkey was taken out of use
	ActHold     = "hold"     // a passkey was held: there may be a copy of it
	ActTaken    = "taken"    // a passkey was refused: it is another person's
	ActSignIn   = "sign-in"
	ActStepUp   = "step-up"
	ActLeave    = "leave"
)

// SystemActor acts for the program and for the machine.
const (
	systemActor  = "system"
	commandActor = "command line"
)

var personID = regexp.MustCompile(`^[a-z][a-z0-9-]{2,31}$`)

// reserved stand for others in the audit log.
var reserved = map[string]bool{"system": true, "import": true, "drill": true}

func checkID(id string) error {
	if _, err := message.ParseOrg(id); err == nil || reserved[id] || !personID.MatchString(id) {
		return plain.Bad("id", "識別子は、英小文字で始まる3〜32文字の英小文字・数字・ハイフンで入力してください。団体の名前は使えません。",
			"Write the identifier with 3 to 32 small letters, figures and hyphens, a letter first; not the name of an organisation.")
	}
	return nil
}

// text is a short entry of one line.
func text(field, v, ja, en string, need bool) (string, error) {
	v = strings.TrimSpace(v)
	if need && v == "" {
		return "", plain.Bad(field, ja+"を入力してください。", "Enter "+en+".")
	}
	if len([]rune(v)) > 100 || strings.ContainsAny(v, "\r\n\x00") {
		return "", plain.Bad(field, ja+"は、100文字までの一行で入力してください。", "Write "+en+" in one line of at most 100 characters.")
	}
	return v, nil
}

// why is the reason that somebody gives.
func why(v string) (string, error) { return text("why", v, "わけ", "why", true) }

// notTaken is what a person is told when a passkey was not taken; the log says why.
func (s *Staff) notTaken(ctx context.Context, what string, err error) error {
	s.Log.WarnContext(ctx, "a passkey was not taken", slog.String("for", what), slog.Any("error", err))
	return plain.Bad("passkey", "パスキーで確かめられませんでした。もう一度行ってください。続くときは、操作者の管理者に連絡してください。",
		"Your passkey could not be verified: try again. If it goes on, tell the administrator of operators.")
}

// holder is how a passkey knows a person.
func (p Person) holder() passkey.Holder { return passkey.Holder{Handle: p.handle, Name: p.Name.JA} }

var errUnknown = errors.New("there is no such person")

func unknown(id string) error {
	return plain.Bad("person", fmt.Sprintf("職員「%s」はいません。職員の一覧から選んでください。", id), fmt.Sprintf("There is no person %q: choose one of the list.", id))
}
