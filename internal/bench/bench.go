// Package bench measures the program beside a peer or the physical limit, in one run (性能の測定).
//
// A figure alone says little: the machine, its disk and what else runs on it change it. So each result names what it
// was measured beside, in the same run on the same disk, and their ratio. Results are printed, never tested.
package bench

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/akashi-id/akashi/internal/bench/documentbench"
	"github.com/akashi-id/akashi/internal/bench/exchangebench"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/hsmbench"
	"github.com/akashi-id/akashi/internal/bench/issuebench"
	"github.com/akashi-id/akashi/internal/bench/ocspbench"
	"github.com/akashi-id/akashi/internal/plain"
)

// Report is what `akashi bench` prints.
type Report struct {
	Name    string  `json:"name"`
	Machine Machine `json:"machine"`
	// Notes say what may be compared with what.
	Notes   []string `json:"notes,omitempty"`
	Results []Result `json:"results"`
}

// Machine is where it was measured.
type Machine struct {
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
	Engine string `json:"engine"`
	// Load is the machine's load in the minute before, with what else it did; 0 where it does not tell.
	Load float64 `json:"load,omitempty"`
}

func load() (l float64) {
	text, err := os.ReadFile("/proc/loadavg")
	if err == nil {
		fmt.Sscan(string(text), &l)
	}
	return l
}

// Result is one figure.
type Result = figure.Result

// Bench is one measurement.
type Bench struct {
	Name  string
	Title plain.Sentence
	// BothEngines: it measures on PostgreSQL too, when that is given.
	BothEngines bool
	Notes       []plain.Sentence
	Run         func(ctx context.Context, opt Options) ([]Result, error)
}

// Options say where and how much.
type Options struct {
	Dir       string // for the databases; removed by whoever made it
	Count     int    // how much of it; 0: as much as gives a steady figure
	Peers     string // directory of the peers that are measured beside us; empty: none
	Residents int    // how many the registers hold; 0: a million
	Postgres  string // URL of a role that may create schemas; empty: not measured on PostgreSQL
	Say       func(format string, args ...any)
}

// All are the measurements.
func All() []Bench {
	return []Bench{exchangeBench, reconcileBench, importBench, searchBench, registerBench, moveBench, crlBench, ocspBench, issueBench, hsmBench, documentBench}
}

// Find returns the measurement of a name.
func Find(name string) (Bench, bool) {
	for _, b := range All() {
		if b.Name == name {
			return b, true
		}
	}
	return Bench{}, false
}

// Measure runs a measurement.
func (b Bench) Measure(ctx context.Context, opt Options) (*Report, error) {
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	before := load()
	results, err := b.Run(ctx, opt)
	if err != nil {
		return nil, err
	}
	engine := "sqlite"
	if b.BothEngines && opt.Postgres != "" {
		engine = "sqlite, postgres"
	}
	r := &Report{Name: b.Name, Machine: Machine{CPUs: runtime.NumCPU(), Go: runtime.Version(), Engine: engine, Load: before}, Results: results}
	for _, n := range b.Notes {
		r.Notes = append(r.Notes, n.JA+" / "+n.EN)
	}
	return r, nil
}

// Part is a process of a measurement that takes several: it obeys on in and answers on out (package peer).
func Part(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	switch of, _, _ := strings.Cut(name, "-"); of {
	case "issue":
		return issuebench.Part(ctx, name, in, out)
	case "hsm":
		return hsmbench.Part(ctx, name, in, out)
	case "document":
		return documentbench.Part(ctx, name, in, out)
	case "ocsp":
		return ocspbench.Serve(ctx, in, out)
	}
	return exchangebench.Part(ctx, name, in, out)
}
