// Package bench measures the program beside a peer or the physical limit, in one run (性能の測定).
//
// A figure alone says little: the machine, its disk and what else runs on it change it. So each result names what it
// was measured beside, in the same run on the same disk, and their ratio. Results are printed, never tested.
package bench

import (
	"context"
	"runtime"

	"github.com/akashi-id/akashi/internal/plain"
)

// Report is what `akashi bench` prints.
type Report struct {
	Name    string   `json:"name"`
	Machine Machine  `json:"machine"`
	Results []Result `json:"results"`
}

// Machine is where it was measured.
type Machine struct {
	CPUs   int    `json:"cpus"`
	Go     string `json:"go"`
	Engine string `json:"engine"`
}

// Result is one figure. Ratio is ours ÷ the peer's: more is better unless the unit is a time.
type Result struct {
	What      string  `json:"what"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Peer      string  `json:"peer,omitempty"`
	PeerValue float64 `json:"peer_value,omitempty"`
	Ratio     float64 `json:"ratio,omitempty"`
}

// beside names the peer of a result.
func (r Result) beside(peer string, value float64) Result {
	r.Peer, r.PeerValue, r.Ratio = peer, value, r.Value/value
	return r
}

// Bench is one measurement.
type Bench struct {
	Name  string
	Title plain.Sentence
	Run   func(ctx context.Context, opt Options) ([]Result, error)
}

// Options say where and how much.
type Options struct {
	Dir   string // for the databases; removed by whoever made it
	Count int    // how much of it; 0: as much as gives a steady figure
	Say   func(format string, args ...any)
}

// All are the measurements.
func All() []Bench { return []Bench{exchangeBench, importBench, moveBench} }

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
	results, err := b.Run(ctx, opt)
	if err != nil {
		return nil, err
	}
	return &Report{Name: b.Name, Machine: Machine{CPUs: runtime.NumCPU(), Go: runtime.Version(), Engine: "sqlite"}, Results: results}, nil
}
