package municipality

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/moji"
)

// mostGlyphs bounds what the page that finds characters shows at once. The largest family of the list fits.
const mostGlyphs = 120

type charactersPage struct {
	*webui.Form
	Part   bool // stands over a form, into which the chosen character goes
	Action string
	Glyphs []glyph
	Asked  bool
	More   bool
}

// glyph is one shape to choose from.
type glyph struct {
	Text, Name, Notation string
	Terms                []webui.Term
	Kin                  string         // address of the page of its family
	Refused              plain.Sentence // why it cannot be recorded; empty: it can
}

// showCharacters finds characters (文字を探す) by a code in the address. What a clerk types goes by POST (findCharacters): people
// paste names, and an address is kept by browsers and logs.
func (w *screens) showCharacters(rw http.ResponseWriter, r *http.Request) {
	code := r.URL.Query().Get("code")
	if code == "" {
		w.renderCharacters(rw, r, charactersPage{Form: webui.NewForm(nil)})
		return
	}
	f, err := moji.ByCode(code)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.glyphs(rw, r, f.Name())
}

func (w *screens) findCharacters(rw http.ResponseWriter, r *http.Request) {
	if f, ok := w.ui.ReadForm(rw, r); ok {
		w.glyphs(rw, r, f.Typed()["q"])
	}
}

func (w *screens) glyphs(rw http.ResponseWriter, r *http.Request, q string) {
	p := charactersPage{Form: webui.NewForm(map[string]string{"q": q}), Asked: true}
	found, more, err := moji.Find(q, mostGlyphs)
	if err = p.Take(err); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p.More = more
	for _, f := range found {
		p.Glyphs = append(p.Glyphs, w.glyphOf(f))
	}
	w.renderCharacters(rw, r, p)
}

func (w *screens) renderCharacters(rw http.ResponseWriter, r *http.Request, p charactersPage) {
	p.Action = w.ui.URL("/characters")
	if p.Part = r.Header.Get("HX-Request") == "true"; p.Part {
		w.ui.RenderPart(rw, r, w.characters, "find", p)
		return
	}
	status := http.StatusOK
	if len(p.Problems()) > 0 {
		status = http.StatusUnprocessableEntity
	}
	w.ui.Render(rw, r, w.characters, status, p)
}

func (w *screens) glyphOf(f moji.Form) glyph {
	g := glyph{Text: f.Text(), Name: f.Name(), Notation: f.Notation(), Kin: w.ui.URL("/characters?code=" + f.Name())}
	add := func(ja, en, value string) {
		if value != "" {
			g.Terms = append(g.Terms, webui.Term{Label: both(ja, en), Value: webui.Code(value)})
		}
	}
	add("住基", "Resident network", f.JukiCode())
	add("戸籍", "Family registers", f.KosekiNumber())
	add("Unicode", "Unicode", f.Sequence())
	if f.Strokes != 0 {
		n := strconv.Itoa(int(f.Strokes))
		g.Terms = append(g.Terms, webui.Term{Label: both("総画数", "Strokes"), Value: n})
	}
	if readings := f.Readings(); len(readings) > 0 {
		g.Terms = append(g.Terms, webui.Term{Label: both("読み", "Read"), Value: webui.Name(strings.Join(readings[:min(len(readings), 6)], "・"))})
	}
	if g.Text == "" {
		g.Refused = both("まだUnicodeの符号がないので、記録できません。", "It has no Unicode character yet and cannot be recorded.")
	} else if _, err := resident.ParseName("name", g.Text); err != nil {
		g.Refused = both("公式の文字表にないので、記録できません。", "It is outside the official table of characters and cannot be recorded.")
	}
	return g
}
