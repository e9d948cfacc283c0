package municipality

import (
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

type registerPage struct {
	*webui.Form
	Towns                 []webui.Suggestion
	Steps                 []webui.Step
	Reasons, Bases, Sexes []webui.Choice
	Ward                  []webui.Choice
	itemChoices
	AskAsIs, AskAnother bool
	AskPaper            bool // why this is typed from a certificate on paper
	Documents           []webui.Choice
	Action              string
}

var entryReasons = []webui.Choice{
	{Value: resident.MoveIn.Code(), Name: both("転入等", "Moving in"), Note: both("国内からは、転出証明書の住民票コードと記録の版が要ります。国外からは要りません。", "From within Japan the moving-out certificate's record code and record version are needed; from abroad not.")},
	{Value: resident.Birth.Code(), Name: both("出生", "Birth"), Note: both("新しい住民票コードを割り当てます。", "A new record code is given.")},
	{Value: resident.EntryExOfficio.Code(), Name: both("職権記載等", "Entry ex officio"), Note: both("記載漏れや、消除の誤りを直すとき。", "For an entry that was missing, or a deletion that was wrong.")},
}

func (w *screens) showRegister(rw http.ResponseWriter, r *http.Request) {
	f := webui.NewForm(map[string]string{"reason": resident.MoveIn.Code(), "basis": "law-22", "address": w.addressStart(), "relation": resident.Head.Reveal(),
		"became": resident.DateOf(w.o.Clock.Now()).String(), "notified": resident.DateOf(w.o.Clock.Now()).String(), "domicile_state": resident.DomicileKnown.Code()})
	w.renderRegister(rw, r, http.StatusOK, f)
}

func (w *screens) renderRegister(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	w.ui.Render(rw, r, w.register, status, registerPage{Form: f, Documents: documentChoices(), Towns: w.suggestTowns(r.Context()), Steps: steps(0), Reasons: entryReasons, Sexes: sexChoices, Ward: w.wardChoices(), itemChoices: choicesFor(f),
		Bases:   basisChoices(resident.MoveIn, resident.Birth, resident.EntryExOfficio),
		AskAsIs: has(f, fieldAsIs), AskAnother: has(f, fieldAnother), AskPaper: has(f, fieldPaper), Action: w.ui.URL("/register")})
}

// registration reads the form.
func registration(f *webui.Form) Registration {
	r := Registration{Reason: entry(f, "reason", resident.ParseChangeReason), Basis: f.Value("basis"), From: entry(f, "from", resident.ParseMunicipalityCode),
		Prior: entry(f, "prior", versionEntry), Paper: f.Value(fieldPaper), Whole: true, AsIs: ticked(f, fieldAsIs), Another: ticked(f, fieldAnother)}
	r.Record = resident.Record{
		Code: entry(f, "code", resident.ParseRecordCode),
		BasicFour: resident.BasicFour{Name: entry(f, "name", typedName), Birth: entry(f, "birth", resident.ParsePartialDate),
			Sex: entry(f, "sex", resident.ParseSex), Address: entry(f, "address", resident.ParseAddress)},
		Kana: entry(f, "kana", resident.ParseKana), CommonName: entry(f, "common_name", typedName),
		Nationality: entry(f, "nationality", resident.ParseNationality), Municipality: entry(f, "municipality", resident.ParseMunicipalityCode),
		Household: entry(f, "household", resident.ParseHouseholdID), Relation: entry(f, "relation", resident.ParseRelation),
		BecameResident: entry(f, "became", resident.ParseDate), Number: entry(f, "number", resident.ParseIndividualNumber),
	}
	readItems(f, &r.Record)
	return r
}

// typedName reads the name of somebody who comes into the register. What no paper says and a slip of the hand makes is asked for again: two blanks in a
// row, which nobody sees on a document, and a sign in front that makes the name a formula where a table of it is opened. A name that came with a
// message or in a file stays as it is, so that nobody waits for it.
func typedName(field, s string) (resident.Name, error) {
	n, err := resident.ParseName(field, s)
	first, _ := utf8.DecodeRuneInString(s)
	switch {
	case err != nil:
		return n, err
	case strings.ContainsRune("=+-@＝＋－＠", first):
		return resident.Name{}, plain.Bad(field, "先頭に記号「"+string(first)+"」があります。取り除いてください。", "There is a sign in front, "+string(first)+": take it away.")
	case twoBlanks.MatchString(s):
		return resident.Name{}, plain.Bad(field, "空白が続いています。一つにしてください。", "Two blanks follow one another: leave one.")
	}
	return n, nil
}

var twoBlanks = regexp.MustCompile(`[ \x{3000}]{2}`)

// doRegister checks what was entered, shows it, and registers the person when the clerk has looked.
func (w *screens) doRegister(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if f.Value("step") == stepEdit || relanguaged(f) && f.Value("shown") == "" {
		f.Set("step", "")
		w.renderRegister(rw, r, http.StatusOK, f)
		return
	}
	needNotifier(f)
	reg := registration(f)
	reg.Notified = notified(f, "")
	err := refused(f, w.o.CheckRegistration(r.Context(), reg))
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if f.OK() && f.Value("step") == stepFile {
		filed, err := w.o.Register(r.Context(), reg)
		if err == nil {
			http.Redirect(rw, r, w.filedURL(filed), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if len(f.Problems()) > 0 {
		w.renderRegister(rw, r, http.StatusUnprocessableEntity, f)
		return
	}
	w.ui.Render(rw, r, w.confirm, http.StatusOK, confirmPage{Form: f, Name: both("住民の登録", "Register a resident"), Steps: steps(1), Values: hidden(f),
		Action: w.ui.URL("/register"), Yes: both("登録する", "Register"), Terms: registrationTerms(reg)})
}

func registrationTerms(r Registration) []webui.Term {
	rec := r.Record
	code, household := codeText(rec.Code), nameText(string(rec.Household))
	if code == nil {
		code = both("新しく割り当てます", "a new one is given")
	}
	if household == nil {
		household = both("新しい世帯", "a new household")
	}
	terms := []webui.Term{
		{Label: both("登録の理由", "Reason"), Value: reasonName(r.Reason)},
		{Label: both("根拠", "Ground"), Value: basisName(r.Basis)},
		{Label: both("住民となった日", "Resident since"), Value: day(rec.BecameResident)},
		{Label: both("氏名", "Name"), Value: webui.Spell(rec.Name.Reveal())},
		{Label: both("生年月日", "Date of birth"), Value: bornText(rec.Birth)},
		{Label: both("性別", "Sex"), Value: sexName(rec.Sex)},
		{Label: both("住所", "Address"), Value: webui.Spell(rec.Address.Reveal())},
		{Label: both("世帯", "Household"), Value: household},
		{Label: both("続柄", "Relation"), Value: webui.Name(rec.Relation.Reveal())},
		{Label: both("住民票コード", "Record code"), Value: code},
	}
	if rec.Code.Valid() { // else the page would not be shown
		terms = append(terms, webui.Term{Label: both("全国センター", "National center"), Value: badge(webui.OK, "このコードを付けることに同意", "agrees to this code")})
	}
	if r.From.Valid() {
		terms = append(terms, webui.Term{Label: both("従前の市区町村", "Earlier municipality"), Value: webui.Name(r.From.String())})
	}
	rec.FamilyRegister = rec.FamilyRegister.Stated()
	for _, i := range moreItems(rec) {
		if i.after != "" {
			terms = append(terms, webui.Term{Label: i.label, Value: webui.Name(i.after)})
		}
	}
	return terms
}
