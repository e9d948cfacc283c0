// Package printing brings a finished document to a printer and tells what became of it there (印刷): to a print queue or a printer that speaks IPP
// (RFC 8010, RFC 8011), or into a folder.
//
// 出来上がった証明書のPDFをプリンターへ渡し、その後を確かめる。印刷ジョブは名前に付けたキーで見つけ直せるので、応答が途絶えても、
// 同じ証明書を誤って二度送ることはない。「印刷済み」とするのは、プリンターが完了と答え、枚数がそれに反しないときだけで、はっきりしないものはすべて「不明」とする。
//
// What became of the bytes of a job must be known. So a job has a key, its name at the printer begins with it, and after a lost answer or a
// crash it is found again by it. At the printer it is opened first, empty, and then given its document once: whatever fails before
// that was no printing, and is known to be none. Printed is said only of a job that the printer calls completed, without a reason that speaks against it;
// whatever is not clear is Unknown, for a person who looks into the tray.
//
// It refuses: bytes that are not those of the digest; a key that could be a resident record code (住民票コード) or an individual number; a call
// without a deadline; an address outside the own network without encryption; an answer that does not fit its question. The name of a job holds
// its key and the kind of document, and no word from it.
//
// It knows no organisation and no database. Whoever uses it keeps a row for each job, written before Submit is called, and asks Status for what
// has not ended.
package printing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"regexp"
	"strings"
	"sync"

	"github.com/akashi-id/akashi/internal/plain"
)

// Printer is where documents come out. Both methods want a context with a deadline, and may be called concurrently.
type Printer interface {
	// Submit hands over a job, and returns how it stands. Nobody tries again within it.
	//
	// A job that lies there already under the key is not sent again: its status is returned. When the error is a *Failure that is not
	// Unclear, nothing was printed, and the same job may be submitted again. After one that is Unclear, and after a crash while Submit
	// was under way, Status tells what became of it, or Submit with Job.Again goes on.
	//
	// Two processes must not submit under one key at the same time. Two calls in one process may: the second is refused.
	Submit(ctx context.Context, j Job) (Status, error)

	// Status returns how the job of a key stands. With an error, and where there is no such job, it is Unknown.
	Status(ctx context.Context, key string) (Status, error)
}

// Job is a document to be printed.
type Job struct {
	// Key finds the job again, for ever: 8 to 64 letters, digits and hyphens, by which nobody can tell a person.
	Key   string
	Title Title
	PDF   []byte
	// SHA256 is the digest as it was when the document was approved. The bytes are held against it before they go out.
	SHA256 [sha256.Size]byte
	// Again says that it may have been sent before. Then what the printer knows nothing of any more is Unknown, and is not sent: it could have
	// been printed and forgotten. Whoever finds that nothing came out submits the document under a new key.
	Again bool
}

// Title is what a display shows beside the key. There is no other than these, so that a job's name can hold nothing of a person.
type Title int

// The titles. The zero value is none.
const (
	ResidentRecord   Title = iota + 1 // 住民票の写し
	SealRegistration                  // 印鑑登録証明書
	TestPage                          // 試し刷り
)

func (t Title) String() string {
	switch t {
	case ResidentRecord:
		return "住民票の写し"
	case SealRegistration:
		return "印鑑登録証明書"
	case TestPage:
		return "試し刷り"
	}
	return ""
}

// State is where a job stands. The words are kept in databases.
type State string

// The states. Printed, Aborted and Canceled are final.
const (
	Unknown  State = "unknown"  // nothing is sure. A person looks
	Opened   State = "opened"   // the printer has the job and no document for it
	Queued   State = "queued"   // the document is there and waits for its turn
	Printing State = "printing" // it is on its way to the paper
	Stopped  State = "stopped"  // it waits for a person: Reasons
	Printed  State = "printed"  // the printer has said that all of it came out
	Aborted  State = "aborted"  // the printer gave it up
	Canceled State = "canceled" // somebody took it back
)

// Final says that the state does not change any more.
func (s State) Final() bool { return s == Printed || s == Aborted || s == Canceled }

// Status is what is known of a job.
type Status struct {
	State State
	// Sheets and Impressions (sides) came out so far; 0 where the printer does not say. Whoever knows how many pages the document has
	// holds them against it: CUPS counts one sheet of a job of which it was told nothing.
	Sheets, Impressions int
	Reasons             []Reason
	// Meaning is the state in words: what it means, where to look, what to do.
	Meaning plain.Sentence
	// SHA256 is the digest of the bytes that lie there, where they can be read back: in a folder. Elsewhere it is zero.
	SHA256 [sha256.Size]byte
}

// Failure is why a job was not handed over, or could not be asked about. It holds nothing of the document.
type Failure struct {
	plain.Sentence
	// Unclear says that the document may have arrived. Only Submit says so.
	Unclear bool
	cause   error
}

func (f *Failure) Error() string {
	if f.cause == nil {
		return f.Sentence.String()
	}
	return f.Sentence.String() + " (" + f.cause.Error() + ")"
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.cause }

func failed(cause error, ja, en string) *Failure {
	return &Failure{Sentence: plain.Sentence{JA: ja, EN: en}, cause: cause}
}

func unclear(cause error, ja, en string) *Failure {
	return &Failure{Sentence: plain.Sentence{JA: ja, EN: en}, cause: cause, Unclear: true}
}

func unknown(ja, en string) Status {
	return Status{State: Unknown, Meaning: plain.Sentence{JA: ja, EN: en}}
}

var (
	keyForm  = regexp.MustCompile(`^[0-9A-Za-z](?:[0-9A-Za-z-]{6,62})[0-9A-Za-z]$`)
	numberOf = regexp.MustCompile(`^[0-9]{11,12}$`)
)

// checkKey: eleven digits are a resident record code (住民票コード), twelve an individual number (個人番号), which must not stand on a display
// of a printer nor in a list of jobs, which many can read.
func checkKey(key string) error {
	if !keyForm.MatchString(key) {
		return plain.Bad("key", "印刷ジョブのキーは、半角の英数字とハイフン8～64文字にしてください(先頭と末尾は英数字)。",
			"The key of a print job must be 8 to 64 letters, digits and hyphens, with a letter or digit at both ends.")
	}
	if numberOf.MatchString(strings.ReplaceAll(key, "-", "")) {
		return plain.Bad("key", "印刷ジョブのキーに、住民票コードや個人番号と同じ形(11桁または12桁の数字)は使えません。交付の番号など別のキーにしてください。",
			"The key of a print job must not have the form of a resident record code or an individual number (11 or 12 digits). Use another one, such as the number of the issue.")
	}
	return nil
}

// largest is the size of a document that is taken. A paper of four pages has some 200 KB.
const largest = 32 << 20

func (j Job) check() error {
	if err := checkKey(j.Key); err != nil {
		return err
	}
	switch {
	case j.Title < 0 || j.Title > TestPage:
		return plain.Bad("title", "印刷ジョブの題名がありません。決められた題名から選んでください。", "There is no such title of a print job. Choose one of those that there are.")
	case len(j.PDF) > largest:
		return plain.Bad("pdf", "証明書のファイルが大きすぎます(32 MiBまで)。作り直してください。", "The file of the document is too large (at most 32 MiB). Make it again.")
	case !wholePDF(j.PDF):
		return plain.Bad("pdf", "証明書のファイルが、完全なPDFではありません。印刷していません。作り直してください。", "The file of the document is no complete PDF. It was not printed. Make it again.")
	case sha256.Sum256(j.PDF) != j.SHA256:
		return plain.Bad("pdf", "証明書のファイルが、承認されたものと一致しません(ハッシュ値の不一致)。印刷していません。この交付を止め、原因を調べてください。",
			"The file of the document is not the one that was approved (its digest differs). It was not printed. Stop this issue and find out why.")
	}
	return nil
}

// wholePDF looks at both ends of a file: enough to find one that was cut off.
func wholePDF(b []byte) bool {
	return bytes.HasPrefix(b, []byte("%PDF-")) && bytes.HasSuffix(bytes.TrimRight(b, "\r\n"), []byte("%%EOF"))
}

// errNoDeadline is a fault of the program, and not of a printer.
var errNoDeadline = errors.New("printing: the call has no deadline")

func checkDeadline(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		return errNoDeadline
	}
	return nil
}

// turns lets one call at a time submit under a key.
type turns struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (t *turns) take(key string) (leave func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys[key] {
		return nil, failed(nil, "このジョブは、いま別の処理がプリンターへ渡しているところです。終わってから状態を確かめてください。",
			"Another call is handing this job to the printer at this moment. Ask how it stands when that has ended.")
	}
	if t.keys == nil {
		t.keys = map[string]bool{}
	}
	t.keys[key] = true
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.keys, key)
	}, nil
}
