package municipality

import (
	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/stillvalid"
)

// routes are the kinds of messages that a municipality takes.
func (o *Municipality) routes() []exchange.Route {
	return append([]exchange.Route{
		exchange.On(o.in, o.onCodeAllotment),
		exchange.On(o.in, o.onNumberAssignment),
		exchange.On(o.in, o.onCertIssued),
		exchange.On(o.in, o.onCertRefused),
		exchange.On(o.in, o.onResidentProtection),
		exchange.On(o.in, o.onResidentProtectionEnd),
		exchange.On(o.in, o.onMoveOut),
		exchange.On(o.in, o.onMoveIn),
		exchange.On(o.in, o.onIssuingQuestion),
		exchange.On(o.in, o.onIssuingDocument),
		exchange.On(o.in, o.onIssuingDayAnswer),
		exchange.On(o.in, o.onIssuingHalt),
		exchange.On(o.in, o.onIssuingProgram),
	}, o.Errors.Routes()...)
}

// dueRules are the kinds of things that fall due here.
func (o *Municipality) dueRules() []due.Rule {
	rules := []due.Rule{
		{Kind: dueRefill, Finish: o.refill},
		{Kind: dueMoveOut, Finish: o.plannedDay},
		{Kind: dueSealAnswer, Finish: o.sealUnanswered},
		{Kind: dueRenameCount, Finish: o.renameStep},
		{Kind: dueRenameSpread, Finish: o.renameStep},
		{Kind: dueRenameOne, Finish: o.renameOne},
		{Kind: dueSpecialVoid, Finish: o.specialLapsed},
		disclosure.Rule(func() *host.Host { return o.Host }),
		{Kind: dueRelock, Finish: o.relock},
		{Kind: identity.DueLapse, Finish: o.checkLapsed},
		{Kind: dueForget, Finish: o.forgetTyped},
		{Kind: dueDocumentLapse, Finish: o.documentLapsed},
		{Kind: dueDay, Finish: o.closeDayDue},
		{Kind: dueIssuingTell, Finish: o.tellIssuingDue},
		{Kind: dueIssuingFill, Finish: o.issuingFill},
	}
	if o.printer != nil {
		rules = append(rules, o.printRules()...)
	}
	if o.status != nil {
		rules = append(rules, stillvalid.Rule(o.status))
	}
	return rules
}
