package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// tick is the unit in which the kernel tells CPU time (USER_HZ, which is 100 wherever Go runs).
const tick = 10 * time.Millisecond

// process is what /proc says of one.
type process struct {
	parent int
	ticks  int // its own, and those of its children that have ended and been waited for
}

// treeSeconds is the CPU time that a process and all below it have used so far. What a process used that has ended since is counted by its parent.
func treeSeconds(root int) (float64, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	all := map[int]process{}
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			continue
		}
		if p, err := read(file); err == nil { // else it has ended meanwhile
			all[pid] = p
		}
	}
	if _, there := all[root]; !there {
		return 0, fmt.Errorf("/proc does not tell of the process %d", root)
	}
	ticks := 0
	for pid, p := range all {
		at := pid
		for at != root && at > 1 {
			at = all[at].parent
		}
		if at == root {
			ticks += p.ticks
		}
	}
	return (time.Duration(ticks) * tick).Seconds(), nil
}

// read reads /proc/PID/stat: "pid (name) state ppid …", with utime, stime, cutime and cstime as its fields 14 to 17.
func read(file string) (p process, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	_, rest, ok := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 15 {
		return p, fmt.Errorf("%s cannot be read", file)
	}
	if p.parent, err = strconv.Atoi(f[1]); err != nil {
		return p, err
	}
	for _, field := range f[11:15] {
		n, err := strconv.Atoi(field)
		if err != nil {
			return p, err
		}
		p.ticks += n
	}
	return p, nil
}
