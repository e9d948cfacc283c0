package municipality

import (
	"embed"
	"net/http"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditpage"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/lookpage"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection/protectpage"
	"github.com/akashi-id/akashi/internal/staffpage"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed html
var files embed.FS

// screens are the pages of the counter. They read what was typed, call the same rules that everything else calls, and
// show the answer; they decide nothing.
type screens struct {
	o     *Municipality
	ui    *webui.UI
	trace string // address of the page that shows a trace; empty: none

	home, search, person, change, confirm, filed, register, apply, application, loss *webui.Page
	events, household, headless, seal, towns, moves, move, arrival, numbers, number  *webui.Page
	checks, check, taken, identityRule                                               *webui.Page
	town, townForm, townList, townChange                                             *webui.Page
	visit, attention, disclosures, disclose, disclosed, characters                   *webui.Page
	issue, issued, papers, third, thirdAsked                                         *webui.Page
	after, affected, docTrace, days, day                                             *webui.Page

	protect *protectScreens
}

func both(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

func badge(kind webui.BadgeKind, ja, en string) webui.Badge {
	return webui.Badge{Kind: kind, Text: both(ja, en)}
}

// newScreens reads the pages and joins them with the message desk. Its errors are mistakes of the program.
func newScreens(o *Municipality, cfg Config) (http.Handler, error) {
	w := &screens{o: o, trace: cfg.Trace}
	var err error
	w.ui, err = webui.New(webui.Config{
		Base: "/" + string(o.Self), Org: o.Name, Role: message.Municipality, TestCountry: cfg.TestCountry, Portal: cfg.Portal,
		Clock: o.Clock, Sessions: cfg.Sessions, Log: o.Log, Visit: "/visit", Characters: true,
		Nav: []webui.NavItem{
			{Path: "/", Name: both("今日の窓口", "Today")},
			{Path: "/search", Name: both("住民の検索", "Search"), Act: access.LookAtPerson},
			{Path: "/register", Name: both("住民の登録", "Register"), Act: access.Register},
			{Path: "/towns", Name: both("町字", "Towns"), Act: access.ViewTowns},
			{Path: "/moves", Name: both("転出入", "Moves"), Act: access.LookAtPerson},
			numberNav,
			{Path: "/disclosures", Name: both("開示・訂正", "Disclosure"), Act: access.LookAtPerson, Within: []string{"/disclosure"}},
			errorreport.Nav,
			protectNav,
			protectpage.Nav,
			desk.Nav,
			auditpage.Nav,
			lookpage.Nav,
			staffpage.Nav,
		},
	})
	if err != nil {
		return nil, err
	}
	for name, page := range map[string]**webui.Page{"home": &w.home, "search": &w.search, "person": &w.person, "change": &w.change,
		"confirm": &w.confirm, "filed": &w.filed, "register": &w.register, "apply": &w.apply, "application": &w.application, "loss": &w.loss,
		"events": &w.events, "household": &w.household, "headless": &w.headless, "seal": &w.seal, "towns": &w.towns,
		"town": &w.town, "town-form": &w.townForm, "town-list": &w.townList, "town-change": &w.townChange,
		"moves": &w.moves, "move": &w.move, "arrival": &w.arrival, "numbers": &w.numbers, "number": &w.number,
		"visit": &w.visit, "attention": &w.attention, "disclosures": &w.disclosures, "disclose": &w.disclose, "disclosed": &w.disclosed,
		"characters": &w.characters, "checks": &w.checks, "check": &w.check, "taken": &w.taken, "identityrule": &w.identityRule, "issue": &w.issue, "issued": &w.issued, "papers": &w.papers, "third": &w.third, "thirdasked": &w.thirdAsked,
		"after": &w.after, "affected": &w.affected, "doctrace": &w.docTrace, "days": &w.days, "day": &w.day} {
		var common []string
		switch name {
		case "register", "change":
			common = []string{"items", "documents"}
		case "apply", "issue", "third", "check", "taken", "seal", "disclose", "household", "arrival":
			common = []string{"documents"}
		}
		if *page, err = w.ui.Page(files, name, common...); err != nil {
			return nil, err
		}
	}
	d, err := desk.New(o.Host, w.ui)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	d.Mount(mux)
	if err := o.Errors.Mount(mux, w.ui); err != nil {
		return nil, err
	}
	if err := auditpage.Mount(mux, o.Host, w.ui); err != nil {
		return nil, err
	}
	if err := w.mountProtection(mux); err != nil {
		return nil, err
	}
	if err := lookpage.Mount(mux, o.Host, w.ui); err != nil {
		return nil, err
	}
	if err := protectpage.Mount(mux, o.Host, w.ui, o.flags); err != nil {
		return nil, err
	}
	if err := staffpage.Mount(mux, o.Host, w.ui); err != nil {
		return nil, err
	}
	mux.HandleFunc("GET /{$}", w.showHome)
	w.mountVisit(mux)
	for pattern, page := range map[string]struct {
		act  access.Act
		show http.HandlerFunc
	}{
		"GET /search":                                    {access.LookAtPerson, w.showSearch},
		"POST /search":                                   {access.LookAtPerson, w.doSearch},
		"GET /register":                                  {access.Register, w.showRegister},
		"POST /register":                                 {access.Register, w.doRegister},
		"GET /resident/{person}":                         {access.LookAtPerson, w.showPerson},
		"GET /resident/{person}/filed/{trace}":           {access.LookAtPerson, w.showFiled},
		"GET /resident/{person}/filed/{trace}/part":      {access.LookAtPerson, w.showFiledPart},
		"POST /resident/{person}/planned/cancel":         {access.FileChange, w.cancelPlan},
		"GET /resident/{person}/change/{act}":            {access.FileChange, w.showChange},
		"POST /resident/{person}/change/{act}":           {access.FileChange, w.doChange},
		"GET /resident/{person}/apply":                   {access.IssueCertificate, w.showApply},
		"POST /resident/{person}/apply":                  {access.IssueCertificate, w.doApply},
		"GET /resident/{person}/loss":                    {access.RevokeCertificate, w.showLoss},
		"POST /resident/{person}/loss":                   {access.RevokeCertificate, w.doLoss},
		"GET /resident/{person}/seal":                    {access.KeepSeal, w.showSeal},
		"POST /resident/{person}/seal":                   {access.KeepSeal, w.doSeal},
		"POST /resident/{person}/seal/answer":            {access.KeepSeal, w.answerSeal},
		"POST /resident/{person}/seal/end":               {access.KeepSeal, w.endSeal},
		"GET /resident/{person}/seal/{seal}/imprint.png": {access.KeepSeal, w.giveImprint},
		"GET /resident/{person}/issue":                   {access.IssueDocument, w.showIssue},
		"POST /resident/{person}/issue":                  {access.IssueDocument, w.doIssue},
		"GET /resident/{person}/third":                   {access.IssueDocument, w.showThirdForm},
		"POST /resident/{person}/third":                  {access.IssueDocument, w.askAsThird},
		"GET /third/{third}":                             {access.IssueDocument, w.showThird},
		"POST /third/{third}":                            {access.IssueDocument, w.decideThird},
		"GET /document/{request}":                        {access.IssueDocument, w.showIssued},
		"GET /document/{request}/part":                   {access.IssueDocument, w.showIssuedPart},
		"GET /document/{request}/document.pdf":           {access.IssueDocument, w.givePrint},
		"GET /documents":                                 {access.IssueDocument, w.showDocuments},
		"GET /document/{request}/persons":                {access.LookAtPerson, w.showTracePersons},
		"POST /document/{request}/case/{job}":            {access.IssueDocument, w.proposeCase},
		"POST /document/{request}/case/{job}/confirm":    {access.IssueDocument, w.confirmCase},
		"POST /document/{request}/print":                 {access.IssueDocument, w.doPrint},
		"POST /document/{request}/hand-over":             {access.IssueDocument, w.handOver},
		"POST /document/{request}/recall":                {access.IssueDocument, w.recallDocument},
		"POST /document/{request}/recover":               {access.IssueDocument, w.recoverDocument},
		"POST /document/{request}/void":                  {access.IssueDocument, w.voidDocument},
		"GET /application/{request}":                     {access.LookAtCertificate, w.showApplication},
		"GET /application/{request}/part":                {access.LookAtCertificate, w.showApplicationPart},
		"GET /application/{request}/key-part":            {access.LookAtCertificate, w.showKeyPart},
		"GET /application/{request}/certificate.pem":     {access.LookAtCertificate, w.giveCertificate},
		"POST /application/{request}/key":                {access.IssueCertificate, w.giveKey},
		"POST /application/{request}/revoke":             {access.RevokeCertificate, w.doRevoke},
		"GET /application/{request}/check":               {access.IssueCertificate, w.showCheck},
		"POST /application/{request}/check":              {access.IssueCertificate, w.doCheck},
		"POST /application/{request}/refuse":             {access.IssueCertificate, w.refuseChecked},
		"GET /taken/{case}":                              {access.LookAtPerson, w.showTaken},
		"POST /taken/{case}/check":                       {access.LookAtPerson, w.doTaken},
		"POST /taken/{case}/refuse":                      {access.LookAtPerson, w.refuseTaken},
		"GET /resident/{person}/events":                  {access.FileChange, w.showEvents},
		"GET /resident/{person}/events/part":             {access.FileChange, w.showEventsPart},
		"POST /resident/{person}/check/{act}":            {access.FileChange, w.checkChange},
		"GET /resident/{person}/household/{event}":       {access.FileChange, w.showHousehold},
		"POST /resident/{person}/household/{event}":      {access.FileChange, w.doHousehold},
		"GET /headless":                                  {access.FileChange, w.showHeadless},
		"POST /headless/{household}/take":                {access.FileChange, w.takeHeadless},
		"GET /moves":                                     {access.LookAtPerson, w.showMoves},
		"GET /moves/{move}":                              {access.LookAtPerson, w.showMove},
		"GET /moves/{move}/register":                     {access.Register, w.showArrival},
		"POST /moves/{move}/register":                    {access.Register, w.doArrival},
		"POST /moves/{move}/give-up":                     {access.Register, w.giveUpMove},
		"POST /moves/{move}/tell-again":                  {access.FileChange, w.tellMoveAgain},
		"POST /moves/{move}/close":                       {access.CloseMove, w.proposeClosing},
		"POST /moves/{move}/close/{id}/approve":          {access.CloseMove, w.approveClosing},
		"POST /moves/{move}/close/{id}/drop":             {access.CloseMove, w.dropClosing},
		"GET /numbers":                                   {access.Register, w.showNumbers},
		"GET /numbers/{request}":                         {access.LookAtPerson, w.showNumber},
		"POST /numbers/{request}/sent":                   {access.FileChange, w.sendNumber},
		"GET /disclosures":                               {access.LookAtPerson, w.showDisclosures},
		"GET /resident/{person}/disclosure":              {access.LookAtPerson, w.showDisclose},
		"POST /resident/{person}/disclosure":             {access.LookAtPerson, w.doDisclose},
		"GET /disclosure/{request}":                      {access.LookAtPerson, w.showDisclosed},
		"POST /disclosure/{request}/answer":              {access.LookAtPerson, w.answerDisclosure},
		"POST /disclosure/{request}/extend":              {access.LookAtPerson, w.extendDisclosure},
	} {
		mux.Handle(pattern, w.ui.Only(page.act, w.visited(page.show)))
	}
	for pattern, page := range map[string]struct { // they show nobody, and need no visit
		act  access.Act
		show http.HandlerFunc
	}{
		"GET /towns":                          {access.ViewTowns, w.showTowns},
		"GET /towns/rename":                   {access.ViewTowns, w.showRenaming},
		"POST /towns/rename":                  {access.RenameTown, w.doRenaming},
		"GET /towns/renamings":                {access.ViewTowns, w.showRenamings},
		"POST /towns/{rename}/confirm":        {access.RenameTown, w.confirmTown},
		"POST /towns/{rename}/drop":           {access.RenameTown, w.dropTown},
		"GET /towns/town/{of}/{town}":         {access.ViewTowns, w.showTown},
		"GET /towns/add":                      {access.ViewTowns, w.showNewTown},
		"POST /towns/add":                     {access.KeepTowns, w.doNewTown},
		"GET /towns/end":                      {access.ViewTowns, w.showTownEnd},
		"POST /towns/end":                     {access.KeepTowns, w.doTownEnd},
		"GET /towns/import":                   {access.ViewTowns, w.showTownFile},
		"POST /towns/import":                  {access.KeepTowns, w.doTownFile},
		"GET /towns/changes":                  {access.ViewTowns, w.showTownChanges},
		"GET /towns/change/{change}":          {access.ViewTowns, w.showTownChange},
		"POST /towns/change/{change}/confirm": {access.KeepTowns, w.confirmTowns},
		"POST /towns/change/{change}/drop":    {access.KeepTowns, w.dropTowns},

		"GET /documents/after":                   {access.TraceDocument, w.showAfter},
		"POST /documents/after":                  {access.InquireDocuments, w.beginInquiry},
		"GET /documents/after/{inquiry}":         {access.TraceDocument, w.showAffected},
		"GET /documents/after/{inquiry}/persons": {access.LookAtPerson, w.showAffectedPersons}, // the inquiry is the ground
		"GET /document/{request}/trace":          {access.TraceDocument, w.showTrace},
		"GET /documents/days":                    {access.TraceDocument, w.showDays},
		"GET /documents/day/{day}":               {access.TraceDocument, w.showDay},
		"POST /documents/day/{day}/close":        {access.IssueDocument, w.closeDay},

		"GET /characters":  {access.LookAtPerson, w.showCharacters},
		"POST /characters": {access.LookAtPerson, w.findCharacters},

		"GET /checks":                           {access.IssueCertificate, w.showChecks},
		"POST /checks/{request}/told":           {access.IssueCertificate, w.tellLapse},
		"GET /identity-rule":                    {access.ViewIdentityRule, w.showIdentityRule},
		"POST /identity-rule":                   {access.SetIdentityRule, w.doIdentityRule},
		"POST /identity-rule/{version}/confirm": {access.SetIdentityRule, w.confirmIdentityRule},
		"POST /identity-rule/{version}/drop":    {access.SetIdentityRule, w.dropIdentityRule},
	} {
		mux.Handle(pattern, w.ui.Only(page.act, page.show))
	}
	return w.ui.Serve(mux), nil
}

// personOf is the person of the path; zero when it names none.
func personOf(r *http.Request) PersonID {
	n, err := strconv.ParseInt(r.PathValue("person"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return store.Person(n)
}

func (w *screens) personURL(p PersonID, more string) string {
	return w.ui.URL("/resident/" + p.String() + more)
}

// entry reads one field with a Parse function of the vocabulary. Empty is the zero value; whether it may be is for the
// rule to say.
func entry[T any](f *webui.Form, name string, parse func(field, s string) (T, error)) (v T) {
	s := f.Value(name)
	if s == "" {
		return v
	}
	v, err := parse(name, s)
	if err != nil {
		_ = f.Take(err) // a Parse function refuses with a *plain.Problem and nothing else
	}
	return v
}

// versionEntry reads a record version.
func versionEntry(field, s string) (resident.Version, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 {
		return 0, plain.Bad(field,
			"記録の版は1以上の数字です。転出証明書のとおりに入力してください。",
			"A record version is a number from 1: type it as on the certificate.")
	}
	return resident.Version(n), nil
}

// refused adds to a form what a rule has refused. Of a field that could not be read the rule only knows that it is
// missing, which nobody needs to be told. Another error is returned.
func refused(f *webui.Form, err error) error {
	found, ok := plain.AsProblems(err)
	if !ok {
		return err
	}
	unread := map[string]bool{}
	for _, p := range f.Problems() {
		unread[p.Field] = true
	}
	for _, p := range found {
		if !unread[p.Field] {
			f.Bad(p.Field, p.JA, p.EN)
		}
	}
	return nil
}

// has tells whether a form has a problem of a field, or the field is filled in.
func has(f *webui.Form, field string) bool {
	for _, p := range f.Problems() {
		if p.Field == field {
			return true
		}
	}
	return f.Value(field) != ""
}

// relanguaged tells whether the form came by the language switch: to be shown again.
func relanguaged(f *webui.Form) bool { return !f.OK() && len(f.Problems()) == 0 }

// day is a date as the components show it.
func day(d resident.Date) any {
	if !d.Valid() {
		return nil
	}
	return webui.Day(d.Start())
}

// born is a date of birth, which may be unknown in part.
func bornText(p resident.PartialDate) any {
	if d, whole := p.Whole(); whole {
		return day(d)
	}
	return webui.Name(p.Wareki())
}

// codeText groups the eleven digits for the eye.
func codeText(c resident.RecordCode) any {
	if !c.Valid() {
		return nil
	}
	return webui.Code(grouped(c))
}

func grouped(c resident.RecordCode) string {
	s := c.Reveal()
	if len(s) != 11 {
		return ""
	}
	return s[:4] + " " + s[4:8] + " " + s[8:]
}

func sexName(s resident.Sex) plain.Sentence {
	switch s {
	case resident.Male:
		return both("男", "male")
	case resident.Female:
		return both("女", "female")
	}
	return both("不明", "unknown")
}

func nameText(s string) any {
	if s == "" {
		return nil
	}
	return webui.Name(s)
}

func reasonName(r resident.ChangeReason) plain.Sentence { return both(r.In(plain.JA), r.In(plain.EN)) }

// addressStart is how addresses here begin, for the forms.
func (w *screens) addressStart() string {
	m, err := w.o.body("municipality", w.o.code, resident.DateOf(w.o.Clock.Now()))
	if err != nil {
		return ""
	}
	return m.FullName()
}

func choice(value, ja, en string) webui.Choice { return webui.Choice{Value: value, Name: both(ja, en)} }

func basisChoices(reasons ...resident.ChangeReason) (cs []webui.Choice) {
	seen := map[string]bool{}
	for _, r := range reasons {
		for _, b := range BasesOf(r) {
			if !seen[b.Key] {
				cs = append(cs, webui.Choice{Value: b.Key, Name: b.Name})
			}
			seen[b.Key] = true
		}
	}
	return cs
}

// ticked tells whether a box is ticked.
func ticked(f *webui.Form, field string) bool { return strings.TrimSpace(f.Value(field)) == "yes" }
