package message_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestPartsOfLists: a part of a list is read as it was written, a whole one as older programs send it too, and one that cannot be a part is
// refused at the door.
func TestPartsOfLists(t *testing.T) {
	place, err := resident.ParseMunicipalityCode("municipality", "202029")
	if err != nil {
		t.Fatal(err)
	}
	digest := bytes.Repeat([]byte{7}, 32)
	for _, x := range []struct {
		name string
		n    message.CertCRL
		bad  string // the field
	}{
		{"in one piece, of an older program", message.CertCRL{Number: 3}, ""},
		{"the second of three", message.CertCRL{Number: 3, Part: 2, Parts: 3, Digest: digest}, ""},
		{"of a delta list", message.CertCRL{Number: 3, Base: 2, Part: 1, Parts: 1, Digest: digest}, ""},
		{"part 0", message.CertCRL{Number: 3, Parts: 3, Digest: digest}, "part"},
		{"behind the last", message.CertCRL{Number: 3, Part: 4, Parts: 3, Digest: digest}, "part"},
		{"more parts than there may be", message.CertCRL{Number: 3, Part: 1, Parts: message.MaxListParts + 1, Digest: digest}, "part"},
		{"without a digest", message.CertCRL{Number: 3, Part: 1, Parts: 3}, "digest"},
		{"with half a digest", message.CertCRL{Number: 3, Part: 1, Parts: 3, Digest: digest[:16]}, "digest"},
		{"on a base that is not before it", message.CertCRL{Number: 3, Base: 3, Part: 1, Parts: 1, Digest: digest}, "base"},
	} {
		x.n.Issuer, x.n.Municipality, x.n.CRL = "00", place, []byte{0x30}
		body, err := message.Encode(x.n)
		if err != nil {
			t.Fatal(err)
		}
		got, err := message.Decode(message.KindCertCRL, body)
		problems, _ := plain.AsProblems(err)
		switch {
		case x.bad == "" && (err != nil || !reflect.DeepEqual(got, x.n)):
			t.Errorf("%s: read as %+v, %v", x.name, got, err)
		case x.bad != "" && (len(problems) == 0 || problems[0].Field != x.bad):
			t.Errorf("%s: %v, want a word about %s", x.name, err, x.bad)
		}
	}
}
