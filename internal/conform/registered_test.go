package conform

import (
	"go/types"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/akashi-id/akashi/internal/queue"
)

type programSource struct {
	*source
	marks
}

var program = sync.OnceValues(func() (p programSource, err error) {
	if p.source, err = readSource(filepath.Join("..", ".."), "github.com/akashi-id/akashi"); err != nil {
		return p, err
	}
	p.marks, err = p.marked("cmd/akashi:runUp", "cmd/akashi:runServe")
	return p, err
})

func loopsOf(queues []queue.Queue) map[string]bool {
	named := map[string]bool{}
	for _, q := range queues {
		for _, l := range q.Loops {
			named[l] = true
		}
	}
	return named
}

// TestEveryQueueIsRegistered: whatever in the source takes items one after another is named by a queue that the kit tries.
func TestEveryQueueIsRegistered(t *testing.T) {
	p, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range p.broken {
		t.Errorf("not looked at: %v", err)
	}
	for _, l := range p.without(loopsOf(Queues()), excepted) {
		t.Errorf("%s\n\tno queue names it in its Loops: declare one (internal/queue), or say in excepted_test.go why it is none", l)
	}
}

// TestRegisteredFunctionsAreThere: a queue or an exception that names what is gone hides what came in its place.
func TestRegisteredFunctionsAreThere(t *testing.T) {
	p, err := program()
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	for fn := range p.funcs {
		there[p.name(fn)] = true
	}
	seen := map[string]bool{}
	for _, q := range Queues() {
		if len(q.Loops) == 0 {
			t.Errorf("%s names no function", q.Name)
		}
		if seen[q.Name] {
			t.Errorf("%s is declared twice", q.Name)
		}
		seen[q.Name] = true
		for _, l := range q.Loops {
			if !there[l] {
				t.Errorf("%s names %s, which is not there", q.Name, l)
			}
		}
	}
	for _, e := range exceptions {
		for _, f := range e.functions {
			found := false
			for function, marks := range p.marks {
				for mark := range marks {
					found = found || matches(f, function) && e.covers(function, mark)
				}
			}
			if !found {
				t.Errorf("%s is excepted, and bears no such mark (%s)", f, e.why)
			}
		}
	}
}

// TestEachDeclarationIsNeeded: whoever leaves the queues of a package out of the table is found.
func TestEachDeclarationIsNeeded(t *testing.T) {
	p, err := program()
	if err != nil {
		t.Fatal(err)
	}
	for i := range declared {
		var rest []queue.Queue
		for j, of := range declared {
			if j != i {
				rest = append(rest, of()...)
			}
		}
		if len(p.without(loopsOf(rest), excepted)) == 0 {
			t.Errorf("nobody misses %s and what is declared with it", declared[i]()[0].Name)
		}
	}
}

// TestEveryPoisonIsSpokenOf: of each queue, each poison is tried, or it is said why it cannot be.
func TestEveryPoisonIsSpokenOf(t *testing.T) {
	for _, q := range Queues() {
		if q.Open == nil {
			t.Errorf("%s has no rig", q.Name)
		}
		for _, p := range queue.Poisons {
			if slices.Contains(q.Bad, p) == (q.Never[p] != "") {
				t.Errorf("%s, %s: try it, or say why it cannot be", q.Name, p)
			}
		}
		for name, text := range map[string]string{"Items, Japanese": q.Items.JA, "Items, English": q.Items.EN, "Aside, Japanese": q.Aside.JA, "Aside, English": q.Aside.EN} {
			if text == "" {
				t.Errorf("%s says nothing in %s", q.Name, name)
			}
		}
	}
}

// TestUnregisteredQueueIsFound: in a small program that has one of each mark, each is found when it is not named, for what
// it is, and what takes nothing is not.
func TestUnregisteredQueueIsFound(t *testing.T) {
	s, err := readSource(filepath.Join("testdata", "program"), "example.org/program")
	if err != nil {
		t.Fatal(err)
	}
	m, err := s.marked("cmd/akashi:runUp")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"internal/work:Pump.step":     {stepsTask},
		"internal/work:Tasks":         {stepsTask},
		"internal/work:Rule":          {worksDue},
		"internal/work:Pump.rows":     {readsRows},
		"internal/work:ruleRows":      {readsRows},
		"internal/work:Pump.beside":   {goesBeside},
		"internal/work:group":         {goesBeside},
		"internal/work:drain":         {overChan},
		"internal/work:receive":       {overChan},
		"internal/work:lines":         {overInput},
		"internal/work:files":         {overInput},
		"internal/work:records":       {overInput},
		"internal/work:openEach":      {atStart},
		"internal/work:inherited":     {rowsStart},
		"internal/work:Second.Opened": {atStart},
	}
	none := func(string, string) bool { return false }
	named := map[string]bool{}
	for name := range want {
		named[name] = true
	}
	if rest := m.without(named, none); len(rest) > 0 {
		t.Errorf("marked, and takes nothing: %q", rest)
	}
	for name, whats := range want {
		named[name] = false
		found := m.without(named, none)
		named[name] = true
		for _, what := range whats {
			if len(found) != len(whats) || !slices.ContainsFunc(found, func(l string) bool { return strings.HasPrefix(l, name+" "+what+" (") }) {
				t.Errorf("unregistered, %s is reported as %q, want %q", name, found, what)
			}
		}
	}
	// An exception holds for its own mark alone.
	drain := func(function, mark string) bool { return function == "internal/work:drain" && mark == goesBeside }
	if named["internal/work:drain"] = false; len(m.without(named, drain)) != 1 {
		t.Error("an exception for another mark hides a loop over a channel")
	}
	if s.find("internal/work:quiet") == nil || !slices.ContainsFunc(slices.Collect(functions(s)), func(n string) bool { return n == "internal/work:quiet" }) {
		t.Error("the quiet functions were not looked at")
	}
}

func functions(s *source) func(func(string) bool) {
	return func(yield func(string) bool) {
		for fn := range s.funcs {
			if !yield(s.name((*types.Func)(fn))) {
				return
			}
		}
	}
}
