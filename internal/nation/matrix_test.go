package nation

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/message"
)

// screensOf are the packages that answer browsers, and of which role; "" serves all. The control of a country (this package) answers
// a socket that only its owner may open.
var screensOf = map[string]message.Role{
	"org/municipality": message.Municipality, "org/prefecture": message.Prefecture, "org/nationalcenter": message.NationalCenter,
	"org/ca": message.CA, "org/validation": message.Validation, "org/verifier": message.Verifier,
	"org/issuing": message.Issuing,
	"desk":        "", "auditpage": "", "staffpage": "", "tokendesk": "", "inspection/checkpage": "", "webui": "",
	"errorreport": "", "inquiry": "", "lookpage": "", "protection/protectpage": "", "provision": "",
}

// openTo are the routes that no act guards, each with the reason. Any other must name its act where it is registered.
var openTo = map[string]string{
	"org/municipality GET /{$}":           "the front page names nobody; what it counts is the exchange's",
	"org/prefecture GET /{$}":             "numbers of residents, of no person",
	"org/prefecture GET /part/*":          "the parts of the front page",
	"org/nationalcenter GET /{$}":         "numbers of residents, of no person",
	"org/nationalcenter GET /part/{part}": "the parts of the front page",
	"org/ca GET /{$}":                     "numbers of certificates, of no person",
	"org/ca GET /part/{part}":             "the parts of the front page",
	"org/ca GET /lists":                   "revocation lists are public",
	"org/ca GET /issuance":                "the statistics of the sources, by municipality",
	"org/ca GET /issuance.csv":            "the same as a file",
	"org/validation GET /{$}":             "numbers of answers, of no person",
	"org/validation GET /part/{part}":     "the parts of the front page",
	"org/validation GET /lists":           "revocation lists are public",
	"org/issuing GET /{$}":                "numbers of records, of no person",
	"org/issuing GET /part/copy":          "the part of the front page",
	"org/verifier GET /verify":            "leads to the desk, which is everybody's",
	"org/verifier GET /verdict.css":       "a style sheet",
	"org/verifier POST /api/verify":       "the desk of the verifier for programs, which is everybody's",
	"org/verifier GET /api/verify":        "says how to use it",
	"desk GET /metrics":                   "this machine alone (fromHere), whoever asks",
	"desk GET /api/status":                "asks the rules itself, because it refuses in JSON (TestAPIIsForThoseWhoMayViewMessages)",
	"desk GET /api/trace":                 "the same",
	"desk POST /api/trace":                "the same",
	"staffpage GET /join":                 "whoever holds an invitation is nobody yet",
	"staffpage POST /join":                "takes an invitation, which is a secret",
	"staffpage POST /join/passkey":        "takes an invitation and a passkey for it",
	"provision GET /provision/published":  "the published table of provision: numbers, of no person",
	"webui GET /assets/":                  "style and script",
	"webui GET /session":                  "where people sign in",
	"webui POST /session":                 "a persona of the test country, or leaving",
	"webui POST /session/passkey":         "takes a passkey",
	"webui POST /session/stepup":          "takes the passkey of the session",
}

// route is a line of the source that has a screen answer.
type route struct {
	pkg, pattern string
	act          access.Act
	guarded      bool
	at           token.Position
}

var verb = regexp.MustCompile(`^(GET|POST|PUT|DELETE) /`)

// routesIn reads the routes of a package, with the act that guards each: as ui.Only(act, …) in the call that registers it, or as the
// first field behind the pattern in a table.
func routesIn(t *testing.T, pkg string, acts map[string]access.Act) (all []route) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pkg), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset, parsed, values := token.NewFileSet(), []*ast.File{}, map[string]string{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				for _, s := range g.Specs {
					for i, n := range s.(*ast.ValueSpec).Names {
						if v := s.(*ast.ValueSpec).Values; i < len(v) {
							if lit, ok := v[i].(*ast.BasicLit); ok && lit.Kind == token.STRING {
								values[n.Name], _ = strconv.Unquote(lit.Value)
							}
						}
					}
				}
			}
		}
	}
	// text is a pattern as it stands in the source; what is not known before the program runs is a star.
	var text func(e ast.Expr) string
	text = func(e ast.Expr) string {
		switch e := e.(type) {
		case *ast.BasicLit:
			s, _ := strconv.Unquote(e.Value)
			return s
		case *ast.BinaryExpr:
			return text(e.X) + text(e.Y)
		case *ast.Ident:
			if v, ok := values[e.Name]; ok {
				return v
			}
		}
		return "*"
	}
	actOf := func(e ast.Expr) (access.Act, bool) {
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			return "", false
		}
		a, ok := acts[sel.Sel.Name]
		return a, ok
	}
	for _, f := range parsed {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if lit, ok := n.Key.(*ast.BasicLit); ok && lit.Kind == token.STRING && verb.MatchString(text(lit)) {
					r := route{pkg: pkg, pattern: text(lit), at: fset.Position(n.Pos())}
					if c, ok := n.Value.(*ast.CompositeLit); ok && len(c.Elts) > 0 {
						r.act, r.guarded = actOf(c.Elts[0])
					}
					all = append(all, r)
				}
			case *ast.CallExpr:
				sel, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || len(n.Args) != 2 || sel.Sel.Name != "Handle" && sel.Sel.Name != "HandleFunc" {
					return true
				}
				if ident, ok := n.Args[0].(*ast.Ident); ok && values[ident.Name] == "" {
					return true // a table's line, which was read where it stands
				}
				r := route{pkg: pkg, pattern: text(n.Args[0]), at: fset.Position(n.Pos())}
				if call, ok := n.Args[1].(*ast.CallExpr); ok {
					if only, ok := call.Fun.(*ast.SelectorExpr); ok && only.Sel.Name == "Only" && len(call.Args) == 2 {
						r.act, r.guarded = actOf(call.Args[0])
					}
				}
				all = append(all, r)
			}
			return true
		})
	}
	return all
}

// actNames are the acts by the names that the source gives them.
func actNames(t *testing.T) map[string]access.Act {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", "access", "rules.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]access.Act{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == 1 && len(v.Values) == 1 {
			if typ, ok := v.Type.(*ast.Ident); ok && typ.Name == "Act" {
				s, _ := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				all[v.Names[0].Name] = access.Act(s)
			}
		}
		return true
	})
	return all
}

// matrix is every route of every screen.
func matrix(t *testing.T) (all []route) {
	t.Helper()
	acts := actNames(t)
	for pkg := range screensOf {
		all = append(all, routesIn(t, pkg, acts)...)
	}
	slices.SortFunc(all, func(a, b route) int { return strings.Compare(a.pkg+a.pattern, b.pkg+b.pattern) })
	return all
}

// TestEveryRouteNamesItsAct: a route that no act guards stands in openTo with its reason, and whoever imports the screens' ground has
// its routes read.
func TestEveryRouteNamesItsAct(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range matrix(t) {
		key := r.pkg + " " + r.pattern
		seen[key] = true
		switch why := openTo[key]; {
		case r.pattern == "/" && r.pkg == "webui", r.pkg == "webui" && r.pattern == "*":
		case r.guarded && why != "":
			t.Errorf("%s is guarded, and stands in openTo", key)
		case !r.guarded && why == "":
			t.Errorf("%v: %s names no act: register it with ui.Only, or say in openTo why everybody may", r.at, key)
		}
	}
	for key := range openTo {
		if !seen[key] {
			t.Errorf("openTo has %s, which is not there", key)
		}
	}
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, ".."+string(filepath.Separator))))
		if _, known := screensOf[pkg]; !known && strings.Contains(string(src), "*http.ServeMux") && strings.Contains(string(src), "internal/webui\"") {
			t.Errorf("%s has screens, and its routes are not read: add it to screensOf", path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// TestEveryScreenIsRefusedToWhoHasNoBusinessThere walks every guarded route of every organisation of a running country, as each job and as
// nobody, and sees it refused exactly where the table of rights says no.
func TestEveryScreenIsRefusedToWhoHasNoBusinessThere(t *testing.T) {
	r := open(t, dataDir(t))
	routes := matrix(t)
	refusedSomewhere, asked := map[string]bool{}, 0
	for _, org := range r.country.organisations {
		self := org.Self
		for _, p := range append(access.Personas(), access.Person{}) {
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
			base := r.url + "/" + string(self)
			if p.ID != "" {
				resp, err := client.PostForm(base+"/session", url.Values{"persona": {p.ID}})
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
			for _, one := range routes {
				if role := screensOf[one.pkg]; !one.guarded || role != "" && role != self.Role() {
					continue
				}
				method, path, _ := strings.Cut(strings.ReplaceAll(one.pattern, "{$}", ""), " ")
				req, err := http.NewRequest(method, base+placeholder.ReplaceAllString(path, "x"), nil)
				if err != nil {
					t.Fatal(err)
				}
				if method == http.MethodPost {
					req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				}
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				asked++
				toSignIn := resp.StatusCode == http.StatusSeeOther && strings.HasPrefix(resp.Header.Get("Location"), "/"+string(self)+"/session")
				refused := resp.StatusCode == http.StatusForbidden || toSignIn
				says := fmt.Sprintf("%s %s as %q: %d", self, one.pattern, p.ID, resp.StatusCode)
				if refused {
					refusedSomewhere[one.pkg+" "+one.pattern] = true
				}
				switch err := access.May(p, one.act, self.Role()); {
				case err == nil && refused:
					t.Errorf("%s, and %s is allowed", says, one.act)
				case err != nil && !refused && resp.StatusCode != http.StatusNotFound:
					t.Errorf("%s, and %s is not allowed", says, one.act)
				case toSignIn && p.ID != "":
					t.Errorf("%s: somebody who is known is asked to sign in", says)
				}
			}
		}
	}
	everybody := map[access.Act]bool{access.VerifySignature: true, access.VerifyDocument: true}
	for _, one := range routes {
		if one.guarded && !everybody[one.act] && !refusedSomewhere[one.pkg+" "+one.pattern] && one.pkg != "tokendesk" {
			t.Errorf("%s %s was refused to nobody anywhere: it was not met", one.pkg, one.pattern)
		}
	}
	t.Logf("%d routes, asked %d times", len(routes), asked)
}
