// Package order is what a maker of documents is asked in a measurement, ours and any beside it (証明書の測定の指示). It stands on little, so that a
// peer needs little to obey, and is asked and timed by the same code as ours.
package order

import (
	"os/exec"

	"github.com/akashi-id/akashi/internal/bench/peer"
)

// Setup is what a contestant is told.
type Setup struct {
	Font string `json:"font"` // the file of the font

	// Of ours alone.
	Floor bool `json:"floor,omitempty"` // 64 MiB under the heap, as akashi serve has it

	// Of those who only print: what ours has laid out, to be drawn again and again in turn.
	Sheets  []Sheet `json:"sheets,omitempty"`
	Browser string  `json:"browser,omitempty"` // the program, for those who drive one
	// Forms are characters with a variation selector that the font draws in another shape than without it.
	Forms []string `json:"forms,omitempty"`
}

// Ready is what it answers.
type Ready struct {
	Says string `json:"says"` // what it is, with its version
	Lost int    `json:"lost"` // how many of Forms it draws in the shape without the selector
}

// The orders. Each is done so many times, by one caller, one after the other.
const (
	DoPrint  = "print"  // the page as a file, without a signature
	DoSign   = "sign"   // the page as a signed file, with the key that the order names
	DoServe  = "serve"  // all that an issuing server works out for one document that is given out, but its database
	DoGate   = "gate"   // what is expected is made anew, and a finished file held against it
	DoMemory = "memory" // the most that the process has held in memory so far, as Bytes
)

// The keys, by the names that the program has for their algorithms.
const (
	RSA2048 = "rsa2048-sha256"
	P256    = "p256-sha256"
)

// Keys lists them, first the one that a country is founded with today.
var Keys = []string{RSA2048, P256}

// Sheet is a document as it is laid out: what stands where, all lengths in millimetres from the upper left corner of an A4 page. The ground
// (地紋) is not in it.
type Sheet struct {
	Pages []Page `json:"pages"`
}

// Page is one of its pages.
type Page struct {
	Texts    []Text    `json:"texts"`
	Rules    []Rule    `json:"rules"`
	Pictures []Picture `json:"pictures"`
}

// Text is a line of text. Y is the line on which its letters stand.
type Text struct {
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	Size float64 `json:"size"`
	Text string  `json:"text"`
}

// Rule is the edge of a box, or a line when it has no width or no height.
type Rule struct {
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	W      float64 `json:"w"`
	H      float64 `json:"h"`
	Weight float64 `json:"weight"`
}

// Picture is a PNG of two colours.
type Picture struct {
	X   float64 `json:"x"`
	Y   float64 `json:"y"`
	W   float64 `json:"w"`
	H   float64 `json:"h"`
	PNG []byte  `json:"png"`
}

// FindBrowser gives Chromium's program; empty: there is none.
func FindBrowser() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Each does something so many times, and tells how long it took and how large the files were, all together.
func Each(count int, one func(n int) (file []byte, err error)) (t peer.Took, err error) {
	seconds := make([]float64, count)
	all := peer.Stopwatch()
	for n := range count {
		took := peer.Stopwatch()
		file, err := one(n)
		if err != nil {
			return t, err
		}
		seconds[n] = took()
		t.Bytes += int64(len(file))
	}
	t.Seconds = all()
	if count > 0 {
		t.Each(seconds)
	}
	return t, nil
}
