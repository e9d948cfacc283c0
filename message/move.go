package message

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// MoveStep is what one municipality tells the other of a move.
type MoveStep string

// The steps. The old municipality tells of the first three, the new one of void, registered and lapsed: whoever moves is registered there or is not, so
// that there alone a move that is cancelled and filed in the same moment is decided. Either tells of the last two, where people have decided
// what no message would have.
const (
	MovePlanned    MoveStep = "planned"    // 転出の届出: the person leaves on a day to come
	MoveLeft       MoveStep = "left"       // 消除: the record is deleted
	MoveVoid       MoveStep = "void"       // 取消: of a MoveOut asked for, of a MoveIn done
	MoveRegistered MoveStep = "registered" // 転入: the person is registered at the new municipality
	MoveLapsed     MoveStep = "lapsed"     // of a MoveIn: nobody has filed it within the time in which the card would do, and the card is void
	MoveClosed     MoveStep = "closed"     // closed by hand: two people have found out that the person lives at the new municipality
	MoveUnmade     MoveStep = "unmade"     // closed by hand: two people have found out that nobody moved by this
)

// Moving is who moves, as the old register has them.
type Moving struct {
	resident.BasicFour
	Kana        resident.Kana
	CommonName  resident.Name
	Nationality resident.Nationality
	Relation    resident.Relation
	Number      resident.IndividualNumber
	Place       resident.Address // where to, as the person said
}

// MoveItem is one more item of a certificate, by its Japanese name: 国民健康保険, 児童手当 and the like.
type MoveItem struct{ Name, Value string }

// LogValue leaves out the value.
func (i MoveItem) LogValue() slog.Value { return slog.StringValue(i.Name) }

// Format leaves out the value.
func (i MoveItem) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "item %s", i.Name) }

// MoveOut is 転出証明書情報: who moves, and from which state of the record the new municipality goes on.
type MoveOut struct {
	Move, Family   string
	Step           MoveStep // MovePlanned, MoveLeft, MoveVoid, MoveClosed or MoveUnmade
	From, To       resident.MunicipalityCode
	Code           resident.RecordCode
	Version        resident.Version
	Planned, Filed resident.Date
	Special        bool
	Person         Moving // of MovePlanned and MoveLeft alone
	Items          []MoveItem
	Again          bool // told before, and its sender waits: the receiver answers as it did
}

// Kind is resident.moveout.
func (MoveOut) Kind() Kind { return KindMoveOut }

// Keys are the resident's code, and the move, which stays the same when the code is changed before the day.
func (n MoveOut) Keys() []string { return []string{n.Code.Reveal(), "move/" + n.Move} }

// Entries is one fact: that the old municipality told of the step, with what the new one goes by.
func (n MoveOut) Entries() []Entry {
	return []Entry{{Book: movesTold(n.From, n.To), Key: n.Move + "/out/" + string(n.Step), Is: EntryValue(Moves, n.Code.Reveal(),
		n.Version.String(), n.Planned.String(), n.Filed.String(), strconv.FormatBool(n.Special))}}
}

// MoveIn is 転入通知 (法9条), that the move will not be, or what two people have found out about it.
type MoveIn struct {
	Move       string   // empty: the information of the move had not come
	Step       MoveStep // MoveRegistered, MoveVoid, MoveLapsed, MoveClosed or MoveUnmade
	From, To   resident.MunicipalityCode
	Code       resident.RecordCode
	Day, Filed resident.Date
	Version    resident.Version
	Again      bool // told before, and its sender waits: the receiver answers as it did
}

// Kind is resident.movein.
func (MoveIn) Kind() Kind { return KindMoveIn }

// Keys are the resident's code, and the move when it is known.
func (n MoveIn) Keys() []string {
	if n.Move == "" {
		return []string{n.Code.Reveal()}
	}
	return []string{n.Code.Reveal(), "move/" + n.Move}
}

// Entries is one fact: that the new municipality told of the step. A move of which it knows only the code and the version is named by them.
func (n MoveIn) Entries() []Entry {
	move := n.Move
	if move == "" {
		move = "paper-" + n.Version.String() + "-" + n.Code.Reveal()
	}
	return []Entry{{Book: movesTold(n.To, n.From), Key: move + "/in/" + string(n.Step), Is: EntryValue(Moves, n.Code.Reveal(), n.Version.String(), n.Day.String(), n.Filed.String())}}
}

// movesTold is the book of what one municipality tells another: between two, each is the source of one.
func movesTold(by, to resident.MunicipalityCode) Book {
	if by.String() < to.String() {
		return Moves
	}
	return MovesBack
}

func (n MoveOut) wire() proto.Message {
	w := &messagepb.MoveOut{Move: n.Move, Family: n.Family, Step: string(n.Step), From: n.From.String(), To: n.To.String(), Code: n.Code.Reveal(),
		Version: uint64(n.Version), Planned: n.Planned.String(), Filed: n.Filed.String(), Special: n.Special, Again: n.Again}
	if n.Step == MovePlanned || n.Step == MoveLeft {
		p, sex := n.Person, ""
		if p.Sex.Valid() {
			sex = string('0' + rune(p.Sex))
		}
		w.Person = &messagepb.MovingPerson{Name: p.Name.Reveal(), Kana: p.Kana.Reveal(), Birth: p.Birth.String(), Sex: sex, Address: p.Address.Reveal(),
			CommonName: p.CommonName.Reveal(), Nationality: p.Nationality.Reveal(), Relation: p.Relation.Reveal(), Number: p.Number.Reveal(), Place: p.Place.Reveal()}
	}
	for _, i := range n.Items {
		w.Items = append(w.Items, &messagepb.MoveItem{Name: i.Name, Value: i.Value})
	}
	return w
}

// The bounds of what is not a field of the vocabulary.
const (
	maxMoveItems = 40
	maxMoveName  = 400  // bytes
	maxMoveValue = 2000 // bytes: an address of 200 characters with a selector each has 1600
)

// moveName reads the name of a move: that of the old municipality and a number, so that no other can give it.
func moveName(c *check, field, s string, from resident.MunicipalityCode) string {
	number, ok := strings.CutPrefix(s, from.String()+"-")
	if n, err := strconv.ParseUint(number, 10, 63); !ok || err != nil || strconv.FormatUint(n, 10) != number {
		c.note(field, errors.New("no name of a move of this municipality"))
	}
	return s
}

func moveEnds(c *check, from, to string) (a, b resident.MunicipalityCode) {
	a, b = field(c, "from", from, resident.ParseMunicipalityCode), field(c, "to", to, resident.ParseMunicipalityCode)
	if a == b {
		c.note("to", errors.New("a move within a municipality"))
	}
	return a, b
}

func moveOutFromWire(w *messagepb.MoveOut) (MoveOut, error) {
	var c check
	n := MoveOut{Step: MoveStep(w.Step), Code: field(&c, "code", w.Code, resident.ParseRecordCode), Version: version(&c, w.Version), Special: w.Special, Again: w.Again,
		Planned: field(&c, "planned", w.Planned, resident.ParseDate), Filed: field(&c, "filed", w.Filed, resident.ParseDate)}
	n.From, n.To = moveEnds(&c, w.From, w.To)
	n.Move, n.Family = moveName(&c, "move", w.Move, n.From), moveName(&c, "family", w.Family, n.From)
	switch n.Step {
	case MovePlanned, MoveLeft:
		if p := w.Person; p == nil {
			required(&c, "person", false)
		} else {
			n.Person = Moving{BasicFour: resident.BasicFour{Name: field(&c, "name", p.Name, resident.ParseName), Birth: field(&c, "birth", p.Birth, resident.ParsePartialDate),
				Sex: field(&c, "sex", p.Sex, resident.ParseSex), Address: field(&c, "address", p.Address, resident.ParseAddress)},
				Kana: optional(&c, "kana", p.Kana, resident.ParseKana), CommonName: optional(&c, "common name", p.CommonName, resident.ParseName),
				Nationality: optional(&c, "nationality", p.Nationality, resident.ParseNationality), Relation: field(&c, "relation", p.Relation, resident.ParseRelation),
				Number: optional(&c, "number", p.Number, resident.ParseIndividualNumber), Place: optional(&c, "place", p.Place, resident.ParseAddress)}
		}
	case MoveVoid, MoveClosed, MoveUnmade:
		if w.Person != nil {
			c.note("person", errors.New("a cancellation carries no person"))
		}
	default:
		c.note("step", errors.New("no step of a moving out"))
	}
	if len(w.Items) > maxMoveItems {
		c.note("items", errors.New("too many items"))
		return n, c.err()
	}
	for _, i := range w.Items {
		if i.GetName() == "" || len(i.GetName()) > maxMoveName || len(i.GetValue()) > maxMoveValue || !plainText(i.GetName()+i.GetValue()) {
			c.note("items", errors.New("an item without a name, too long, or with control characters"))
			break
		}
		n.Items = append(n.Items, MoveItem{i.Name, i.Value})
	}
	return n, c.err()
}

// plainText tells whether a text is one line that can be shown.
func plainText(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\u2028' || r == '\u2029' || r == '\ufffd' })
}

func (n MoveIn) wire() proto.Message {
	return &messagepb.MoveIn{Move: n.Move, Step: string(n.Step), From: n.From.String(), To: n.To.String(), Code: n.Code.Reveal(),
		Day: n.Day.String(), Filed: n.Filed.String(), Version: uint64(n.Version), Again: n.Again}
}

func moveInFromWire(w *messagepb.MoveIn) (MoveIn, error) {
	var c check
	n := MoveIn{Move: w.Move, Step: MoveStep(w.Step), Code: field(&c, "code", w.Code, resident.ParseRecordCode),
		Day: field(&c, "day", w.Day, resident.ParseDate), Filed: field(&c, "filed", w.Filed, resident.ParseDate), Again: w.Again}
	n.From, n.To = moveEnds(&c, w.From, w.To)
	if n.Move != "" || n.Step == MoveVoid || n.Step == MoveLapsed {
		n.Move = moveName(&c, "move", w.Move, n.From)
	}
	switch {
	case n.Step == MoveRegistered, n.Step == MoveClosed, n.Step == MoveUnmade:
		n.Version = version(&c, w.Version)
	case n.Step != MoveVoid && n.Step != MoveLapsed:
		c.note("step", errors.New("no step of a moving in"))
	case w.Version != 0:
		c.note("version", errors.New("where nobody is registered there is no version"))
	}
	return n, c.err()
}
