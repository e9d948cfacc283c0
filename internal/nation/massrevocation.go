package nation

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// MassOperation is what an officer of the CA does about a mass revocation from the command line: 一括失効.
type MassOperation struct {
	As  string // the person's identifier
	Act string // propose, confirm, pause, resume, drop
	ID  int64  // of what is not proposed

	// Of a proposal: what is empty does not choose.
	Municipality, Profile, Issuer, From, Until string
	Serials                                    string // the file, as it is; empty: there is none
	Ground, Since, Why                         string

	// Of a confirmation: what the person has seen.
	Digest string
	Left   int64
}

// MassRevocation is a mass revocation as officers see it.
type MassRevocation = ca.MassRevocation

// Proposed names what was proposed.
type Proposed struct {
	ID int64 `json:"id"`
}

// maxMass bounds an operation: ten thousand serials with a remark on each.
const maxMass = 2 << 20

// shownMasses is how many mass revocations the command line lists.
const shownMasses = 50

// massRevocations adds them to what the CA answers.
func massRevocations(mux *http.ServeMux, o *ca.CA, persons []access.Person) {
	mux.HandleFunc("POST /revocations", func(w http.ResponseWriter, r *http.Request) {
		var op MassOperation
		var done Proposed
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMass)).Decode(&op)
		if err == nil {
			done.ID, err = operateMass(r.Context(), o, persons, op)
		}
		answer(w, done, err)
	})
	mux.HandleFunc("GET /revocations", func(w http.ResponseWriter, r *http.Request) {
		// Whoever may open the socket may read the database itself; what this shows names no person.
		ctx := access.With(r.Context(), access.Person{ID: "command line", Job: access.Operator})
		if r.FormValue("id") == "" {
			all, err := o.Masses(ctx, shownMasses)
			answer(w, all, err)
			return
		}
		id, err := strconv.ParseInt(r.FormValue("id"), 10, 64)
		if err != nil {
			answer(w, nil, plain.Bad("id", "番号は数字で指定してください。", "give its number"))
			return
		}
		m, err := o.Mass(ctx, id)
		answer(w, m, err)
	})
}

// operateMass does one operation for the person that it names. What they may do the CA itself decides.
func operateMass(ctx context.Context, o *ca.CA, persons []access.Person, op MassOperation) (int64, error) {
	act := access.MassPropose
	if op.Act == "confirm" {
		act = access.MassConfirm
	}
	by, err := personOf(persons, op.As, act, o.Self.Role())
	if err != nil {
		return 0, err
	}
	ctx = access.ByCommand(access.With(ctx, by))
	switch op.Act {
	case "confirm":
		return op.ID, o.ConfirmMass(ctx, op.ID, ca.MassSeen{Digest: op.Digest, Left: op.Left})
	case "propose":
		p, err := op.proposal()
		if err != nil {
			return 0, err
		}
		return o.ProposeMass(ctx, p)
	}
	return op.ID, o.MoveMass(ctx, op.ID, op.Act)
}

func (op MassOperation) proposal() (p ca.MassProposal, err error) {
	p.Issuer, p.Why = op.Issuer, op.Why
	var errs [7]error
	if op.Municipality != "" {
		p.Municipality, errs[0] = resident.ParseMunicipalityCode("--municipality", op.Municipality)
	}
	if op.Profile != "" {
		p.Profile, errs[1] = cert.ParseProfile(op.Profile)
	}
	p.From, errs[2] = ca.ReadMoment("--issued-from", op.From)
	p.Until, errs[3] = ca.ReadMoment("--issued-until", op.Until)
	if op.Serials != "" {
		p.Serials, errs[4] = ca.ReadSerials("--serials", []byte(op.Serials))
	}
	p.Ground, errs[5] = cert.ParseGround("--ground", op.Ground)
	if op.Since != "" {
		p.Since, errs[6] = resident.ParseDate("--since", op.Since)
	}
	for _, err := range errs {
		if err != nil {
			return p, err
		}
	}
	return p, nil
}
