package message

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// AskAttach is the kind of the question whether a record code may be attached to a registration (住民票コードを付けることへの同意).
// In 2016 a namesake's code was attached on a moving in, and one individual number went to two men: nobody was asked.
const AskAttach = "code.attach"

// AttachQuestion is what a municipality asks the national center before it registers somebody under a code that it did not
// give itself.
type AttachQuestion struct {
	Request string // the same one has the same answer
	Code    resident.RecordCode
	Name    resident.Name
	Birth   resident.PartialDate
	Sex     resident.Sex
	Number  resident.IndividualNumber // that the papers state; may be absent

	Municipality resident.MunicipalityCode // in whose register the person is to be
	From         resident.MunicipalityCode // 従前の市区町村; zero for one who comes from abroad, or from where nobody knows
	Announced    bool                      // From has told the asker of this person's moving out
	Reason       resident.ChangeReason     // of the entry
}

// attachShape opens the bytes that Person hashes.
const attachShape = "akashi/attach/1"

// Person is the hash of all that is asked about: an answer holds for this and for nothing else. Its bytes are the shape and the
// question's fields but the request, in the order of AttachQuestion, each after its length (4 bytes, big-endian).
func (q AttachQuestion) Person() Hash {
	var b []byte
	for _, s := range []string{attachShape, q.Code.Reveal(), q.Name.Reveal(), q.Birth.String(), sexDigit(q.Sex), q.Number.Reveal(),
		q.Municipality.String(), q.From.String(), announced(q.Announced), q.Reason.Code()} {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
	}
	return sha256.Sum256(b)
}

func announced(yes bool) string {
	if yes {
		return "announced"
	}
	return ""
}

func sexDigit(s resident.Sex) string {
	if !s.Valid() {
		return ""
	}
	return string('0' + rune(s))
}

// LogValue names nobody.
func (q AttachQuestion) LogValue() slog.Value { return slog.StringValue(q.Request) }

// Encode gives the question's bytes.
func (q AttachQuestion) Encode() ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(&messagepb.AttachQuestion{Request: q.Request, Code: q.Code.Reveal(), Name: q.Name.Reveal(),
		Birth: q.Birth.String(), Sex: sexDigit(q.Sex), Number: q.Number.Reveal(), Municipality: q.Municipality.String(), From: q.From.String(), Announced: q.Announced, Reason: q.Reason.Code()})
}

// ReadAttachQuestion reads what Encode wrote. Each field is checked as it would be at a counter.
func ReadAttachQuestion(body []byte) (AttachQuestion, error) {
	var w messagepb.AttachQuestion
	if err := proto.Unmarshal(body, &w); err != nil {
		return AttachQuestion{}, fmt.Errorf("couldn't read the question: %w", err)
	}
	var c check
	q := AttachQuestion{
		Request: w.Request, Code: field(&c, "code", w.Code, resident.ParseRecordCode), Name: field(&c, "name", w.Name, resident.ParseName),
		Birth: field(&c, "birth", w.Birth, resident.ParsePartialDate), Sex: field(&c, "sex", w.Sex, resident.ParseSex),
		Number:       optional(&c, "number", w.Number, resident.ParseIndividualNumber),
		Municipality: field(&c, "municipality", w.Municipality, resident.ParseMunicipalityCode),
		From:         optional(&c, "from", w.From, resident.ParseMunicipalityCode),
		Announced:    w.Announced,
		Reason:       field(&c, "reason", w.Reason, resident.ParseChangeReason),
	}
	required(&c, "from", !q.Announced || q.From.Valid())
	required(&c, "request", isWord(w.Request))
	required(&c, "reason", q.Reason.Act() == resident.Entry)
	return q, c.err()
}

// isWord tells whether a text can stand as one word of a line that is signed.
func isWord(s string) bool {
	return s != "" && len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// AttachWhy is why the center does not agree.
type AttachWhy string

// The reasons. Several may hold at once.
const (
	AttachUnknown   AttachWhy = "unknown"   // nobody is held under the code
	AttachRetired   AttachWhy = "retired"   // the code was changed for another one
	AttachName      AttachWhy = "name"      // the person with the code has another name
	AttachBirth     AttachWhy = "birth"     // … was born on another day
	AttachSex       AttachWhy = "sex"       // … is of another sex
	AttachNumber    AttachWhy = "number"    // the code's individual number is another one
	AttachPresent   AttachWhy = "present"   // the person is a resident somewhere, and no moving out was told
	AttachEnded     AttachWhy = "ended"     // the record ended otherwise than by moving out: a death, or ex officio
	AttachElsewhere AttachWhy = "elsewhere" // the person moved out of another municipality than the one named
	AttachPromised  AttachWhy = "promised"  // another municipality has been told yes, and has not registered the person yet
	AttachAside     AttachWhy = "aside"     // the center's staff look into it first: too many refused, or whom nobody expects there
)

var attachWhys = []AttachWhy{AttachUnknown, AttachRetired, AttachName, AttachBirth, AttachSex, AttachNumber, AttachPresent, AttachEnded,
	AttachElsewhere, AttachPromised, AttachAside}

// AttachAnswer is the center's answer. It agrees when it gives no reason against it.
type AttachAnswer struct {
	Center  Org
	To      Org
	Request string
	Person  Hash        // of the question
	Why     []AttachWhy // against it; none: it agrees
	// Version is the last version that the center holds of the person; 0 for none. The registration must go on from it.
	Version  resident.Version
	SignedAt time.Time
	Until    time.Time // it holds until then
}

// Agrees tells whether the code may be attached.
func (a AttachAnswer) Agrees() bool { return len(a.Why) == 0 }

// attachTitle keeps the answer's signature from being taken for one over anything else.
const attachTitle = "akashi attach answer v1"

// Text is exactly what is signed: lines of a name, a space and a value, each ended by a newline. It names nobody.
func (a AttachAnswer) Text() []byte {
	verdict, why := "agreed", "-"
	if !a.Agrees() {
		words := make([]string, len(a.Why))
		for i, w := range a.Why {
			words[i] = string(w)
		}
		verdict, why = "refused", strings.Join(words, ",")
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\ncenter %s\nto %s\nrequest %s\nperson %x\nverdict %s\nwhy %s\nversion %d\nsigned %s\nuntil %s\n", attachTitle, a.Center, a.To,
		a.Request, a.Person[:], verdict, why, a.Version, a.SignedAt.UTC().Format(stamp), a.Until.UTC().Format(stamp))
	return b.Bytes()
}

var errAttachAnswer = errors.New("the answer is not in the form that is signed")

// ParseAttachAnswer reads what Text wrote, and nothing else.
func ParseAttachAnswer(text []byte) (AttachAnswer, error) {
	var a AttachAnswer
	names := []string{attachTitle, "center", "to", "request", "person", "verdict", "why", "version", "signed", "until"}
	lines := strings.Split(string(text), "\n")
	if len(text) > 1024 || len(lines) != len(names)+1 || lines[0] != attachTitle {
		return a, errAttachAnswer
	}
	values := make([]string, len(names))
	for i := 1; i < len(names); i++ {
		name, value, _ := strings.Cut(lines[i], " ")
		if name != names[i] || value == "" {
			return a, errAttachAnswer
		}
		values[i] = value
	}
	var errs [6]error
	a.Center, errs[0] = ParseOrg(values[1])
	a.To, errs[1] = ParseOrg(values[2])
	a.Request = values[3]
	a.Person, errs[2] = parseHash(values[4])
	if values[6] != "-" {
		for _, w := range strings.Split(values[6], ",") {
			a.Why = append(a.Why, AttachWhy(w))
		}
	}
	var version uint64
	version, errs[3] = strconv.ParseUint(values[7], 10, 63)
	a.Version = resident.Version(version)
	a.SignedAt, errs[4] = time.Parse(stamp, values[8])
	a.Until, errs[5] = time.Parse(stamp, values[9])
	if err := errors.Join(errs[:]...); err != nil {
		return a, fmt.Errorf("%w: %w", errAttachAnswer, err)
	}
	known := !slices.ContainsFunc(a.Why, func(w AttachWhy) bool { return !slices.Contains(attachWhys, w) })
	// One answer has one text: what reads the same is the same.
	if !known || !isWord(a.Request) || !bytes.Equal(a.Text(), text) {
		return a, errAttachAnswer
	}
	return a, nil
}

// SignedAttachAnswer is an answer with its signature, as both ends keep it.
type SignedAttachAnswer struct {
	Answer      AttachAnswer
	Raw         []byte // the text
	Signature   []byte
	Certificate []byte // the center's signing certificate, DER. Whoever calls Verify must trust it first.
}

// SealAttachAnswer signs an answer's text.
func SealAttachAnswer(random io.Reader, key crypto.Signer, certificate, text []byte) (*SignedAttachAnswer, error) {
	a, err := ParseAttachAnswer(text)
	if err != nil {
		return nil, err
	}
	if key == nil {
		return nil, errors.New("couldn't sign the answer: there is no key")
	}
	digest := sha256.Sum256(text)
	signature, err := key.Sign(random, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("couldn't sign the answer: %w", err)
	}
	return &SignedAttachAnswer{a, text, signature, certificate}, nil
}

// ErrAttachSignature means that the answer's text is not what was signed.
var ErrAttachSignature = errors.New("the answer's signature does not verify under its certificate")

// Verify checks the signature under the key of a certificate that the caller trusts to be the center's.
func (s *SignedAttachAnswer) Verify(public crypto.PublicKey) error {
	digest := sha256.Sum256(s.Raw)
	if key, ok := public.(*ecdsa.PublicKey); !ok || !ecdsa.VerifyASN1(key, digest[:], s.Signature) {
		return ErrAttachSignature
	}
	return nil
}

// Encode gives the bytes that cross the border.
func (s *SignedAttachAnswer) Encode() ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(&messagepb.AttachAnswer{Text: s.Raw, Signature: s.Signature, Certificate: s.Certificate})
}

// ReadAttachAnswer reads what Encode wrote. Nothing of it is proved before Verify.
func ReadAttachAnswer(body []byte) (*SignedAttachAnswer, error) {
	var w messagepb.AttachAnswer
	if err := proto.Unmarshal(body, &w); err != nil {
		return nil, fmt.Errorf("couldn't read the answer: %w", err)
	}
	a, err := ParseAttachAnswer(w.Text)
	if err != nil {
		return nil, err
	}
	return &SignedAttachAnswer{a, w.Text, w.Signature, w.Certificate}, nil
}

// Name says the reason in words.
func (w AttachWhy) Name() plain.Sentence {
	switch w {
	case AttachUnknown:
		return plain.Sentence{JA: "このコードの人の通知がない", EN: "nobody was told of under this code"}
	case AttachRetired:
		return plain.Sentence{JA: "変更されて使われなくなったコード", EN: "the code was changed for another one"}
	case AttachName:
		return plain.Sentence{JA: "氏名が違う", EN: "another name"}
	case AttachBirth:
		return plain.Sentence{JA: "生年月日が違う", EN: "another date of birth"}
	case AttachSex:
		return plain.Sentence{JA: "性別が違う", EN: "another sex"}
	case AttachNumber:
		return plain.Sentence{JA: "個人番号が違う", EN: "another individual number"}
	case AttachPresent:
		return plain.Sentence{JA: "ほかの住民票がまだある", EN: "a resident elsewhere still"}
	case AttachEnded:
		return plain.Sentence{JA: "転出のほかの理由で消除されている", EN: "the record ended otherwise than by moving out"}
	case AttachElsewhere:
		return plain.Sentence{JA: "従前の市区町村が違う", EN: "moved out of another municipality"}
	case AttachPromised:
		return plain.Sentence{JA: "ほかの市区町村に同意している", EN: "another municipality has been agreed with"}
	case AttachAside:
		return plain.Sentence{JA: "全国センターが確認中", EN: "the center's staff look into it"}
	}
	return plain.Sentence{JA: string(w), EN: string(w)}
}
