package nation

import (
	"encoding/json"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/staff"
	"github.com/akashi-id/akashi/internal/staffpage"
)

// StaffInvitation is who is invited from the command line (職員の招待): an administrator of operators, while none can sign in.
type StaffInvitation struct {
	ID, Name, NameEN, Office string
	Job                      string
}

// StaffConfirmation is whose invitation is confirmed from the command line (招待の確認), while no two administrators can sign in.
type StaffConfirmation struct{ ID string }

// Invited is the link that the person is given. It is good once.
type Invited struct{ Link string }

// invitations adds that to what an organisation answers: below its own name too, for an organisation in a process of its own.
func invitations(mux *http.ServeMux, h *host.Host) {
	invite := func(w http.ResponseWriter, r *http.Request) {
		var i StaffInvitation
		var secret string
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&i)
		if err == nil && h.Origin == "" {
			err = plain.Bad("origin", "この団体の画面のアドレスでは、パスキーを使えません。設定のoriginに、https と名前で書いてください。",
				"no passkey can be shown at the address of this organisation's screens: write https and a name into its setting origin")
		}
		if err == nil {
			secret, err = h.Staff.InviteFirst(r.Context(), staff.Newcomer{ID: i.ID, Name: plain.Sentence{JA: i.Name, EN: i.NameEN}, Grant: staff.Grant{Job: access.Job(i.Job), Office: i.Office}})
		}
		answer(w, Invited{staffpage.Link(h.Origin, "/"+string(h.Self), secret)}, err)
	}
	confirm := func(w http.ResponseWriter, r *http.Request) {
		var c StaffConfirmation
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&c)
		if err == nil {
			err = h.Staff.ConfirmFromMachine(r.Context(), c.ID)
		}
		answer(w, struct{}{}, err)
	}
	mux.HandleFunc("POST /staff/confirm", confirm)
	mux.HandleFunc("POST /"+string(h.Self)+"/staff/confirm", confirm)
	mux.HandleFunc("POST /staff/invite", invite)
	mux.HandleFunc("POST /"+string(h.Self)+"/staff/invite", invite)
}
