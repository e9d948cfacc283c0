package printing

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Folder is a printer that puts each document into a folder, as KEY.pdf, for its owner alone (0600). The file is there whole or not at all,
// and once there it is never written over.
type Folder struct {
	dir   string
	turns turns

	// What may fail, for the tests.
	sync func(*os.File) error
	link func(from, to string) error
}

// part is how the names of files end that are being written. They begin with a point, so that no reader of the folder takes one.
const part = ".part"

// NewFolder opens a folder that is there, and removes what a crash left half-written in it. One process has a folder.
func NewFolder(dir string) (*Folder, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, failed(err, "印刷先のフォルダーを開けません。フォルダーを作り、読み書きの権限を確かめてください。",
			"The folder for printing cannot be opened. Create it and check who may read and write it.")
	}
	for _, e := range entries {
		if e.Type().IsRegular() && strings.HasPrefix(e.Name(), ".") && strings.HasSuffix(e.Name(), part) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return nil, failed(err, "印刷先のフォルダーに、書きかけのファイルが残っています。消去してから、もう一度起動してください。",
					"A half-written file is left in the folder for printing. Remove it and start again.")
			}
		}
	}
	return &Folder{dir: dir, sync: (*os.File).Sync, link: os.Link}, nil
}

func (f *Folder) path(key string) string { return filepath.Join(f.dir, key+".pdf") }

// Submit writes the document under its key. What is there already stays: the same bytes are a success, others are refused.
func (f *Folder) Submit(ctx context.Context, j Job) (Status, error) {
	if err := errors.Join(checkDeadline(ctx), j.check()); err != nil {
		return Status{State: Unknown}, err
	}
	leave, err := f.turns.take(j.Key)
	if err != nil {
		return Status{State: Unknown}, err
	}
	defer leave()
	st, err := f.Status(ctx, j.Key)
	switch {
	case err != nil:
		return st, err
	case st.State == Printed:
		return f.same(j)
	case j.Again || st.Meaning != absent:
		return st, nil
	}
	temp, err := f.write(j)
	if temp != "" {
		defer os.Remove(temp)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return Status{State: Unknown}, failed(err, "印刷先のフォルダーに書き込めませんでした。何も出力していません。空き容量と権限を確かめ、もう一度印刷してください。",
			"The folder for printing could not be written to. Nothing came out. Check its space and rights, and print again.")
	}
	// A rename would replace whatever has the name; a link is refused then.
	if err := f.link(temp, f.path(j.Key)); errors.Is(err, fs.ErrExist) {
		return f.same(j)
	} else if err != nil {
		return Status{State: Unknown}, unclear(err, "印刷先のフォルダーにファイルを置けたかどうか、分かりません。状態を確かめてください。",
			"It is not known whether the file came into the folder for printing. Ask how the job stands.")
	}
	return f.same(j)
}

// write puts the bytes on the disk under a name that nobody reads.
func (f *Folder) write(j Job) (name string, err error) {
	w, err := os.CreateTemp(f.dir, "."+j.Key+"-*"+part) // 0600
	if err != nil {
		return "", err
	}
	if _, err = w.Write(j.PDF); err == nil {
		err = f.sync(w)
	}
	return w.Name(), errors.Join(err, w.Close())
}

// same looks whether the bytes under the name are those of the job, and makes the name last through a loss of power.
func (f *Folder) same(j Job) (Status, error) {
	st, err := f.read(j.Key)
	if err != nil || st.State != Printed {
		return st, err
	}
	if st.SHA256 != j.SHA256 {
		return Status{State: Unknown}, failed(nil, "このキーの名前で、別の内容のファイルがすでにあります。上書きしていません。どちらが正しいか調べ、新しいキーで印刷してください。",
			"A file with other contents lies under the name of this key. It was not written over. Find out which is right, and print under a new key.")
	}
	dir, err := os.Open(f.dir)
	if err == nil {
		err = errors.Join(f.sync(dir), dir.Close())
	}
	if err != nil {
		return Status{State: Unknown}, unclear(err, "ファイルは置きましたが、ディスクに残るかどうか分かりません。ディスクを確かめ、もう一度この印刷をしてください。",
			"The file was put there, and whether it lasts on the disk is not known. Check the disk and ask for this printing again.")
	}
	return st, nil
}

// Status looks for the file of a key. Printed means that it is there, whole; SHA256 is what it is now.
func (f *Folder) Status(ctx context.Context, key string) (Status, error) {
	if err := errors.Join(checkDeadline(ctx), checkKey(key)); err != nil {
		return Status{State: Unknown}, err
	}
	return f.read(key)
}

var absent = plain.Sentence{JA: "フォルダーに、このジョブのファイルはありません。出力していないか、すでに取り出されています。",
	EN: "The folder has no file of this job. It was not put there, or it has been taken away."}

func (f *Folder) read(key string) (Status, error) {
	info, err := os.Lstat(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return Status{State: Unknown, Meaning: absent}, nil
	}
	if err == nil && (!info.Mode().IsRegular() || info.Size() > largest) {
		return damaged, nil
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(f.path(key))
	}
	if err != nil {
		return Status{State: Unknown}, failed(err, "印刷先のフォルダーを読めません。権限とディスクを確かめてください。",
			"The folder for printing cannot be read. Check its rights and the disk.")
	}
	if !wholePDF(b) {
		return damaged, nil
	}
	return Status{State: Printed, SHA256: sha256.Sum256(b), Meaning: plain.Sentence{
		JA: "フォルダーにファイルがあります。", EN: "The file is in the folder."}}, nil
}

var damaged = unknown("このジョブの名前のファイルがありますが、PDFとして完全ではありません。出力を使わず、原因を調べてください。",
	"There is a file with the name of this job, and it is no complete PDF. Do not use it, and find out why.")
