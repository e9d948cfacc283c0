package conform

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// source is the program's own source, type-checked without the packages of others: what is asked of it is who of ours
// calls whom of ours.
type source struct {
	module  string
	root    string
	fset    *token.FileSet
	files   map[string][]*ast.File // by folder
	checked map[string]*types.Package
	info    *types.Info
	funcs   map[*types.Func]*ast.FuncDecl
	broken  []error // files that cannot be read
}

func readSource(root, module string) (*source, error) {
	s := &source{module: module, root: root, fset: token.NewFileSet(), files: map[string][]*ast.File{}, checked: map[string]*types.Package{},
		funcs: map[*types.Func]*ast.FuncDecl{}, info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{},
			Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}}}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); name != root && (n == "testdata" || strings.HasPrefix(n, ".") || strings.HasSuffix(n, "test")) {
				return filepath.SkipDir // a package of test helpers is named so and never linked into the program
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && name != root {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".pb.go") {
			return nil
		}
		f, err := parser.ParseFile(s.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			s.broken = append(s.broken, err)
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		s.files[filepath.ToSlash(dir)] = append(s.files[filepath.ToSlash(dir)], f)
		return err
	})
	for dir := range s.files {
		if _, err := s.Import(path.Join(module, dir)); err != nil {
			return nil, err
		}
	}
	return s, err
}

// Import type-checks one of our packages; of others it knows the name only.
func (s *source) Import(importPath string) (*types.Package, error) {
	if p, done := s.checked[importPath]; done {
		return p, nil
	}
	dir, ours := strings.CutPrefix(importPath, s.module)
	dir = strings.TrimPrefix(dir, "/")
	if dir == "" {
		dir = "."
	}
	if !ours || s.files[dir] == nil {
		p := types.NewPackage(importPath, path.Base(importPath))
		p.MarkComplete()
		s.checked[importPath] = p
		return p, nil
	}
	conf := types.Config{Importer: s, Error: func(error) {}, FakeImportC: true}
	p, _ := conf.Check(importPath, s.fset, s.files[dir], s.info) // its errors are about what is not ours
	s.checked[importPath] = p
	for _, f := range s.files[dir] {
		for _, d := range f.Decls {
			if fd, ok := d.(*ast.FuncDecl); ok && fd.Body != nil {
				if fn, ok := s.info.Defs[fd.Name].(*types.Func); ok {
					s.funcs[fn] = fd
				}
			}
		}
	}
	return p, nil
}

// name is how Queue.Loops names a function.
func (s *source) name(fn *types.Func) string {
	dir := strings.TrimPrefix(strings.TrimPrefix(fn.Pkg().Path(), s.module), "/")
	if r := fn.Signature().Recv(); r != nil {
		t := r.Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := t.(*types.Named); ok {
			return dir + ":" + n.Obj().Name() + "." + fn.Name()
		}
	}
	return dir + ":" + fn.Name()
}

func (s *source) find(name string) *types.Func {
	for fn := range s.funcs {
		if s.name(fn) == name {
			return fn
		}
	}
	return nil
}

// reach collects what a function calls, and so on. A method of an interface stands for all of ours of that name; a
// variable of a package for what its value mentions. What is only handed on (a handler, a route, a step) is called later.
func (s *source) reach(fn *types.Func, reached map[*types.Func]bool) {
	fn = fn.Origin()
	if reached[fn] || s.funcs[fn] == nil {
		return
	}
	reached[fn] = true
	s.inspectNow(s.funcs[fn].Body, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.CallExpr:
			var id *ast.Ident
			switch f := unindexed(n.Fun).(type) {
			case *ast.Ident:
				id = f
			case *ast.SelectorExpr:
				id = f.Sel
			default:
				return
			}
			callee, ok := s.info.Uses[id].(*types.Func)
			if !ok {
				return
			}
			s.reach(callee, reached)
			if r := callee.Signature().Recv(); r != nil && types.IsInterface(r.Type()) {
				for other := range s.funcs {
					if other.Name() == callee.Name() && other.Signature().Recv() != nil && other.Signature().Params().Len() == callee.Signature().Params().Len() {
						s.reach(other, reached)
					}
				}
			}
		case *ast.Ident:
			if v, ok := s.info.Uses[n].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				for _, fn := range s.mentionedBy(v) {
					s.reach(fn, reached)
				}
			}
		}
	})
}

// mentionedBy are the functions in the value of a package's variable.
func (s *source) mentionedBy(v *types.Var) (fns []*types.Func) {
	dir := strings.TrimPrefix(strings.TrimPrefix(v.Pkg().Path(), s.module), "/")
	for _, f := range s.files[dir] {
		for _, d := range f.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				vs := spec.(*ast.ValueSpec)
				if !slices.ContainsFunc(vs.Names, func(n *ast.Ident) bool { return s.info.Defs[n] == v }) {
					continue
				}
				for _, value := range vs.Values {
					ast.Inspect(value, func(n ast.Node) bool {
						if id, ok := n.(*ast.Ident); ok {
							if fn, ok := s.info.Uses[id].(*types.Func); ok {
								fns = append(fns, fn)
							}
						}
						return true
					})
				}
			}
		}
	}
	return fns
}

// later are the calls whose function arguments run another time: when a request comes, when a commit is done, beside.
var later = map[string]bool{"HandleFunc": true, "HandlerFunc": true, "Handle": true, "Go": true, "OnCommit": true, "Answer": true, "On": true, "Call": true}

// inspectNow visits what runs when the node runs: not the bodies of functions that are handed on.
func (s *source) inspectNow(root ast.Node, visit func(ast.Node)) {
	var walk func(n ast.Node, handedOn bool)
	walk = func(n ast.Node, handedOn bool) {
		ast.Inspect(n, func(m ast.Node) bool {
			switch m := m.(type) {
			case *ast.FuncLit:
				if handedOn {
					return false
				}
			case *ast.GoStmt:
				return false
			case *ast.CompositeLit: // a Step, a rule, a closer
				if m != n {
					walk(m, true)
					return false
				}
				handedOn = true
			case *ast.CallExpr:
				if m != n && later[calledName(m)] {
					visit(m)
					for _, a := range m.Args {
						walk(a, true)
					}
					return false
				}
			}
			if m != nil {
				visit(m)
			}
			return true
		})
	}
	walk(root, false)
}

func calledName(c *ast.CallExpr) string {
	switch f := unindexed(c.Fun).(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func unindexed(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.IndexExpr:
		return e.X
	case *ast.IndexListExpr:
		return e.X
	}
	return e
}
