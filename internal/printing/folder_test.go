package printing

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAFileIsPrinted(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := inTime(t)
	j := document("1")
	if st, err := f.Status(ctx, j.Key); err != nil || st.State != Unknown {
		t.Errorf("%+v, %v", st, err)
	}
	for range 2 { // the same bytes again are the same job
		if st, err := f.Submit(ctx, j); err != nil || st.State != Printed || st.SHA256 != j.SHA256 {
			t.Fatalf("%+v, %v", st, err)
		}
	}
	if got := files(t, dir); len(got) != 1 || got[0] != j.Key+".pdf" {
		t.Errorf("files %v", got)
	}
	if info, err := os.Stat(f.path(j.Key)); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	other := document("1 of another person")
	other.Key = j.Key
	st, err := f.Submit(ctx, other)
	if refused := (*Failure)(nil); !errors.As(err, &refused) || refused.Unclear || st.State != Unknown {
		t.Errorf("%+v, %v", st, err)
	}
	if b, err := os.ReadFile(f.path(j.Key)); err != nil || string(b) != string(j.PDF) {
		t.Errorf("%q, %v", b, err)
	}

	// Taken away, it may have been used: it is not put there again for whoever may have put it there before.
	if err := os.Remove(f.path(j.Key)); err != nil {
		t.Fatal(err)
	}
	j.Again = true
	if st, err := f.Submit(ctx, j); err != nil || st.State != Unknown || len(files(t, dir)) > 0 {
		t.Errorf("%+v, %v, files %v", st, err, files(t, dir))
	}
}

// TestWhoeverComesBetween: between the look and the link somebody puts other bytes there.
func TestWhoeverComesBetween(t *testing.T) {
	f, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := inTime(t)
	j, other := document("1"), document("2")
	f.sync = func(w *os.File) error { return errors.Join(w.Sync(), os.WriteFile(f.path(j.Key), other.PDF, 0o600)) }
	if st, err := f.Submit(ctx, j); err == nil || st.State == Printed {
		t.Errorf("%+v", st)
	}
	if b, err := os.ReadFile(f.path(j.Key)); err != nil || string(b) != string(other.PDF) {
		t.Errorf("%q, %v", b, err)
	}
}

// TestFaultsOfADisk: each step fails, without and with what it was to do; then the normal path is called again.
func TestFaultsOfADisk(t *testing.T) {
	broken := errors.New("input/output error")
	for name, c := range map[string]struct {
		set     func(f *Folder)
		unclear bool
		there   bool
	}{
		"the file's sync fails": {set: func(f *Folder) {
			f.sync = func(*os.File) error { return broken }
		}},
		"the file's sync is done and fails": {set: func(f *Folder) {
			f.sync = func(w *os.File) error { return errors.Join(w.Sync(), broken) }
		}},
		"the link fails": {set: func(f *Folder) {
			f.link = func(string, string) error { return broken }
		}, unclear: true},
		"the link is made and fails": {set: func(f *Folder) {
			f.link = func(from, to string) error { return errors.Join(os.Link(from, to), broken) }
		}, unclear: true, there: true},
		"the folder's sync fails": {set: func(f *Folder) {
			f.sync = func(w *os.File) error {
				if info, err := w.Stat(); err != nil || info.IsDir() {
					return errors.Join(err, broken)
				}
				return w.Sync()
			}
		}, unclear: true, there: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := NewFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			ctx, _ := inTime(t)
			c.set(f)
			j := document("1")
			st, err := f.Submit(ctx, j)
			var failure *Failure
			if !errors.As(err, &failure) || failure.Unclear != c.unclear || !errors.Is(err, broken) || st.State != Unknown {
				t.Fatalf("%+v, %v", st, err)
			}
			if got := len(files(t, dir)); got != map[bool]int{true: 1}[c.there] {
				t.Errorf("files %v", files(t, dir))
			}
			f, err = NewFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			if st, err := f.Submit(ctx, j); err != nil || st.State != Printed || len(files(t, dir)) != 1 {
				t.Errorf("%+v, %v, files %v", st, err, files(t, dir))
			}
		})
	}
}

// TestTheFolderIsSyncedEachTime: a success is said only of a name that lasts.
func TestTheFolderIsSyncedEachTime(t *testing.T) {
	f, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ := inTime(t)
	folders := 0
	f.sync = func(w *os.File) error {
		if info, err := w.Stat(); err == nil && info.IsDir() {
			folders++
		}
		return w.Sync()
	}
	for want := 1; want <= 2; want++ {
		if _, err := f.Submit(ctx, document("1")); err != nil || folders != want {
			t.Errorf("%v, the folder was synced %d times, want %d", err, folders, want)
		}
	}
}

func TestWhatACrashLeft(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".issue-00001-123.part", "kept.part", ".kept"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("%PDF-"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := NewFolder(dir); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(files(t, dir), " "); got != ".kept kept.part" {
		t.Errorf("files %s", got)
	}
	if _, err := NewFolder(filepath.Join(dir, "absent")); err == nil {
		t.Error("a folder that is not there is opened")
	}
}

// TestWhatIsNoPaper: what lies under the name and is no whole document is not printed, and not written over.
func TestWhatIsNoPaper(t *testing.T) {
	for name, put := range map[string]func(at string) error{
		"cut off": func(at string) error { return os.WriteFile(at, []byte("%PDF-1.7\nhalf"), 0o600) },
		"empty":   func(at string) error { return os.WriteFile(at, nil, 0o600) },
		"a folder": func(at string) error {
			return os.Mkdir(at, 0o700)
		},
		"a link to a document": func(at string) error {
			elsewhere := filepath.Join(t.TempDir(), "x.pdf")
			return errors.Join(os.WriteFile(elsewhere, document("1").PDF, 0o600), os.Symlink(elsewhere, at))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f, err := NewFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			ctx, _ := inTime(t)
			j := document("1")
			if err := put(f.path(j.Key)); err != nil {
				t.Fatal(err)
			}
			before, _ := os.Lstat(f.path(j.Key))
			if st, err := f.Submit(ctx, j); err != nil || st.State != Unknown {
				t.Errorf("%+v, %v", st, err)
			}
			if after, err := os.Lstat(f.path(j.Key)); err != nil || after.ModTime() != before.ModTime() || after.Mode() != before.Mode() {
				t.Errorf("it was changed: %v", err)
			}
		})
	}
}

func TestTooLateForTheFolder(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, gone := inTime(t)
	f.sync = func(w *os.File) error { gone(); return w.Sync() }
	if _, err := f.Submit(ctx, document("1")); !errors.Is(err, context.Canceled) || len(files(t, dir)) > 0 {
		t.Errorf("%v, files %v", err, files(t, dir))
	}
}
