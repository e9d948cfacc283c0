package making

import "github.com/akashi-id/akashi/internal/plain"

// Kind is a kind of document, by the name of its form.
type Kind string

// The kinds.
const (
	HouseholdRecord  Kind = "resident-record-household"  // 住民票の写し（世帯連記式）
	IndividualRecord Kind = "resident-record-individual" // 住民票の写し（個人票）
	SealCertificate  Kind = "seal-registration"          // 印鑑登録証明書
)

var kindNames = map[Kind]plain.Sentence{
	HouseholdRecord:  {JA: "住民票の写し（世帯連記式）", EN: "Resident record, household"},
	IndividualRecord: {JA: "住民票の写し（個人票）", EN: "Resident record, one person"},
	SealCertificate:  {JA: "印鑑登録証明書", EN: "Certificate of a registered seal"},
}

// Name is the kind in words; one of another program is shown as it is.
func (k Kind) Name() plain.Sentence {
	if n, known := kindNames[k]; known {
		return n
	}
	return plain.Sentence{JA: string(k), EN: string(k)}
}

// Known reports whether this program knows the kind.
func (k Kind) Known() bool { _, known := kindNames[k]; return known }
