package verifier

import (
	"log/slog"
	"strings"

	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/verify"
)

const (
	// maxUpload bounds a request, document and signature together.
	maxUpload = verify.MaxOctets
	// maxPasted bounds a signature that is pasted: a browser slows down long before a file would.
	maxPasted = 256 << 10
)

// submission is what somebody has sent to be checked.
type submission struct {
	document  []byte // nil when it is in the signature file
	signature []byte
	way       store.Way
}

// LogValue shows nothing: the document may say anything about anybody.
func (s submission) LogValue() slog.Value { return slog.StringValue("[submission, redacted]") }

// part is one of the things that were sent; octets is nil when it was not.
type part struct {
	name   string // of the file, as the sender calls it
	octets []byte
}

// The fields of the form and of the API.
const fieldFile, fieldSignature, fieldPEM = "file", "signature", "pem"

// newSubmission checks that there is something to check; what is in it is verify's business. Its error is a
// plain.Problems.
func newSubmission(way store.Way, file, signature part, pasted string) (submission, error) {
	var problems plain.Problems
	bad := func(field, ja, en string) { problems = append(problems, plain.Bad(field, ja, en)) }
	if file.octets != nil && len(file.octets) == 0 {
		bad(fieldFile, "文書のファイルが空です。署名した文書を選び直してください。", "The document file is empty: choose the document that was signed.")
	}
	s := submission{document: file.octets, signature: signature.octets, way: way}
	switch pasted = strings.TrimSpace(pasted); {
	case pasted != "" && signature.octets != nil:
		bad(fieldPEM, "署名ファイルと貼り付けの両方があります。どちらか一つにしてください。", "There is both a signature file and a pasted one: give one of them.")
	case len(pasted) > maxPasted:
		bad(fieldPEM, "貼り付けるには長すぎます。署名ファイルとして送ってください。", "This is too long to be pasted: send it as a file.")
	case pasted != "":
		s.signature = []byte(pasted)
	case signature.octets == nil:
		bad(fieldSignature, "署名ファイルがありません。署名ファイル（.p7s など）を選んでください。", "The signature is missing: choose the signature file (.p7s or the like).")
	case len(signature.octets) == 0:
		bad(fieldSignature, "署名ファイルが空です。署名ファイルを選び直してください。", "The signature file is empty: choose the signature file again.")
	}
	if len(problems) > 0 {
		return submission{}, problems
	}
	return s, nil
}
