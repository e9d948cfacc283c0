package access_test

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/message"
)

var roles = []message.Role{message.Municipality, message.Prefecture, message.NationalCenter, message.CA, message.Validation, message.Verifier, message.Issuing}

// allowed is written by hand from the duties of each job, apart from the table of the program: what is not in it must
// be refused.
var allowed = map[access.Job]map[access.Act]string{
	access.Public: {access.VerifySignature: "verifier", access.VerifyDocument: "issuing"},
	access.Clerk: {
		access.Register: "municipality", access.FileChange: "municipality", access.LookAtPerson: "municipality prefecture nationalcenter",
		access.IssueCertificate: "municipality", access.IssueDocument: "municipality", access.RevokeCertificate: "municipality", access.LookAtCertificate: "municipality",
		access.KeepSeal: "municipality", access.RenameTown: "municipality", access.CloseMove: "municipality", access.KeepTowns: "municipality", access.ViewTowns: "municipality", access.CorrectRecord: "municipality", access.SetIdentityRule: "municipality", access.ViewIdentityRule: "municipality",
		access.ViewMessages: "municipality", access.VerifySignature: "verifier", access.VerifyDocument: "issuing",
		access.Provide: "prefecture nationalcenter", access.ViewProvision: "prefecture nationalcenter",
		access.ReportError: "prefecture nationalcenter", access.AnswerError: "municipality", access.ViewErrors: "municipality prefecture nationalcenter",
		access.ProtectPerson: "municipality", access.AskRelease: "municipality", access.ReleaseProtection: "municipality", access.CountProtections: "municipality",
		access.TraceDocument: "municipality issuing", access.InquireDocuments: "municipality",
	},
	access.Operator: {
		access.ViewMessages: "all", access.ResolvePropose: "all", access.ResolveConfirm: "all", access.SignRound: "all",
		access.LookAtCertificate: "nationalcenter ca validation", access.VerifySignature: "verifier", access.VerifyDocument: "issuing",
		access.LookAtTokens: "ca", access.RetryToken: "ca",
		access.MassPropose: "ca", access.MassConfirm: "ca", access.MakeList: "ca",
		access.FileVerifier: "verifier", access.DecideFiling: "prefecture", access.PlanMaintenance: "prefecture", access.LookAtDelegation: "prefecture", access.AskReport: "prefecture", access.AcknowledgeImpact: "verifier",
		access.ApproveUse: "prefecture nationalcenter", access.ViewProvision: "prefecture nationalcenter",
		access.CountProtections: "municipality prefecture nationalcenter", access.ViewIdentityRule: "municipality", access.ViewIssuing: "issuing nationalcenter", access.StopIssuing: "issuing nationalcenter", access.ResumeIssuing: "issuing nationalcenter",
		access.TraceDocument: "municipality issuing", access.InquireDocuments: "municipality",
	},
	access.Administrator: {access.ViewStaff: "all", access.ManageStaff: "all", access.VerifySignature: "verifier", access.VerifyDocument: "issuing"},
	access.Auditor: {
		access.ViewStaff:    "all",
		access.LookAtTokens: "ca", access.LookAtDelegation: "prefecture", access.ViewProvision: "prefecture nationalcenter",
		access.CountProtections: "municipality prefecture nationalcenter",
		access.ViewIdentityRule: "municipality", access.ViewIssuing: "issuing nationalcenter", access.TraceDocument: "municipality issuing",
		access.ReviewLooks: "municipality prefecture nationalcenter", access.KeepAttention: "municipality prefecture nationalcenter",
		access.ViewMessages: "all", access.ViewAudit: "all",
		access.LookAtCertificate: "nationalcenter ca validation", access.VerifySignature: "verifier", access.VerifyDocument: "issuing",
	},
}

func TestOnlyWhatTheDutiesNeedIsAllowed(t *testing.T) {
	acts := map[access.Act]bool{"": true, "delete-everything": true}
	for _, r := range access.Rules() {
		acts[r.Act] = true
	}
	for _, job := range append(access.Jobs(), access.Public, "janitor") {
		for act := range acts {
			for _, role := range append(roles, "", "portal") {
				where := allowed[job][act]
				want := where == "all" && slices.Contains(roles, role) || role != "" && slices.Contains(strings.Fields(where), string(role))
				err := access.May(access.Person{ID: "x", Job: job, Fresh: true}, act, role)
				if (err == nil) != want {
					t.Errorf("%q, %q at %q: %v, want allowed: %v", job, act, role, err, want)
				}
				var refused *access.Refused
				if err != nil && (!errors.As(err, &refused) || refused.JA == "" || refused.EN == "" || refused.Act != act) {
					t.Errorf("%q, %q at %q is refused with %#v", job, act, role, err)
				}
			}
		}
	}
}

func TestEveryRuleSaysWhy(t *testing.T) {
	for _, r := range access.Rules() {
		if r.Name.JA == "" || r.Name.EN == "" || r.Why.JA == "" || r.Why.EN == "" || len(r.Jobs) == 0 || len(r.Roles) == 0 {
			t.Errorf("%+v", r)
		}
		if got := r.Act.Name(); got != r.Name {
			t.Errorf("%s has two names: %v and %v", r.Act, got, r.Name)
		}
	}
	access.Rules()[0].Act = "changed"
	if access.Rules()[0].Act == "changed" {
		t.Error("a caller can change the rules")
	}
}

func TestRefusalNamesWhoMay(t *testing.T) {
	err := access.May(access.Person{ID: "operator-ueda", Job: access.Operator}, access.Register, message.Municipality)
	if got := err.Error(); !strings.Contains(got, "An operator may not") || !strings.Contains(got, "for the counter clerk") || !strings.Contains(got, "行えるのは窓口職員です") {
		t.Error(got)
	}
	err = access.May(access.Person{ID: "clerk-aoki", Job: access.Clerk}, access.Register, message.CA)
	if got := err.Error(); !strings.Contains(got, "Nobody does it at this organisation") {
		t.Error(got)
	}
}

func TestSecondPersonIsAnother(t *testing.T) {
	people := access.Personas()
	ueda, egawa := people[2], people[3]
	with := func(credential string, p access.Person) access.Person { p.Credential = credential; return p }
	for _, pair := range [][2]access.Person{{ueda, egawa}, {with("aa", ueda), with("bb", egawa)}} {
		if err := access.SecondPerson(pair[0], pair[1]); err != nil {
			t.Error(err)
		}
	}
	const unknown = "提案した人か確認する人が分かりません"
	for name, x := range map[string]struct {
		proposer, confirmer access.Person
		says                string
	}{
		"the same":       {ueda, ueda, "提案した人は、自分で確認できません"},
		"nobody":         {ueda, access.Person{}, unknown},
		"proposed by no": {access.Person{}, egawa, unknown},
		"both nobody":    {access.Person{}, access.Person{}, unknown},
		"one passkey":    {with("aa", ueda), with("aa", egawa), "提案と同じパスキーでは、名前が違っても確認できません"},
	} {
		if err := access.SecondPerson(x.proposer, x.confirmer); err == nil || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPersonasAreDistinctAndTheirNamesStayOutOfLogs(t *testing.T) {
	jobs, ids := map[access.Job]int{}, map[string]bool{}
	var log bytes.Buffer
	for _, p := range access.Personas() {
		jobs[p.Job]++
		ids[p.ID] = true
		slog.New(slog.NewTextHandler(&log, nil)).Info("acted", "person", p)
		if strings.Contains(log.String(), p.Name.JA) || strings.Contains(log.String(), p.Name.EN) {
			t.Errorf("the log says %s", log.String())
		}
	}
	if len(ids) != 6 || jobs[access.Administrator] != 1 || jobs[access.Clerk] != 2 || jobs[access.Operator] != 2 || jobs[access.Auditor] != 1 {
		t.Errorf("%v %v", ids, jobs)
	}
}

func TestPersonasAreForThisMachineOnly(t *testing.T) {
	for addr, ok := range map[string]bool{
		"127.0.0.1:8600": true, "127.0.0.2:8600": true, "[::1]:8600": true, "[::ffff:127.0.0.1]:8600": true, "unix:/run/akashi.sock": true,
		"127.0.0.1:0":  true,
		"0.0.0.0:8600": false, "[::]:8600": false, ":8600": false, "": false, "8600": false, "192.0.2.1:8600": false,
		"localhost:8600": false, "akashi.example:8600": false, "[::ffff:192.0.2.1]:80": false, "0x7f.1:8600": false, "127.1:8600": false,
		"127.0.0.1.example:8600": false, "unix:relative": false,
	} {
		if err := access.GuardLoopback(addr, true); (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "担当者を選ぶだけで操作できる試験国は、この機械の中だけで動かせます") {
			t.Errorf("%q: %v, want accepted: %v", addr, err, ok)
		}
		if err := access.GuardLoopback(addr, false); err != nil {
			t.Errorf("%q without personas: %v", addr, err)
		}
	}
}

// TestDangerousActsTakeAPasskeyShownAMomentAgo: at the border of FreshFor, with a clock that was set back, and when the
// review of the authority is overdue.
func TestDangerousActsTakeAPasskeyShownAMomentAgo(t *testing.T) {
	at := time.Date(2026, 11, 24, 7, 50, 0, 0, time.UTC)
	shown := access.Person{ID: "operator-tanaka", Job: access.Operator, VerifiedAt: at}
	for after, want := range map[time.Duration]bool{0: true, access.FreshFor: true, access.FreshFor + 1: false, -1: false} {
		p := shown.FreshAt(at.Add(after))
		err := access.May(p, access.ResolveConfirm, message.CA)
		var refused *access.Refused
		if (err == nil) != want || err != nil && (!errors.As(err, &refused) || !refused.StepUp) {
			t.Errorf("after %v: %v, want allowed: %v", after, err, want)
		}
		if err := access.May(p, access.ResolvePropose, message.CA); err != nil {
			t.Errorf("what is not dangerous, after %v: %v", after, err)
		}
	}
	late := shown.FreshAt(at)
	late.Overdue = true
	var refused *access.Refused
	if err := access.May(late, access.ResolveConfirm, message.CA); !errors.As(err, &refused) || refused.StepUp {
		t.Errorf("overdue: %v", err)
	}
	if err := access.May(late, access.ViewMessages, message.CA); err != nil {
		t.Errorf("overdue, looking: %v", err)
	}
	if (access.Person{}).FreshAt(time.Time{}).Fresh {
		t.Error("nobody is fresh")
	}
	known := map[access.Act]bool{}
	for _, r := range access.Rules() {
		known[r.Act] = true
	}
	for _, act := range []access.Act{access.RevokeCertificate, access.ResolveConfirm, access.MassPropose, access.MassConfirm, access.DecideFiling, access.ManageStaff,
		access.AskRelease, access.ReleaseProtection, access.ApproveUse, access.CloseMove, access.RenameTown, access.KeepTowns, access.CorrectRecord} {
		if !act.Dangerous() || !known[act] {
			t.Errorf("%s is not dangerous, or no rule knows it", act)
		}
	}
}
