// Package der says whether bytes are DER (識別符号化規則, X.690), and where they are not.
//
// Parsers that skip what they do not want let a signed structure be written in more than one way. Then one key has two
// hashes, and two programs read two things out of one request. So what strangers send is walked through as a whole first, and
// read only after.
package der

import (
	"bytes"
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
)

// maxDepth is far more than any structure that is walked here has; what is nested deeper was made to exhaust a stack.
const maxDepth = 24

// Fault is the first place where bytes are no DER.
type Fault struct {
	Code string // for machines: "der-indefinite"
	At   int    // octets from the start, of the element that is wrong
	What plain.Sentence
}

// Error names the place.
func (f *Fault) Error() string { return fmt.Sprintf("at octet %d: %s", f.At, f.What) }

// The kinds of faults, by their codes.
var (
	truncated   = fault("der-truncated", "途中で終わっています。", "It ends too early.")
	trailing    = fault("der-trailing", "後ろに余分なバイトがあります。", "Something follows after its end.")
	indefinite  = fault("der-indefinite", "長さが不定長で書かれています。", "A length is indefinite.")
	length      = fault("der-length", "長さが最短の形で書かれていません。", "A length is not written in the shortest way.")
	tag         = fault("der-tag", "使われない形のタグがあります。", "A tag has a form that is not used.")
	depth       = fault("der-depth", "入れ子が深すぎます。", "It is nested too deeply.")
	integer     = fault("der-integer", "整数が最短の形で書かれていません。", "An integer is not written in the shortest way.")
	boolean     = fault("der-boolean", "真偽値が決められた形ではありません。", "A boolean is not written as it must be.")
	null        = fault("der-null", "空値に中身があります。", "A null has a content.")
	bits        = fault("der-bits", "ビット列の余りが正しくありません。", "A bit string is padded wrongly.")
	oid         = fault("der-oid", "オブジェクト識別子が正しく書かれていません。", "An object identifier is not written as it must be.")
	constructed = fault("der-constructed", "組立て型と単純型の別が正しくありません。", "What must be in one piece is in several, or the other way round.")
	order       = fault("der-order", "集合の要素が決められた順に並んでいません。", "The members of a set are not in their order.")
)

type kind struct {
	code string
	what plain.Sentence
}

func fault(code, ja, en string) kind { return kind{code, plain.Sentence{JA: ja, EN: en}} }

// The universal tags that have a rule of their own.
const (
	tagBoolean  = 0x01
	tagInteger  = 0x02
	tagBits     = 0x03
	tagNull     = 0x05
	tagOID      = 0x06
	tagEnum     = 0x0a
	tagSequence = 0x30
	tagSet      = 0x31
)

// Check walks through one element and all that is in it. It returns a *Fault, or nil. The inside of octet strings and bit
// strings is not looked at: what is in them has another type.
func Check(b []byte) error {
	w := walker{whole: b}
	rest, f := w.element(b, 0)
	if f == nil && len(rest) > 0 {
		f = w.at(rest, trailing)
	}
	if f == nil {
		return nil // not a nil *Fault, which would be an error
	}
	return f
}

// walker knows the whole, so that a fault can say where it is.
type walker struct{ whole []byte }

func (w walker) at(rest []byte, k kind) *Fault {
	return &Fault{Code: k.code, At: len(w.whole) - len(rest), What: k.what}
}

// element checks the first element of b, which is the tail of the whole from its place on, and gives what follows it.
func (w walker) element(b []byte, level int) (rest []byte, f *Fault) {
	if level > maxDepth {
		return nil, w.at(b, depth)
	}
	header, n, k := readHeader(b)
	if k != nil {
		return nil, w.at(b, *k)
	}
	content, rest := b[header:header+n], b[header+n:]
	id := b[0]
	if f := w.primitive(b, id, content); f != nil {
		return nil, f
	}
	if id&0x20 == 0 {
		return rest, nil
	}
	var last []byte
	for inside := b[header:]; len(inside) > len(rest); {
		// An element may not reach beyond the one that holds it: only the part before rest is shown to it.
		inner := walker{w.whole[:len(w.whole)-len(rest)]}
		this := inside[:len(inside)-len(rest)]
		after, f := inner.element(this, level+1)
		if f != nil {
			return nil, f
		}
		one := this[:len(this)-len(after)]
		if id == tagSet {
			if last != nil && bytes.Compare(last, one) > 0 { // X.690 11.6
				return nil, inner.at(this, order)
			}
			last = one
		}
		inside = inside[len(one):]
	}
	return rest, nil
}

// readHeader reads tag and length: how many octets they take, and how many follow.
func readHeader(b []byte) (header, n int, k *kind) {
	if len(b) < 2 {
		return 0, 0, &truncated
	}
	if b[0]&0x1f == 0x1f || b[0] == 0 {
		return 0, 0, &tag // tags from 31 on stand in nothing that is read here; 0 ends what has no length
	}
	first := b[1]
	switch {
	case first < 0x80:
		header, n = 2, int(first)
	case first == 0x80:
		return 0, 0, &indefinite
	default:
		octets := int(first & 0x7f)
		if octets > 3 {
			return 0, 0, &length // 16 MiB and more, or padded with zeros
		}
		if len(b) < 2+octets {
			return 0, 0, &truncated
		}
		for _, o := range b[2 : 2+octets] {
			n = n<<8 | int(o)
		}
		if n < 0x80 || b[2] == 0 {
			return 0, 0, &length // X.690 10.1
		}
		header = 2 + octets
	}
	if len(b)-header < n {
		return 0, 0, &truncated
	}
	return header, n, nil
}

// primitive checks the content of the types of which DER says how they are written (X.690 8, 10, 11).
func (w walker) primitive(b []byte, id byte, content []byte) *Fault {
	if class := id & 0xc0; class != 0 {
		return nil // what the tag means depends on where it stands
	}
	if structured := id == tagSequence || id == tagSet; structured != (id&0x20 != 0) || id == tagSequence&^0x20 || id == tagSet&^0x20 {
		return w.at(b, constructed)
	}
	switch id {
	case tagBoolean:
		if len(content) != 1 || content[0] != 0 && content[0] != 0xff {
			return w.at(b, boolean)
		}
	case tagInteger, tagEnum:
		if len(content) == 0 || len(content) > 1 && (content[0] == 0 && content[1] < 0x80 || content[0] == 0xff && content[1] >= 0x80) {
			return w.at(b, integer)
		}
	case tagBits:
		if len(content) == 0 || content[0] > 7 || len(content) == 1 && content[0] != 0 ||
			content[len(content)-1]&(1<<content[0]-1) != 0 && len(content) > 1 {
			return w.at(b, bits)
		}
	case tagNull:
		if len(content) != 0 {
			return w.at(b, null)
		}
	case tagOID:
		if !wellFormedOID(content) {
			return w.at(b, oid)
		}
	}
	return nil
}

// wellFormedOID: each number in the fewest octets, and the last one ended (X.690 8.19.2).
func wellFormedOID(content []byte) bool {
	start := true
	for _, o := range content {
		if start && o == 0x80 {
			return false
		}
		start = o < 0x80
	}
	return len(content) > 0 && start
}
