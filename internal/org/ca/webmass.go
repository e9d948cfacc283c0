package ca

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// revocationsPage is the list of mass revocations, with the form that begins one.
type revocationsPage struct {
	*webui.Form
	Table                              webui.Table
	May                                bool
	Places, Profiles, Issuers, Grounds []webui.Choice
}

// shownMasses is how many mass revocations the list has.
const shownMasses = 50

func (s *screens) mountMass(mux *http.ServeMux) {
	mux.Handle("GET /revocations", s.ui.Only(access.LookAtCertificate, s.showRevocations))
	mux.Handle("POST /revocations", s.ui.Only(access.MassPropose, s.doPropose))
	mux.Handle("GET /revocations/{id}", s.ui.Only(access.LookAtCertificate, s.showRevocation))
	mux.Handle("GET /revocations/{id}/part", s.ui.Only(access.LookAtCertificate, s.showRevocationPart))
	mux.Handle("GET /revocations/{id}/serials.txt", s.ui.Only(access.LookAtCertificate, s.giveSerials))
	mux.Handle("GET /revocations/{id}/aside.csv", s.ui.Only(access.LookAtCertificate, s.giveAside))
	mux.Handle("POST /revocations/{id}/confirm", s.ui.Only(access.MassConfirm, s.doConfirm))
	mux.Handle("POST /revocations/{id}/{act}", s.ui.Only(access.MassPropose, s.doMove))
}

func (s *screens) showRevocations(w http.ResponseWriter, r *http.Request) {
	s.renderRevocations(w, r, http.StatusOK, webui.NewForm(nil))
}

func (s *screens) renderRevocations(w http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	all, err := s.o.Masses(r.Context(), shownMasses)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	p := revocationsPage{Form: f, May: access.May(access.From(r.Context()), access.MassPropose, s.o.Self.Role()) == nil,
		Table: webui.Table{Caption: say("これまでの一括失効（新しい順）", "Mass revocations so far, the newest first"),
			Columns: []webui.Column{{Name: say("番号", "Number")}, {Name: say("状態", "State")}, {Name: say("対象", "Set"), Right: true}, {Name: say("失効", "Revoked"), Right: true},
				{Name: say("事由", "Ground")}, {Name: say("提案", "Proposed")}},
			Empty: webui.Empty{Text: say("まだありません。", "There has been none.")}}}
	for _, m := range all {
		p.Table.Rows = append(p.Table.Rows, []any{webui.Link{Href: s.ui.URL("/revocations/" + massRef(m.ID)), Text: webui.Code(massRef(m.ID))}, massBadge(m.State),
			m.Size, m.Revoked, m.Ground.Name(), m.ProposedAt})
	}
	err = s.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		p.Places, p.Issuers = nil, nil
		lists, err := s.o.in(tx).Partitions(ctx)
		seen := map[resident.MunicipalityCode]bool{}
		for _, l := range lists {
			if !seen[l.Municipality] {
				seen[l.Municipality] = true
				p.Places = append(p.Places, webui.Choice{Value: l.Municipality.String(), Name: s.place(l.Municipality)})
			}
		}
		return err
	})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	for _, profile := range cert.Profiles {
		p.Profiles = append(p.Profiles, webui.Choice{Value: profile.String(), Name: profile.Name()})
		a := s.o.byProfile[profile]
		p.Issuers = append(p.Issuers, webui.Choice{Value: a.id, Name: say(profile.Name().JA+" "+a.id[:8], profile.Name().EN+" "+a.id[:8])})
	}
	for _, g := range massGrounds {
		p.Grounds = append(p.Grounds, webui.Choice{Value: string(g), Name: g.Name(), Note: g.Meaning()})
	}
	s.ui.Render(w, r, s.revocations, status, p)
}

func (s *screens) doPropose(w http.ResponseWriter, r *http.Request) {
	f, ok := s.ui.ReadForm(w, r)
	if !ok {
		return
	}
	p := MassProposal{Issuer: f.Value("issuer"), Why: f.Value("why")}
	read := func(err error) { _ = f.Take(err) } // what these refuse are plain.Problems
	if v := f.Value("municipality"); v != "" {
		m, err := resident.ParseMunicipalityCode("municipality", v)
		p.Municipality = m
		read(err)
	}
	if v := f.Value("profile"); v != "" {
		kind, err := cert.ParseProfile(v)
		p.Profile = kind
		read(err)
	}
	var err error
	p.From, err = ReadMoment("from", f.Value("from"))
	read(err)
	p.Until, err = ReadMoment("until", f.Value("until"))
	read(err)
	if data, _, chosen := f.File("serials"); chosen {
		p.Serials, err = ReadSerials("serials", data)
		read(err)
	}
	if v := f.Value("ground"); v != "" {
		p.Ground, err = cert.ParseGround("ground", v)
		read(err)
	}
	if v := f.Value("since"); v != "" {
		p.Since, err = resident.ParseDate("since", v)
		read(err)
	}
	status := http.StatusOK // shown again in the other language
	if f.OK() {
		id, err := s.o.ProposeMass(r.Context(), p)
		if err == nil {
			http.Redirect(w, r, s.ui.URL("/revocations/"+massRef(id)), http.StatusSeeOther)
			return
		}
		if err = f.Take(err); err != nil {
			s.ui.Fail(w, r, err)
			return
		}
	}
	if len(f.Problems()) > 0 {
		status = http.StatusUnprocessableEntity
	}
	s.renderRevocations(w, r, status, f)
}
