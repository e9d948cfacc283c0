package message

import (
	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/message/messagepb"
)

// ResponderRequest asks the CA to certify the key that signs OCSP answers about its certificates (RFC 6960 §4.2.2.2).
type ResponderRequest struct {
	Issuer    string // hex of the SHA-1 of the issuer's key
	PublicKey []byte // SubjectPublicKeyInfo, DER
}

// Kind is responder.request.
func (ResponderRequest) Kind() Kind { return KindResponderRequest }

// Keys is the issuer.
func (n ResponderRequest) Keys() []string { return []string{n.Issuer} }

func (n ResponderRequest) wire() proto.Message {
	return &messagepb.ResponderRequest{Issuer: n.Issuer, PublicKey: n.PublicKey}
}

func responderRequestFromWire(w *messagepb.ResponderRequest) (ResponderRequest, error) {
	var c check
	required(&c, "issuer", w.Issuer != "")
	required(&c, "public key", len(w.PublicKey) > 0)
	return ResponderRequest{w.Issuer, w.PublicKey}, c.err()
}

// ResponderIssued brings the responder's certificate.
type ResponderIssued struct {
	Issuer      string
	Certificate []byte // DER
}

// Kind is responder.issued.
func (ResponderIssued) Kind() Kind { return KindResponderIssued }

// Keys is the issuer.
func (n ResponderIssued) Keys() []string { return []string{n.Issuer} }

func (n ResponderIssued) wire() proto.Message {
	return &messagepb.ResponderIssued{Issuer: n.Issuer, Certificate: n.Certificate}
}

func responderIssuedFromWire(w *messagepb.ResponderIssued) (ResponderIssued, error) {
	var c check
	required(&c, "issuer", w.Issuer != "")
	required(&c, "certificate", len(w.Certificate) > 0)
	return ResponderIssued{w.Issuer, w.Certificate}, c.err()
}
