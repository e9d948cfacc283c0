// Package faulty has the machines that gave people the papers of others in 2023 and 2024 (誤交付の再現), each with the mechanism that its maker or the
// municipality published, and a gate that finds nothing. Replays and models run them: on their own they must fail, and behind our gates their papers must
// stop. Sources: 003 and its neighbours, in docs/sources.md.
//
// What they share is that a document is found again by where it lies, and not by what it is: they hold the paper of a request in a place that another
// request may use too.
package faulty

import (
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/press"
)

// Trusting is a gate that finds nothing: what those systems had.
type Trusting struct{}

// Judge finds nothing.
func (Trusting) Judge([]byte, press.Expect, [sha256.Size]byte, [sha256.Size]byte) ([]gate.Finding, error) {
	return nil, nil
}

// Pages is nothing that it knows.
func (Trusting) Pages([]byte) (int, error) { return 0, nil }

// Unchecked is a machine whose own gate finds nothing.
type Unchecked struct{ press.Machine }

// Judge finds nothing.
func (Unchecked) Judge([]byte, press.Expect, [sha256.Size]byte, [sha256.Size]byte) ([]gate.Finding, error) {
	return nil, nil
}

// ErrTimeout is what Late says of a job that took too long.
var ErrTimeout = errors.New("the print job took too long")

// Late is the machine of Yokohama (2023-03-27): whoever waits too long for a print job is told so and gives up the lock, and the job itself goes on; the
// next one is handed what comes out first, which is the paper before.
type Late struct {
	press.Machine
	Slow func(document.Paper) bool // takes too long, this time

	mu  sync.Mutex
	out [][]byte // of the print jobs, in their order
}

// Sign prints a paper, and takes what comes out.
func (m *Late) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	file, err := m.Machine.Sign(p, random)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out = append(m.out, file)
	if m.Slow(p) {
		return nil, ErrTimeout
	}
	file, m.out = m.out[0], m.out[1:]
	return file, nil
}

// Shared is the machine of Adachi (2023-03-22, 04-18): a print image is a file that the jobs of a server share, and each job waits until the one before has
// been printed. When the register's changes arrive (随時連携) while at least two wait, the wait ends for all of them, and the image of one is written over
// that of another. The job that was next ends with an error, also when it waited alone and prints its own: that is what the center saw.
type Shared struct {
	press.Machine
	Failed func(request string) // is told of that error; nil: nobody is

	mu     sync.Mutex
	wait   []string       // requests, in the order in which they were written
	next   string         // whose wait ended before its turn
	broken bool           // the wait has ended for all who are in it
	image  document.Paper // the last that was written
}

// Draft writes the print image, once it is the job's turn.
func (m *Shared) Draft(p document.Paper) (press.Draft, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.image = p; !slices.Contains(m.wait, p.Request.ID) {
		m.wait = append(m.wait, p.Request.ID)
	}
	return m.Machine.Draft(p)
}

// Synced tells the machine that changes of the register arrive.
func (m *Shared) Synced() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.wait) > 0 {
		m.next = m.wait[0]
	}
	m.broken = m.broken || len(m.wait) > 1
}

// Sign prints the image.
func (m *Shared) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	image := p
	if m.broken {
		image = m.image
	}
	if p.Request.ID == m.next && m.Failed != nil {
		m.Failed(p.Request.ID)
	}
	if m.wait = slices.DeleteFunc(m.wait, func(id string) bool { return id == p.Request.ID }); len(m.wait) == 0 {
		m.broken = false
	}
	return m.Machine.Sign(image, random)
}

// Named is the machine of Kawasaki (2023-05-02): a document is kept under a name that is made of the second in which it was asked for. Of two that were asked for
// within a second the later one is written over the earlier one.
type Named struct {
	press.Machine

	mu   sync.Mutex
	kept map[time.Time]document.Paper
}

// Draft keeps a document under the second of its request.
func (m *Named) Draft(p document.Paper) (press.Draft, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = map[time.Time]document.Paper{}
	}
	m.kept[p.Request.At.Truncate(time.Second)] = p
	return m.Machine.Draft(p)
}

// Sign fetches it by that name.
func (m *Named) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	m.mu.Lock()
	kept, there := m.kept[p.Request.At.Truncate(time.Second)]
	m.mu.Unlock()
	if there {
		p = kept
	}
	return m.Machine.Sign(p, random)
}

// Mixer is a machine that can make a file with a page of another paper in it.
type Mixer interface {
	press.Machine
	SignMixed(p, other document.Paper, page int, random io.Reader) ([]byte, error)
}

// Mixed is the machine of Tokushima (2023-03): the second page of a document was another person's. How that came about was never published; here
// it is that of the document before.
type Mixed struct {
	Mixer

	mu     sync.Mutex
	before *document.Paper
}

// Sign makes a document with the second page of the one before, where both have one.
func (m *Mixed) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	m.mu.Lock()
	before := m.before
	m.before = &p
	m.mu.Unlock()
	if before == nil {
		return m.Mixer.Sign(p, random)
	}
	return m.SignMixed(p, *before, 2, random)
}

// Disk is the folder of works that the servers of a site share.
type Disk struct {
	mu   sync.Mutex
	kept map[int]document.Paper // by the number of the work
}

// Counted is one server of the machine of Takamatsu (2024-04-04): a site of several servers ran the program that is made for one. What keeps two works apart is
// known to each server alone: each counts its works for itself, and keeps them on the disk of all under their numbers. Of two that two servers take in at the
// same time the later one is written over the earlier one. That it was a number is our reading; published is what kind of program it was.
type Counted struct {
	press.Machine
	Disk *Disk

	mu    sync.Mutex
	last  int
	works map[string]int // of this server, by request
}

// Draft takes a work in, and keeps it under its number.
func (m *Counted) Draft(p document.Paper) (press.Draft, error) {
	m.take(p)
	return m.Machine.Draft(p)
}

func (m *Counted) take(p document.Paper) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.works == nil {
		m.works = map[string]int{}
	}
	m.last++
	m.works[p.Request.ID] = m.last
	m.Disk.mu.Lock()
	defer m.Disk.mu.Unlock()
	if m.Disk.kept == nil {
		m.Disk.kept = map[int]document.Paper{}
	}
	m.Disk.kept[m.last] = p
	return m.last
}

// Sign fetches the work by its number. One that another server took in, it takes in itself.
func (m *Counted) Sign(p document.Paper, random io.Reader) ([]byte, error) {
	m.mu.Lock()
	n, mine := m.works[p.Request.ID]
	m.mu.Unlock()
	if !mine {
		n = m.take(p)
	}
	m.Disk.mu.Lock()
	p = m.Disk.kept[n]
	m.Disk.mu.Unlock()
	return m.Machine.Sign(p, random)
}
