// Package ipp reads and writes the messages of the Internet Printing Protocol (印刷プロトコルの符号化), RFC 8010 section 3: a head of eight octets, groups of
// attributes, and after them the document, of which it knows nothing.
//
// What it reads comes from a device. It refuses a message with an attribute twice in one group, because two readers could take different
// ones of them, an integer that is not of four octets, a length above 32767, and whatever ends in the middle; it takes no more memory than a small
// multiple of what it is given, so whoever calls bounds that. Of collections it keeps the parts in their order, without their structure.
package ipp

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Tags of groups (RFC 8010 section 3.5.1) and of values (section 3.5.2).
const (
	OperationGroup   = 0x01
	JobGroup         = 0x02
	endOfAttributes  = 0x03
	PrinterGroup     = 0x04
	UnsupportedGroup = 0x05

	Unsupported = 0x10
	NoValue     = 0x13
	Integer     = 0x21
	Boolean     = 0x22
	Enum        = 0x23
	Text        = 0x41
	Name        = 0x42
	Keyword     = 0x44
	URI         = 0x45
	Charset     = 0x47
	Language    = 0x48
	MediaType   = 0x49

	nameWithLanguage = 0x36
)

// Message is a request or an answer without its document. Code is the operation of a request, and the status of an answer.
type Message struct {
	Major, Minor byte
	Code         uint16
	RequestID    uint32
	Groups       []Group
}

// Group is one group of attributes. A message may have several with the same tag: an answer has a group for each job.
type Group struct {
	Tag        byte
	Attributes []Attribute
}

// Attribute is a name with its values, of which there is at least one.
type Attribute struct {
	Name   string
	Values []Value
}

// Value is one value as it stands in the message.
type Value struct {
	Tag   byte
	Bytes []byte
}

// Strings makes an attribute of texts, keywords, addresses.
func Strings(tag byte, name string, values ...string) Attribute {
	a := Attribute{Name: name}
	for _, v := range values {
		a.Values = append(a.Values, Value{tag, []byte(v)})
	}
	return a
}

// Ints makes an attribute of integers or enums.
func Ints(tag byte, name string, values ...int32) Attribute {
	a := Attribute{Name: name}
	for _, v := range values {
		a.Values = append(a.Values, Value{tag, binary.BigEndian.AppendUint32(nil, uint32(v))})
	}
	return a
}

// Bool makes an attribute of one boolean.
func Bool(name string, v bool) Attribute {
	a := Attribute{Name: name, Values: []Value{{Boolean, []byte{0}}}}
	if v {
		a.Values[0].Bytes[0] = 1
	}
	return a
}

// Strings returns the texts of an attribute, and nil when the group has none. What bears a language comes without it.
func (g Group) Strings(name string) (texts []string) {
	for _, v := range g.values(name) {
		switch {
		case v.Tag == nameWithLanguage || v.Tag == nameWithLanguage-1:
			// Two lengths with what follows each: the language, then the text.
			if b := v.Bytes; len(b) >= 4 {
				if n := int(binary.BigEndian.Uint16(b)); len(b) >= n+4 && len(b)-n-4 == int(binary.BigEndian.Uint16(b[n+2:])) {
					texts = append(texts, string(b[n+4:]))
				}
			}
		case v.Tag >= 0x40 && v.Tag <= 0x49:
			texts = append(texts, string(v.Bytes))
		}
	}
	return texts
}

// Ints returns the integers or enums of an attribute, and nil when the group has none.
func (g Group) Ints(name string) (numbers []int) {
	for _, v := range g.values(name) {
		if v.Tag == Integer || v.Tag == Enum {
			numbers = append(numbers, int(int32(binary.BigEndian.Uint32(v.Bytes))))
		}
	}
	return numbers
}

// Int returns a single integer or enum, and absent when the group has none: no such attribute, another kind of value, or several.
func (g Group) Int(name string, absent int) int {
	if n := g.Ints(name); len(n) == 1 {
		return n[0]
	}
	return absent
}

// Bool returns a boolean, and absent when the group has none.
func (g Group) Bool(name string, absent bool) bool {
	if v := g.values(name); len(v) == 1 && v[0].Tag == Boolean {
		return v[0].Bytes[0] != 0
	}
	return absent
}

func (g Group) values(name string) []Value {
	for _, a := range g.Attributes {
		if a.Name == name {
			return a.Values
		}
	}
	return nil
}

// longest is the longest name or value: lengths are SIGNED-SHORT (RFC 8010 section 3).
const longest = 0x7fff

// Encode writes a message. The document follows it.
func (m Message) Encode() ([]byte, error) {
	b := []byte{m.Major, m.Minor}
	b = binary.BigEndian.AppendUint16(b, m.Code)
	b = binary.BigEndian.AppendUint32(b, m.RequestID)
	for _, g := range m.Groups {
		b = append(b, g.Tag)
		for _, a := range g.Attributes {
			name := a.Name
			if name == "" || len(a.Values) == 0 {
				return nil, fmt.Errorf("ipp: the attribute %q has %d values", a.Name, len(a.Values))
			}
			for _, v := range a.Values {
				if len(name) > longest || len(v.Bytes) > longest {
					return nil, fmt.Errorf("ipp: the attribute %q is too long", a.Name)
				}
				b = append(b, v.Tag)
				b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
				b = append(b, name...)
				b = binary.BigEndian.AppendUint16(b, uint16(len(v.Bytes)))
				b = append(b, v.Bytes...)
				name = "" // a further value of the same attribute (RFC 8010 section 3.1)
			}
		}
	}
	return append(b, endOfAttributes), nil
}

var errShort = errors.New("ipp: the message ends in the middle")

// Decode reads a message and returns what follows it. Its values share the memory of b.
func Decode(b []byte) (m Message, document []byte, err error) {
	if len(b) < 9 {
		return Message{}, nil, errShort
	}
	m = Message{Major: b[0], Minor: b[1], Code: binary.BigEndian.Uint16(b[2:]), RequestID: binary.BigEndian.Uint32(b[4:])}
	b = b[8:]
	var g *Group
	var seen map[string]bool
	for {
		if len(b) == 0 {
			return Message{}, nil, errShort
		}
		tag := b[0]
		b = b[1:]
		switch {
		case tag == endOfAttributes:
			return m, b, nil
		case tag == 0:
			return Message{}, nil, errors.New("ipp: the reserved tag 0")
		case tag < 0x10:
			m.Groups = append(m.Groups, Group{Tag: tag})
			g, seen = &m.Groups[len(m.Groups)-1], map[string]bool{}
			continue
		case g == nil:
			return Message{}, nil, errors.New("ipp: an attribute before the first group")
		}
		var name, value []byte
		if name, b, err = field(b); err == nil {
			value, b, err = field(b)
		}
		if err != nil {
			return Message{}, nil, err
		}
		if want := map[byte]int{Integer: 4, Enum: 4, Boolean: 1}[tag]; want != 0 && len(value) != want {
			return Message{}, nil, fmt.Errorf("ipp: a value with the tag %#x of %d octets", tag, len(value))
		}
		v := Value{tag, value}
		switch {
		case len(name) > 0 && seen[string(name)]:
			return Message{}, nil, errors.New("ipp: an attribute stands twice in one group")
		case len(name) > 0:
			seen[string(name)] = true
			g.Attributes = append(g.Attributes, Attribute{string(name), []Value{v}})
		case len(g.Attributes) == 0:
			return Message{}, nil, errors.New("ipp: a further value of no attribute")
		default:
			last := &g.Attributes[len(g.Attributes)-1]
			last.Values = append(last.Values, v)
		}
	}
}

// field reads a length and as many octets.
func field(b []byte) (text, rest []byte, err error) {
	if len(b) < 2 {
		return nil, nil, errShort
	}
	n := int(binary.BigEndian.Uint16(b))
	switch {
	case n > longest:
		return nil, nil, errors.New("ipp: a negative length")
	case len(b) < 2+n:
		return nil, nil, errShort
	}
	return b[2 : 2+n : 2+n], b[2+n:], nil
}
