package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

// words splits an example as a shell does; they quote in one way only.
var words = regexp.MustCompile(`'[^']*'|\S+`)

// TestHelp: every command says in both languages what it does and what each of its flags is for, and its example is one
// that it takes.
func TestHelp(t *testing.T) {
	japanese, english := regexp.MustCompile(`\p{Han}|\p{Hiragana}`), regexp.MustCompile(`[a-z]{2}`)
	flagOf := regexp.MustCompile(`(?m)^  (--[a-z-]+).*\n +(.+)$`)
	run := func(args ...string) (status int, out, errs string) {
		var o, e bytes.Buffer
		status = akashi(t.Context(), streams{nil, &o, &e}, args)
		return status, o.String(), e.String()
	}
	for _, c := range commands {
		if !japanese.MatchString(c.does.JA) || !english.MatchString(c.does.EN) {
			t.Errorf("%s: %v", c.name, c.does)
		}
		if c.name == "help" {
			continue
		}
		name := strings.Fields(c.name)
		status, help, errs := run(append([]string{"help"}, name...)...)
		if status != 0 || errs != "" || !strings.Contains(help, "akashi "+c.name+" ") || !strings.Contains(help, strings.TrimSpace(c.example)) {
			t.Errorf("akashi help %s: %d\n%s%s", c.name, status, help, errs)
		}
		for _, f := range flagOf.FindAllStringSubmatch(help, -1) {
			if !japanese.MatchString(f[2]) || !english.MatchString(f[2]) {
				t.Errorf("%s %s is explained in one language: %q", c.name, f[1], f[2])
			}
		}
		example := words.FindAllString(c.example, -1)
		for i, w := range example {
			example[i] = strings.Trim(w, "'")
		}
		// A flag that there is not is found before the help that is asked for behind it.
		if status, out, errs := run(append(append(name, example...), "-h")...); status != 0 || out != help {
			t.Errorf("the example of %s: %d %s", c.name, status, errs)
		}
		for _, w := range words.FindAllString(c.args, -1) {
			if flag := strings.Trim(w, "[]()"); strings.HasPrefix(flag, "--") && !strings.Contains(help, "\n  "+flag) {
				t.Errorf("%s has no %s", c.name, flag)
			}
		}
	}
	if status, _, errs := run("help", "uppp"); status != 2 || !strings.Contains(errs, "no such command") {
		t.Errorf("help on what is not there: %d %s", status, errs)
	}
}
