package conform

import (
	"slices"
	"strings"
)

// exception are functions that bear a mark and are no queue of their own: each is a part of an item, or takes nothing that
// anybody could make bad. A name that ends in "/" or ":" stands for all that begins so.
type exception struct {
	why       string
	marks     []string // empty: any
	functions []string
}

var exceptions = []exception{
	{"a tool that tries or measures, and ends with its command", nil,
		[]string{"internal/bench", "internal/conform:", "internal/conform/module:", "internal/hsm/faulty:", "internal/incident:"}},
	{"the pages of one database's log, which commits copy when this does not; it reads no row", nil, []string{"internal/sqlstore:copier.run", "internal/sqlstore:openLite"}},
	{"a command that waits for the answer to what it has asked, and ends after half a minute", nil, []string{"cmd/akashi:dayAt"}},
	{"a rig of this kit", nil,
		[]string{"internal/nation:openTasksRig", "internal/nation:openDoorsRig", "internal/sqlstore:openWriterRig", "internal/due:openRig", "internal/due:rig.broken",
			"internal/reconcile:rig.one"}},

	// Work of other queues.
	{"a kind of due work, whatever becomes of it: due/list", []string{worksDue},
		[]string{"internal/org/ca:CA.partsRule", "internal/org/ca:CA.withProbes", "internal/org/municipality:Municipality.dueRules",
			"internal/org/issuing:New", "internal/org/issuing:Issuing.signing", "internal/org/issuing:Issuing.tells", "internal/org/municipality:Municipality.printRules", "internal/org/validation:Validation.impactRule", "internal/org/validation:Validation.responderRule", "internal/statement:Statements.Due", "internal/stillvalid:Rule", "internal/disclosure:Rule"}},
	{"the rows of one item of due/list, which is set aside when they cannot be read", []string{readsRows},
		[]string{"internal/disclosure:partsOf", "internal/identity:Tables.waits", "internal/org/ca/internal/store:Tx.Partition", "internal/org/ca/internal/store:Tx.ResponderOf", "internal/org/ca/internal/store:Tx.one",
			"internal/org/ca/internal/store:Tx.Mass", "internal/org/ca/internal/store:Tx.ToEnd", "internal/org/ca/internal/store:Tx.Delta", "internal/org/ca/internal/store:Tx.Piece",
			"internal/org/municipality/internal/store:Tx.Codes", "internal/org/municipality/internal/store:Tx.Day", "internal/org/municipality/internal/store:Tx.DayLines", "internal/org/municipality/internal/store:Tx.EndedBy",
			"internal/org/municipality/internal/store:Tx.Household", "internal/org/municipality/internal/store:Tx.Places", "internal/org/municipality/internal/store:Tx.Versions",
			"internal/org/municipality/internal/store:Tx.LiveSeal", "internal/org/municipality/internal/store:Tx.SealOf", "internal/org/municipality/internal/store:Tx.TakenOf", "internal/org/municipality/internal/store:Tx.listTowns",
			"internal/org/municipality/internal/store:Tx.LivesAfter", "internal/org/municipality/internal/store:Tx.Rename", "internal/org/municipality/internal/store:Tx.RenamesOf",
			"internal/org/municipality/internal/store:Tx.movesAwayListed", "internal/org/municipality/internal/store:Tx.StepsOf", "internal/org/municipality/internal/store:Tx.closings",
			"internal/org/municipality/internal/store:Tx.movesHereListed",
			"internal/org/validation/internal/store:Tx.Notify", "internal/org/validation/internal/store:Tx.Untold", "internal/org/validation/internal/store:Tx.WrongAnswers"}},
	{"those of whom the issuing server is told: one who cannot be read is passed over, said in the log and named by reconcile/audit, whether at the end of a change, in the first filling or at a start that has nobody yet (internal/org:TestIssuingPassesOverWhatCannotBeRead)",
		[]string{atStart, rowsStart, readsRows},
		[]string{"internal/org/municipality/internal/store:Tx.FormerCodes", "internal/org/municipality/internal/store:Tx.Printable", "internal/org/municipality/internal/store:Tx.PrintableByCode",
			"internal/org/municipality/internal/store:Tx.PrintableOf", "internal/org/municipality/internal/store:Tx.ResidentsAfter", "internal/org/municipality:Municipality.tellIssuing", "internal/org/municipality:Municipality.protectedAmong",
			"internal/org/municipality:issuingFeed.WriteKept"}},
	{"the persons of one request for a document: one that cannot be read fails that request, which due/list refuses or sets aside", []string{readsRows},
		[]string{"internal/org/issuing/internal/store:Tx.Request", "internal/org/issuing/internal/store:Tx.document", "internal/org/municipality/internal/store:Tx.Document"}},
	{"whether issuing is stopped: where that cannot be read nothing is issued, and each request says so", []string{readsRows, rowsStart},
		[]string{"internal/org/issuing/internal/store:Tx.Halted", "internal/org/issuing/internal/store:Tx.HaltNamed", "internal/org/issuing/internal/store:Tx.Halts", "internal/halting:Find"}},
	{"the same of the orders of the center, a handful that two persons each have approved, and of the versions of the servers: where one of them cannot be read nothing is issued, and the alarm's source says so",
		[]string{atStart, readsRows, rowsStart}, []string{"internal/halting:Binding", "internal/halting:Programs", "internal/org/nationalcenter:Center.behind"}},
	{"the versions of one municipality's rule of identity checks, looked at once when it begins: one whose day cannot be read asks for the most (internal/identity:Needed), and keeps nothing from opening",
		[]string{atStart, rowsStart, readsRows}, []string{"internal/identity:Tables.Rules"}},
	{"the looks of one refusal, of which none is given when one cannot be written", []string{atStart}, []string{"internal/org/municipality:Municipality.answeredTo"}},
	{"the master of towns with which a municipality of a test country begins, made by this program and read in once, line by line: one that cannot be read is set aside",
		[]string{atStart, rowsStart}, []string{"internal/org/municipality/internal/store:Tx.TownChanges", "internal/org/municipality/internal/store:Tx.listTowns",
			"internal/org/municipality:Municipality.enterTowns", "internal/org/municipality:Municipality.fit", "internal/org/municipality:readTowns", "internal/org/municipality:townHeader"}},
	{"rows that the database deletes by their time, of which none is read", []string{stepsTask}, []string{"internal/org/validation:Validation.expiry", "internal/look:Watch.Expiry"}},
	{"one target, with a task, a deadline and a place of its own: when it fails, hangs or panics that is its minute, and nobody else's (internal/probe:TestTargetThatNeverAnswers)",
		[]string{stepsTask, goesBeside}, []string{"internal/probe:watch.step", "internal/probe:watch.call"}},
	{"the months of what was probed, reckoned from whole numbers and names that the program wrote", []string{stepsTask, readsRows},
		[]string{"internal/probe:months.step", "internal/probe:Report.of", "internal/probe:Windows"}},
	{"one verifier of a new country after the other, each with a deadline; who is not served yet is at the next start, and nobody waits for it", []string{atStart},
		[]string{"internal/nation:admit", "internal/nation:admitOne"}},
	{"the rows of one account, which statement/accounts sets aside when they cannot be counted", []string{readsRows},
		[]string{"internal/exchange:AccountAnswer", "internal/exchange:AccountCut", "internal/exchange:AccountLater", "internal/exchange:countPart",
			"internal/exchange:given", "internal/exchange:pieceEnd", "internal/exchange:takenAllTheSame", "internal/exchange:unsettled"}},
	{"what one comparison or one drill needs of the exchange, which reconcile/compare and alarm/drills set aside", []string{readsRows},
		[]string{"internal/exchange:Exchange.Find", "internal/exchange:Exchange.LastOf", "internal/exchange:Exchange.Unapplied",
			"internal/exchange:Exchange.epochsTo", "internal/exchange:Exchange.items"}},
	{"the rest of one message that exchange/outbox, exchange/held or a peer's hello (exchange/peers) parks", []string{readsRows},
		[]string{"internal/exchange:Exchange.rest", "internal/exchange:Exchange.orphan"}},
	{"the rows of one book and one case, which reconcile/audit and reconcile/compare set aside", []string{readsRows, rowsStart, atStart},
		[]string{"internal/reconcile:Books.cases", "internal/reconcile:refillOf", "internal/reconcile:pair.valueOf", "internal/reconcile:valuesAt"}},
	{"receipts that this process has signed and holds in memory, which it made itself", []string{stepsTask},
		[]string{"internal/exchange:Exchange.keep"}},
	{"one row of numbers that says which node of several sends, and the next number of each peer", []string{stepsTask, readsRows},
		[]string{"internal/exchange:Exchange.turnTask", "internal/exchange:Exchange.lookAround"}},
	{"numbers of receipts, up to the first that is not kept", []string{readsRows}, []string{"internal/exchange:wholeFrom"}},
	{"what an older program wrote down, gone through once at the center's start: a holder that cannot be read is passed over and left to the alarm undemanded, and the center opens whatever comes of it",
		[]string{atStart, rowsStart, readsRows},
		[]string{"internal/exchange:Exchange.Send", "internal/exchange:Exchange.sendTo", "internal/exchange:hold", "internal/exchange:waitsForKey", "message:OpenEnvelope",
			"internal/org/nationalcenter/internal/store:Tx.Codes", "internal/org/nationalcenter/internal/store:Tx.HolderOf", "internal/org/nationalcenter/internal/store:Tx.Settle",
			"internal/org/nationalcenter/internal/store:Tx.Undemanded", "internal/org/nationalcenter/internal/store:Tx.Unsettled", "internal/org/nationalcenter/internal/store:Tx.ofHolder",
			"internal/org/nationalcenter/internal/store:Tx.reportsOf", "internal/org/nationalcenter:Center.revoke", "internal/org/nationalcenter:Center.revokeAll",
			"internal/org/nationalcenter:Center.settleOld", "internal/org/nationalcenter:Center.unread"}},
	{"the rows of a table that has a book: one that cannot be read agrees with nothing, which reconcile/audit finds", []string{readsRows, rowsStart, atStart},
		[]string{"internal/booktable:Table.Look", "internal/booktable:Table.Scan", "internal/org/ca/internal/store:Tx.Facts",
			"internal/org/ca/internal/store:Tx.FactsOf", "internal/org/municipality/internal/store:Tx.Invalidations",
			"internal/org/municipality/internal/store:Tx.killings", "internal/org/validation/internal/store:Tx.factsAfter",
			"internal/org/validation/internal/store:Tx.FactsOf", "internal/received:Notices.Rows", "internal/received:Notices.find",
			"internal/received:States.Look", "internal/received:States.entries", "internal/protection:Flags.Look", "internal/protection:Flags.Rows"}},
	{"the flags of one person, for one message or one release: one that cannot be read fails that, and nobody else's", []string{readsRows, rowsStart},
		[]string{"internal/protection:Among", "internal/protection:Flags.of", "internal/protection:Flags.reached", "internal/protection:Flags.releases"}},
	{"what is held under one key of a book, for its case, which says so when it cannot be read", []string{readsRows},
		[]string{"internal/booktable:Table.Find", "internal/org/ca/internal/store:Tx.IntentOf",
			"internal/org/municipality/internal/store:Tx.ShowResident", "internal/org/validation/internal/store:Tx.OfSerial", "internal/received:States.Show",
			"internal/received:States.Snapshot", "internal/received:States.State", "internal/protection:Flags.row"}},
	{"what one snapshot's holder has, and reported: a row that cannot be read is left out or counts as a loss, and a snapshot whose rule fails parks", []string{readsRows},
		[]string{"internal/org/nationalcenter/internal/store:Tx.ofHolder", "internal/org/nationalcenter/internal/store:Tx.reportsOf"}},
	{"records of before a column was added: what names no municipality is passed over, and reconcile/audit finds it", []string{atStart, rowsStart},
		[]string{"internal/received:States.Adopt"}},
	{"names of before a column was added: one that is no name gets a mark in place of a key, and is not met again", []string{atStart, rowsStart},
		[]string{"internal/received:FillKeys", "internal/received:States.fillKeys", "internal/org/municipality:Municipality.fillNameKeys",
			"internal/org/municipality/internal/store:Tx.FillNameKeys"}},
	{"one search for a person: a record that cannot be read is left out, and the answer says so", []string{atStart, rowsStart, readsRows},
		[]string{"internal/inquiry:", "internal/received:States.Find", "internal/received:States.Known"}},
	{"the rounds of one month, for one screen; what a round looked at is left out when it cannot be read", []string{rowsStart},
		[]string{"internal/statement:Statements.Rounds"}},
	{"one transaction, an item of sqlstore/writer", []string{atStart, rowsStart, readsRows},
		[]string{"internal/sqlstore:List", "internal/sqlstore:Tx.QueryRow", "internal/sqlstore:Tx.Flush", "internal/sqlstore:liteConn.insertAll", "internal/sqlstore:together", "internal/sqlstore:Tx.flushKept", "internal/sqlstore:Tx.finish",
			"internal/reconcile:Books.WriteKept", "internal/org/validation:recorder.keep"}},
	{"the names of peers with which something was exchanged: one that is nobody's is passed over", []string{rowsStart, atStart, readsRows},
		[]string{"internal/exchange:Exchange.findIdle"}},
	{"names of files of evidence; one that cannot be read says so where it is shown", nil, []string{"internal/hsm:EvidenceIn"}},
	{"the goroutine of whoever calls it, who bears the mark too", []string{goesBeside}, besides},
	{"one question of the inspection to our own handler, an item of inspection/round: one that hangs is left behind", []string{goesBeside}, []string{"internal/org/validation:inside.RoundTrip"}},
	{"the server of exchange/door", []string{goesBeside}, []string{"internal/exchange/wire:Serve"}},
	{"one organisation, an item of nation/start: without the whole of these it is not opened", []string{atStart, overInput},
		[]string{"internal/nation:certify", "internal/nation:foundOffice", "internal/nation:pairSecrets", "internal/nation:setting.outside", "internal/nation:handOver", "internal/nation:vault.holds", "internal/org/ca:FoundWith", "internal/org/ca:New",
			"internal/org/validation:Validation.readCAs", "internal/org/validation:Validation.readRoots", "internal/org/verifier:Verifier.readCA", "internal/org/verifier:Verifier.readCAs", "internal/reconcile:New"}},

	{"a call at a device, which ends at its deadline; whoever makes it waits for it, with an item of due/list in hand", []string{goesBeside, overChan},
		[]string{"internal/hsm/token:Serve", "internal/hsm:converse", "internal/hsm:conversation.speak", "internal/hsm:Command", "internal/hsm:Inside"}},
	{"the devices of one organisation: one that cannot be used is fenced and says why, and the others are used", []string{goesBeside},
		[]string{"internal/nation:openTokens"}},
	{"a key's file that cannot be opened is set aside with its reason, and whoever needs that key is told", []string{overInput},
		[]string{"internal/hsm/filekey:Device.Open"}},

	// What nobody can make bad, or what is one thing that is good or bad as a whole.
	{"settings of a database's connection", []string{atStart, overChan},
		[]string{"internal/sqlstore:assertLite", "internal/sqlstore:assertPostgres", "internal/sqlstore:liteStore.connect", "internal/sqlstore:liteStore.close"}},
	{"the values of one statement, which the program wrote", []string{atStart}, []string{"internal/sqlstore:InParts", "internal/sqlstore:portable"}},
	{"one question of a municipality about one person: it is answered whole or refused whole", []string{atStart, rowsStart},
		[]string{"internal/disclosure:Answerer", "internal/disclosure:Looks", "internal/look:List"}},
	{"the cookies of one request, of which each is somebody's session or nobody's: it is answered whole or refused whole", []string{atStart},
		[]string{"internal/access:Sessions.Person"}},
	{"one file or one signed answer: it is read whole or refused whole", []string{atStart, overInput},
		[]string{"internal/pki:DecodeCertificates", "internal/pki:NewTrust", "internal/pki/ocspwire:NamesOf", "internal/pki/ocspwire:Signed.readData", "internal/pki/ocspwire:readCertID",
			"internal/pki/ocspwire:readExtensions", "verify:OCSP.AskStatus", "verify:checkResponder", "verify:readStatement", "message:oneValue", "internal/nation:IssuanceLeft",
			"internal/org/validation:checks.rootItem"}},
	{"one font or one document: it is read whole or refused whole; a name of the font that is cut off leaves it unnamed", []string{atStart, overInput},
		[]string{"internal/document/font:Open", "internal/document/font:directory", "internal/document/font:subtables", "internal/document/font:postScriptName", "internal/document/readback:face.toUnicode"}},
	{"alarms for a report, whose columns are read whatever stands in them, as alarm/rows reads them", []string{readsRows}, []string{"internal/alarm:Since"}},
	{"reports of errors that wait, whatever stands in the code of one; a table in which more is damaged is the alarm source-failed", []string{rowsStart},
		[]string{"internal/errorreport:Open"}},
	{"names of prefectures, which the program wrote", []string{readsRows}, []string{"internal/org/ca/internal/store:Tx.TakeAsked"}},
	{"the last report of the CA, which says that it cannot be read, and the times of the others", []string{rowsStart, atStart},
		[]string{"internal/org/prefecture/internal/store:Tx.oneReport", "internal/org/prefecture/internal/store:Tx.Closes"}},
	{"the cookies of one request", []string{atStart}, []string{"internal/access:Sessions.Person"}},
	{"pages, templates and pictures that are built into the program", []string{atStart, overInput},
		[]string{"internal/staffpage:Mount", "internal/desk:New", "internal/lookpage:Mount", "internal/provision:Office.Mount", "internal/webui:New", "internal/webui:UI.Page", "internal/webui:parsedPage.parse", "internal/org/ca:CA.newScreens",
			"internal/org/municipality:newScreens", "internal/org/municipality:screens.mountProtection", "internal/org/nationalcenter:Center.newWeb", "internal/org/validation:Validation.newScreens",
			"internal/org/validation:Validation.mountVerifiers", "internal/org/verifier:Verifier.mountDuties", "internal/org/verifier:Verifier.newScreens"}},
	{"what whoever starts the program has typed: it is refused as a whole", []string{atStart}, []string{"cmd/akashi:parse"}},
	{"addresses and directories above: without them there is no country", []string{atStart},
		[]string{"internal/nation:freeAddresses", "internal/nation:passable"}},
	{"the answer of one municipality to an import, an item of nation/start and of whoever imports", []string{atStart, overInput},
		[]string{"internal/nation:ReadImport"}},
	{"what a crash left half-written in the folder for printing: one that cannot be removed is said, and nothing is printed into that folder", []string{overInput}, []string{"internal/printing:NewFolder"}},
	{"what our own processes print; one that prints too much is read on and thrown away", []string{overInput}, []string{"internal/nation:child.run"}},
	{"groups of whole numbers, which the database makes", []string{atStart, rowsStart, readsRows},
		[]string{"internal/look:Source", "internal/look:perOperator", "internal/exchange:BacklogsIn", "internal/exchange:Exchange.Pairs", "internal/exchange:Exchange.inMissing",
			"internal/exchange:Flows.Next", "internal/reconcile:Books.countUnfolded"}},
	{"what the kernel says of our own processes; what it does not say is left out", []string{overInput}, []string{"internal/hsm:threads"}},
	{"a pass over counts that the database makes of looks, none of which is read by itself; one that fails is made again", []string{stepsTask}, []string{"internal/look:Watch.step"}},
	{"one look at what our answers rest on; without it they end by themselves", []string{stepsTask}, []string{"internal/org/validation:Validation.vouchTask"}},
	{"waiting for the clock", []string{overChan, atStart}, []string{"internal/clock:Virtual.Wait"}},
}

func (e exception) covers(function, mark string) bool {
	return (len(e.marks) == 0 || slices.Contains(e.marks, mark)) && slices.ContainsFunc(e.functions, func(f string) bool { return matches(f, function) })
}

func matches(name, function string) bool {
	if function == name {
		return true
	}
	return !strings.Contains(strings.TrimSuffix(name, ":"), ":") && strings.HasPrefix(function, name)
}

func excepted(function, mark string) bool {
	return slices.ContainsFunc(exceptions, func(e exception) bool { return e.covers(function, mark) })
}
