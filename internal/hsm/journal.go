package hsm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
)

// Journal is the file of what is under way at one token (進行中の呼び出しの控え): a line for each call that has no answer yet, and
// blank lines. It outlives the program: whoever starts it again after a crash learns what the device was doing.
//
// A line is of one length and begins at a multiple of it, so that the file never grows beyond the calls that were ever under
// way at once, and a line is written whole or not at all when the program is killed. It is not synced to the disk: two
// writes into memory cost a call five microseconds, two syncs would cost it milliseconds. So a power cut loses it, and needs
// it least: what was to be signed is an intent in the database, which is durable, and a device that lost its power too
// has nothing under way.
type Journal struct {
	log *slog.Logger

	mu    sync.Mutex
	file  *os.File
	left  []Past // what was under way when the program before this one ended
	first int    // the first line that is ours; those before it hold left, until they were reported
	lines int    // as many as there are in the file
	free  []int
	sick  bool // the last write failed
}

const (
	journalLine = 512 // divides a page of memory
	noLine      = -1
)

// OpenJournal opens or makes a token's journal, for this process alone.
func OpenJournal(path string, log *slog.Logger) (*Journal, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("couldn't open the journal of a token: %w", err)
	}
	j := &Journal{log: log, file: file}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("the journal %s is another program's: %w", path, err)
	}
	if err := j.read(); err != nil {
		file.Close()
		return nil, fmt.Errorf("couldn't read the journal %s: %w", path, err)
	}
	return j, nil
}

// read finds what is left of the program before. A line that cannot be read was a call all the same.
func (j *Journal) read() error {
	text, err := io.ReadAll(io.NewSectionReader(j.file, 0, 1<<20))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(text) {
		if line = bytes.Trim(line, " \n\x00"); len(line) == 0 {
			continue
		}
		var p Past
		if err := json.Unmarshal(line, &p); err != nil {
			p = Past{Error: "a line of the journal that cannot be read"}
		}
		j.left = append(j.left, p)
	}
	if len(j.left) == 0 {
		return j.file.Truncate(0)
	}
	j.first = (len(text) + journalLine - 1) / journalLine
	j.lines = j.first
	return nil
}

// Close closes the file. What is under way stays in it.
func (j *Journal) Close() error { return j.file.Close() }

// reported blanks what the program before left: it is in the evidence now.
func (j *Journal) reported() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for line := range j.first {
		j.write(line, nil)
		j.free = append(j.free, line)
	}
	j.first, j.left = 0, nil
}

// note writes a call down, and returns its line. A journal that cannot be written keeps no citizen from a certificate: it says
// so once, in the log.
func (j *Journal) note(p Past) (line int) {
	if j == nil {
		return noLine
	}
	if runes := []rune(p.Key); len(runes) > 32 { // a device's label may be longer than a line
		p.Key = string(runes[:32]) + "…"
	}
	text, err := json.Marshal(p)
	if err != nil || len(text) >= journalLine {
		text = []byte(fmt.Sprintf(`{"id":%d,"op":%q}`, p.ID, p.Op))
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if n := len(j.free); n > 0 {
		line, j.free = j.free[n-1], j.free[:n-1]
	} else {
		line = j.lines
		j.lines++
	}
	j.write(line, text)
	return line
}

// clear blanks a line.
func (j *Journal) clear(line int) {
	if j == nil || line == noLine {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.write(line, nil)
	j.free = append(j.free, line)
}

// write writes one line. The caller holds mu.
func (j *Journal) write(line int, text []byte) {
	var b [journalLine]byte
	for i := copy(b[:], text); i < len(b); i++ {
		b[i] = ' '
	}
	b[journalLine-1] = '\n'
	_, err := j.file.WriteAt(b[:], int64(line)*journalLine)
	if err != nil && !j.sick && !errors.Is(err, os.ErrClosed) {
		j.log.Error("the journal of a token cannot be written", "file", j.file.Name(), "error", err)
	}
	j.sick = err != nil
}
