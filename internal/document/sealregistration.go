package document

import (
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// SealRegistrationKind is the form of the certificate of a registered seal.
const SealRegistrationKind = "seal-registration"

// RegisteredSeal is the seal of a person as the register of seals has it now.
type RegisteredSeal struct {
	Imprint imprint.Imprint
	Ended   bool // the registration has ended (廃止, 抹消)
}

// SealRegistration makes the certificate of a registered seal. What it refuses is plain.Problems. The sex is not shown.
func SealRegistration(r Request, by Issuer, holder Person, seal RegisteredSeal) (Paper, error) {
	ps := judge(r, []Person{holder})
	if seal.Ended || seal.Imprint.PNG() == nil {
		ps = append(ps, plain.Bad("seal", "有効な印鑑登録がありません。廃止された印鑑の証明書は交付できません。",
			"There is no registered seal, or its registration has ended, and nothing is certified of it."))
	} else if p := seal.Imprint.CheckSize("seal"); p != nil {
		ps = append(ps, p)
	}
	if r.Channel == Kiosk && r.Requester.Role != Self {
		ps = append(ps, plain.Bad("person", "印鑑登録証明書は、端末では本人だけに交付します。", "A kiosk issues this certificate only to the holder of the seal."))
	}
	if err := ps.Err(); err != nil {
		return Paper{}, err
	}
	p, err := newPaper(SealRegistrationKind, r, by, []Person{holder})
	if err != nil {
		return Paper{}, err
	}
	if p.images["imprint"], err = pictureOf(seal.Imprint); err != nil {
		return Paper{}, err
	}
	p.values.Blocks = []template.Filled{{Block: "person", Values: sealValues(holder.Record)}}
	p.bind()
	return p, nil
}

func sealValues(r resident.Record) map[string]string {
	other := r.FormerName.Reveal() // a Japanese national may have the one, a foreign resident the other
	if r.Foreign() {
		other = r.CommonName.Reveal()
	}
	return map[string]string{
		"name": r.Name.Reveal(), "other-name": or(other), "birth": r.Birth.Wareki(), "address": r.Address.Reveal(),
	}
}
