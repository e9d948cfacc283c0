package webui

import (
	"fmt"
	"strings"
	"text/template/parse"
)

// checkTexts refuses a template in which a text lacks one of its languages: every call of t has two literals, and
// neither is empty. It runs when the program starts, because the page itself may not be opened for months.
func checkTexts(tree *parse.Tree) error {
	if tree == nil || tree.Root == nil {
		return nil
	}
	var bad error
	walk(tree.Root, func(n parse.Node) {
		cmd, ok := n.(*parse.CommandNode)
		if !ok || len(cmd.Args) == 0 || bad != nil {
			return
		}
		if id, ok := cmd.Args[0].(*parse.IdentifierNode); !ok || id.Ident != "t" {
			return
		}
		if len(cmd.Args) == 3 {
			ja, okJA := cmd.Args[1].(*parse.StringNode)
			en, okEN := cmd.Args[2].(*parse.StringNode)
			if okJA && okEN && strings.TrimSpace(ja.Text) != "" && strings.TrimSpace(en.Text) != "" {
				return
			}
		}
		where, what := tree.ErrorContext(n)
		bad = fmt.Errorf("%s: a text needs its Japanese and its English, both literal: %s", where, what)
	})
	return bad
}

// checkParts refuses a template that includes one that does not exist, which would otherwise fail when it is opened.
func checkParts(tree *parse.Tree, exists func(string) bool) error {
	if tree == nil || tree.Root == nil {
		return nil
	}
	var bad error
	walk(tree.Root, func(n parse.Node) {
		if include, ok := n.(*parse.TemplateNode); ok && bad == nil && !exists(include.Name) {
			where, _ := tree.ErrorContext(n)
			bad = fmt.Errorf("%s: there is no template %q", where, include.Name)
		}
	})
	return bad
}

// definesForm reports whether the template writes the page's form.
func definesForm(tree *parse.Tree) (found bool) {
	if tree == nil || tree.Root == nil {
		return false
	}
	walk(tree.Root, func(n parse.Node) {
		if text, ok := n.(*parse.TextNode); ok && strings.Contains(string(text.Text), `id="form"`) {
			found = true
		}
	})
	return found
}

// walk visits a node and everything below it.
func walk(n parse.Node, visit func(parse.Node)) {
	visit(n)
	branch := func(b *parse.BranchNode) {
		walk(b.Pipe, visit)
		walk(b.List, visit)
		if b.ElseList != nil {
			walk(b.ElseList, visit)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.PipeNode:
		for _, cmd := range n.Cmds {
			walk(cmd, visit)
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			walk(arg, visit)
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	}
}
