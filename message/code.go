package message

import (
	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// MaxAllotment is how many record codes one request may ask for.
const MaxAllotment = 1000

// CodeRequest asks the national center for record codes (法30条の7: the municipality assigns from what it was allotted).
type CodeRequest struct {
	Request string
	Count   uint32
}

// Kind is code.request.
func (CodeRequest) Kind() Kind { return KindCodeRequest }

// Keys is the request.
func (n CodeRequest) Keys() []string { return []string{n.Request} }

func (n CodeRequest) wire() proto.Message {
	return &messagepb.CodeRequest{Request: n.Request, Count: n.Count}
}

func codeRequestFromWire(w *messagepb.CodeRequest) (CodeRequest, error) {
	var c check
	required(&c, "request", w.Request != "")
	required(&c, "count", w.Count > 0 && w.Count <= MaxAllotment)
	return CodeRequest{w.Request, w.Count}, c.err()
}

// CodeAllotment gives a municipality record codes that nobody else was or will be given.
type CodeAllotment struct {
	Request string
	Codes   []resident.RecordCode
}

// Kind is code.allotment.
func (CodeAllotment) Kind() Kind { return KindCodeAllotment }

// Keys is the request.
func (n CodeAllotment) Keys() []string { return []string{n.Request} }

func (n CodeAllotment) wire() proto.Message {
	w := &messagepb.CodeAllotment{Request: n.Request}
	for _, c := range n.Codes {
		w.Codes = append(w.Codes, c.Reveal())
	}
	return w
}

func codeAllotmentFromWire(w *messagepb.CodeAllotment) (CodeAllotment, error) {
	var c check
	n := CodeAllotment{Request: w.Request}
	required(&c, "request", w.Request != "")
	required(&c, "codes", len(w.Codes) > 0 && len(w.Codes) <= MaxAllotment)
	for _, code := range w.Codes {
		n.Codes = append(n.Codes, field(&c, "codes", code, resident.ParseRecordCode))
	}
	return n, c.err()
}
