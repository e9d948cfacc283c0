package ca_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// disk is a file that holds a file system, mounted. A copy of the file is what the disk held at that moment: what only the kernel
// held of the file system is not in it, as after a power cut.
type disk struct {
	t       testing.TB
	file    string
	mounted []string
}

const diskSize = 40 << 20

// newDisk needs root and a kernel that mounts files.
func newDisk(t testing.TB) *disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NO POWER WAS CUT: only root can mount a disk")
	}
	d := &disk{t: t, file: filepath.Join(t.TempDir(), "disk")}
	t.Cleanup(func() {
		for _, dir := range slices.Backward(d.mounted) {
			if said, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
				t.Errorf("%s", said)
				exec.Command("umount", "--lazy", dir).Run()
			}
		}
	})
	f := must[*os.File](t)(os.Create(d.file))
	if err := f.Truncate(diskSize); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if said, err := exec.Command("mkfs.ext4", "-q", d.file).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, NO POWER WAS CUT: there is no file system to be made: %v %s", err, said)
	}
	return d
}

// mount mounts a file, and gives the directory.
func (d *disk) mount(file string) string {
	d.t.Helper()
	dir := must[string](d.t)(os.MkdirTemp(filepath.Dir(d.file), "mounted-"))
	if said, err := exec.Command("mount", "-o", "loop,nosuid,nodev", file, dir).CombinedOutput(); err != nil {
		d.t.Skipf("SKIPPED, NO POWER WAS CUT: a file cannot be mounted here: %v %s", err, said)
	}
	d.mounted = append(d.mounted, dir)
	return dir
}

// cut is the disk as it is at this moment, mounted as another one, which has to recover as after any power cut.
func (d *disk) cut() string {
	d.t.Helper()
	from := must[*os.File](d.t)(os.Open(d.file))
	defer from.Close()
	name := fmt.Sprintf("%s-%d", d.file, len(d.mounted))
	to := must[*os.File](d.t)(os.Create(name))
	must[int64](d.t)(io.Copy(to, from))
	if err := to.Close(); err != nil {
		d.t.Fatal(err)
	}
	return d.mount(name)
}

// powerCut has the CA on a disk come to a point with an application, and gives the disk as it was then, in a new place. The
// process is stopped for the moment of the copy, which is none; what the kernel held for it is lost with it.
func powerCut(t testing.TB, point string, unsynced bool) *mortal {
	t.Helper()
	d := newDisk(t)
	dir := d.mount(d.file)
	m := newMortal(t, "sqlite:"+filepath.Join(dir, "ca.db"))
	m.cfg.Freeze, m.cfg.Unsynced = true, unsynced
	m.start()
	if said, err := exec.Command("sync", "--file-system", dir).CombinedOutput(); err != nil { // the empty database is on the disk in any case
		t.Fatalf("%v %s", err, said)
	}
	m.tell("arm", point, 1)
	m.hear("armed")
	m.load(1)
	m.hear("at " + point)
	if err := m.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	m.eventually("it stands still", func() (bool, string) {
		stat := string(must[[]byte](t)(os.ReadFile(fmt.Sprintf("/proc/%d/stat", m.cmd.Process.Pid))))
		return strings.Contains(stat, ") T "), stat
	})
	other := d.cut()
	m.kill()
	m.rest()
	// The journal of what is under way at the device is not synced, and says so.
	if err := os.Remove(filepath.Join(m.cfg.Dir, "hsm-1.inflight")); err != nil {
		t.Fatal(err)
	}
	m.cfg.URL = "sqlite:" + filepath.Join(other, "ca.db")
	m.cfg.Freeze, m.cfg.Unsynced = false, false
	return m
}

// TestPowerCut cuts the power of the CA's machine at steps of issuance, above all when the device has signed and nothing of that is
// stored, and goes on with what its disk held. Nothing is forgotten.
func TestPowerCut(t *testing.T) {
	if !full() {
		t.Skip("SKIPPED, NO POWER WAS CUT: AKASHI_FULL=1 mounts a disk of its own")
	}
	for _, point := range []string{intended, linted, signed, storing, written, stored} {
		t.Run(point, func(t *testing.T) {
			m := powerCut(t, point, false)
			if lost := m.unrecorded(m.read()); len(lost) > 0 {
				t.Errorf("the disk has no record of what the device has signed: %v", lost)
			}
			m.start()
			m.settled()
			o := m.judge()
			for _, f := range o.findings {
				t.Error(f)
			}
			t.Log(o)
		})
	}
}

// TestPowerCutUnsynced: with a database that does not wait for the disk, which the CA refuses to use, the same cut loses the record of
// a signature. So the test above can fail.
func TestPowerCutUnsynced(t *testing.T) {
	if !full() {
		t.Skip("SKIPPED, NO POWER WAS CUT: AKASHI_FULL=1 mounts a disk of its own")
	}
	const tries = 3 // the kernel may have written by itself, for another reason
	for n := 1; ; n++ {
		m := powerCut(t, signed, true)
		if len(m.record().made) == 0 {
			t.Fatal("the device has signed nothing")
		}
		if len(m.unrecorded(m.read())) > 0 {
			t.Logf("the record of %d signatures is lost", len(m.unrecorded(m.read())))
			return
		}
		if n == tries {
			t.Fatalf("nothing was lost in %d power cuts without synced commits", tries)
		}
	}
}
