package conform

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// The marks (目印) by which a function in the source is known to take items one after another; internal/queue says what
// they mean to whoever writes one. An exchange.Route is none: it is what is done with an item of exchange/inbox, where any
// that fails, panics or hangs is tried.
const (
	stepsTask  = "steps a clock.Task"
	worksDue   = "makes a due.Rule"
	goesBeside = "starts a goroutine"
	overChan   = "loops over a channel"
	overInput  = "loops over lines, records or files"
	readsRows  = "reads rows, in a task or for due work"
	atStart    = "loops at the start, and can give up at one item"
	rowsStart  = "reads rows at the start"
)

// marks are the functions that bear a mark, by name, each with its marks and where they are.
type marks map[string]map[string]token.Position

func (m marks) add(s *source, fn *types.Func, what string, at ast.Node) {
	name := s.name(fn)
	if m[name] == nil {
		m[name] = map[string]token.Position{}
	}
	if _, known := m[name][what]; !known {
		m[name][what] = s.fset.Position(at.Pos())
	}
}

// marked finds them all. starts are the functions with which the program starts.
func (s *source) marked(starts ...string) (marks, error) {
	all := marks{}
	for fn, decl := range s.funcs {
		s.beside(all, fn, decl)
	}
	for fn := range s.reachedByWork() {
		ast.Inspect(s.funcs[fn].Body, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok && s.readsRows(c) {
				all.add(s, fn, readsRows, c)
			}
			return true
		})
	}
	reached := map[*types.Func]bool{}
	for _, name := range starts {
		fn := s.find(name)
		if fn == nil {
			return nil, fmt.Errorf("there is no function %s", name)
		}
		s.reach(fn, reached)
	}
	for fn := range reached {
		s.inspectNow(s.funcs[fn].Body, func(n ast.Node) {
			switch n := n.(type) {
			case *ast.ForStmt:
				if givesUp(n.Body) {
					all.add(s, fn, atStart, n)
				}
			case *ast.RangeStmt:
				if givesUp(n.Body) {
					all.add(s, fn, atStart, n)
				}
			case *ast.CallExpr:
				if s.readsRows(n) {
					all.add(s, fn, rowsStart, n)
				}
			}
		})
	}
	return all, nil
}

// besides are the functions that start a goroutine for whoever calls them.
var besides = []string{"internal/leave:Call", "internal/door:Open"}

// beside finds what runs beside the rest, or reads an unknown number of items.
func (s *source) beside(all marks, fn *types.Func, decl *ast.FuncDecl) {
	var loops []ast.Node
	inLoop := func(n ast.Node) bool {
		return slices.ContainsFunc(loops, func(l ast.Node) bool { return l.Pos() <= n.Pos() && n.End() <= l.End() })
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if s.isOf(n, "internal/clock", "Task") && len(n.Elts) > 0 {
				all.add(s, s.stepOf(n, fn), stepsTask, n)
			}
			if s.isOf(n, "internal/due", "Rule") && len(n.Elts) > 0 {
				all.add(s, fn, worksDue, n)
			}
		case *ast.GoStmt:
			all.add(s, fn, goesBeside, n)
		case *ast.RangeStmt:
			loops = append(loops, n)
			if t := s.info.TypeOf(n.X); t != nil {
				if _, ok := t.Underlying().(*types.Chan); ok {
					all.add(s, fn, overChan, n)
				}
			}
		case *ast.ForStmt:
			loops = append(loops, n)
		case *ast.UnaryExpr:
			if n.Op == token.ARROW && inLoop(n) {
				all.add(s, fn, overChan, n)
			}
		case *ast.CallExpr:
			sel, ok := n.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if callee, ok := s.info.Uses[sel.Sel].(*types.Func); ok && callee.Pkg() != nil && slices.Contains(besides, s.name(callee)) {
				all.add(s, fn, goesBeside, n)
			}
			switch sel.Sel.Name {
			case "Go":
				if len(n.Args) == 1 {
					all.add(s, fn, goesBeside, n)
				}
			case "ReadDir", "WalkDir", "Walk", "Glob":
				all.add(s, fn, overInput, n)
			case "Scan":
				if len(n.Args) == 0 && inLoop(n) {
					all.add(s, fn, overInput, n)
				}
			case "ReadString", "ReadBytes", "ReadLine", "ReadRecord", "NextPart", "Token", "Decode", "NextRecord", "Next":
				if inLoop(n) && !s.ours(sel) {
					all.add(s, fn, overInput, n)
				}
			}
		}
		return true
	})
}

// stepOf is the method that a task steps, or the function that makes the task when its step is written there.
func (s *source) stepOf(task *ast.CompositeLit, in *types.Func) *types.Func {
	for _, e := range task.Elts {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := kv.Key.(*ast.Ident); !ok || key.Name != "Step" {
			continue
		}
		var id *ast.Ident
		switch v := kv.Value.(type) {
		case *ast.Ident:
			id = v
		case *ast.SelectorExpr:
			id = v.Sel
		}
		if fn, ok := s.info.Uses[id].(*types.Func); ok && s.funcs[fn] != nil {
			return fn
		}
	}
	return in
}

// reachedByWork are the functions that run when a task is stepped or due work is done, and when a book is gone through:
// what is called through a field is found where the field is set.
func (s *source) reachedByWork() map[*types.Func]bool {
	reached := map[*types.Func]bool{}
	for _, decl := range s.funcs {
		ast.Inspect(decl.Body, func(n ast.Node) bool {
			c, ok := n.(*ast.CompositeLit)
			if !ok || !s.isOf(c, "internal/clock", "Task") && !s.isOf(c, "internal/due", "Rule") && !s.isOf(c, "internal/reconcile", "Table") {
				return true
			}
			ast.Inspect(c, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok {
					if fn, ok := s.info.Uses[id].(*types.Func); ok {
						s.reach(fn, reached)
					}
				}
				return true
			})
			return true
		})
	}
	return reached
}

func (s *source) isOf(n *ast.CompositeLit, dir, name string) bool {
	t, ok := s.info.TypeOf(n).(*types.Named)
	return ok && t.Obj().Name() == name && t.Obj().Pkg() != nil && t.Obj().Pkg().Path() == s.module+"/"+dir
}

// ours tells whether a call's method is one of the module's.
func (s *source) ours(sel *ast.SelectorExpr) bool {
	fn, ok := s.info.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && strings.HasPrefix(fn.Pkg().Path(), s.module)
}

// readsRows tells whether a call asks the database for rows, of which there may be any number.
func (s *source) readsRows(c *ast.CallExpr) bool {
	var id *ast.Ident
	switch f := unindexed(c.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	}
	fn, ok := s.info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return false
	}
	name := s.name(fn)
	return name == "internal/sqlstore:List" || name == "internal/sqlstore:Tx.Query"
}

// givesUp tells whether a loop's body can end the function with an error: it returns something that may be one.
func givesUp(body *ast.BlockStmt) (found bool) {
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for _, r := range n.Results {
				switch r := r.(type) {
				case *ast.Ident:
					found = found || strings.HasPrefix(strings.ToLower(r.Name), "err")
				case *ast.CallExpr:
					name := calledName(r)
					found = found || name == "Errorf" || name == "New" || name == "Bad" || name == "Join" || name == "Err"
				}
			}
		}
		return true
	})
	return found
}

// without are the marks of functions that bear none of those names and are not excepted, each in a sentence.
func (m marks) without(named map[string]bool, excepted func(function, mark string) bool) (all []string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if named[name] {
			continue
		}
		for _, what := range slices.Sorted(maps.Keys(m[name])) {
			if !excepted(name, what) {
				all = append(all, fmt.Sprintf("%s %s (%s)", name, what, m[name][what]))
			}
		}
	}
	return all
}
