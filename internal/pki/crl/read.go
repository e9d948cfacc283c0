package crl

import (
	"bytes"
	"crypto"
	"errors"
	"io"
	"math/big"
	"time"

	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// Info is what a list says beside its entries, as it was read.
type Info struct {
	Algorithm  []byte // DER AlgorithmIdentifier, the same within and without the signed bytes
	Issuer     []byte // DER Name
	ThisUpdate time.Time
	NextUpdate time.Time // zero when the list does not say
	Entries    int
	Extensions []Extension
	Number     *big.Int // nil: none
	Base       *big.Int // nil: a full list
	Digest     []byte   // of the signed bytes
	Signature  []byte
	Size       int64 // of the whole list, in bytes
}

// Extension is one of a list's extensions.
type Extension struct {
	ID       string // content octets of the object identifier
	Critical bool
	Value    []byte
}

// The extensions that RFC 5280 5.2 gives a list, as Extension names them.
const (
	AuthorityKey = "\x55\x1d\x23"
	Number       = "\x55\x1d\x14"
	Delta        = "\x55\x1d\x1b"
	Scope        = "\x55\x1d\x1c"
	Freshest     = "\x55\x1d\x2e"
)

// Extension finds one by its name, nil when there is none.
func (i *Info) Extension(id string) *Extension {
	for k := range i.Extensions {
		if i.Extensions[k].ID == id {
			return &i.Extensions[k]
		}
	}
	return nil
}

// What single elements may have at most; the longest in use have a tenth of it.
const (
	maxSmall      = 4 << 10 // an algorithm, a signature, an entry
	maxName       = 16 << 10
	maxExtensions = 48 << 10
)

// Limits bound a list. Zero means the widest.
type Limits struct {
	Size    int64
	Entries int
}

// Reader reads one list from a stream, in one pass and in constant memory.
type Reader struct {
	w                   window
	limits              Limits
	hash                crypto.Hash
	info                Info
	outer, tbs, entries int64 // what is left of each
	done                error
}

// NewReader reads what stands before the entries. The signed bytes are hashed with hash, which is that of the key that
// should have signed: the list is not asked.
func NewReader(r io.Reader, hash crypto.Hash, limits Limits) (*Reader, error) {
	if !hash.Available() {
		return nil, errors.New("couldn't read a revocation list: there is no hash function for its signature")
	}
	if limits.Size <= 0 || limits.Size > MaxSize {
		limits.Size = MaxSize
	}
	if limits.Entries <= 0 {
		limits.Entries = MaxSize
	}
	l := &Reader{limits: limits, hash: hash}
	l.w.src = r
	if err := l.before(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *Reader) before() error {
	w, left := &l.w, l.limits.Size
	var err error
	if l.outer, err = w.enter(&left, "CertificateList"); err != nil {
		return err
	}
	l.info.Size = w.at() + l.outer
	w.begin(l.hash.New())
	if l.tbs, err = w.enter(&l.outer, "TBSCertList"); err != nil {
		return err
	}
	version, err := w.element(&l.tbs, maxSmall, cb.INTEGER, "a version")
	if err != nil {
		return err
	}
	if !bytes.Equal(version, []byte{2, 1, 1}) {
		return w.malformed("another version than 2") // RFC 5280 5.1.2.1
	}
	algorithm, err := w.element(&l.tbs, maxSmall, cb.SEQUENCE, "an algorithm")
	if err != nil {
		return err
	}
	if !isAlgorithm(algorithm) {
		return w.malformed("a damaged algorithm")
	}
	l.info.Algorithm = bytes.Clone(algorithm)
	issuer, err := w.element(&l.tbs, maxName, cb.SEQUENCE, "a name")
	if err != nil {
		return err
	}
	if !isName(issuer) {
		return w.malformed("a damaged name")
	}
	l.info.Issuer = bytes.Clone(issuer)
	if l.info.ThisUpdate, err = l.time("the time of the list"); err != nil {
		return err
	}
	tag, err := l.next()
	if err == nil && (tag == cb.UTCTime || tag == cb.GeneralizedTime) {
		if l.info.NextUpdate, err = l.time("the time of the next list"); err == nil {
			tag, err = l.next()
		}
	}
	if err == nil && tag == cb.SEQUENCE {
		if l.entries, err = w.enter(&l.tbs, "entries"); err == nil && l.entries == 0 {
			err = w.malformed("entries that are none") // RFC 5280 5.1.2.6
		}
	}
	return err
}

// next tells what comes next in the signed bytes; 0: nothing.
func (l *Reader) next() (cb.Tag, error) {
	if l.tbs == 0 {
		return 0, nil
	}
	tag, _, _, err := l.w.header(l.tbs)
	return tag, err
}

func (l *Reader) time(what string) (time.Time, error) {
	e, err := l.w.element(&l.tbs, maxSmall, 0, what)
	if err != nil {
		return time.Time{}, err
	}
	t, ok := readTime(&e)
	if !ok || !e.Empty() {
		return time.Time{}, l.w.malformed("a damaged time")
	}
	return t, nil
}

// Next gives the next entry, whose number stays until the next call. Its error is io.EOF when the whole list was read and
// nothing is wrong with its form; then Info has everything.
func (l *Reader) Next() (Item, error) {
	if l.done != nil {
		return Item{}, l.done
	}
	item, err := l.item()
	l.done = err
	return item, err
}

func (l *Reader) item() (Item, error) {
	if l.entries == 0 {
		if err := l.after(); err != nil {
			return Item{}, err
		}
		return Item{}, io.EOF
	}
	if l.info.Entries++; l.info.Entries > l.limits.Entries {
		return Item{}, l.w.malformed("more entries than are allowed")
	}
	e, err := l.w.element(&l.entries, maxSmall, cb.SEQUENCE, "an entry")
	if err != nil {
		return Item{}, err
	}
	item, ok := readItem(e)
	if !ok {
		return Item{}, l.w.malformed("a damaged entry")
	}
	return item, nil
}

// after reads what stands after the entries.
func (l *Reader) after() error {
	w := &l.w
	if l.tbs > 0 {
		block, err := w.element(&l.tbs, maxExtensions, cb.Tag(0).ContextSpecific().Constructed(), "extensions")
		if err != nil {
			return err
		}
		if !l.info.readExtensions(block) {
			return w.malformed("damaged extensions")
		}
	}
	if l.tbs != 0 {
		return w.malformed("something after the extensions")
	}
	sum := w.sum
	w.stop()
	l.info.Digest = sum.Sum(nil)
	algorithm, err := w.element(&l.outer, maxSmall, cb.SEQUENCE, "an algorithm")
	if err != nil {
		return err
	}
	if !bytes.Equal(algorithm, l.info.Algorithm) {
		return w.malformed("another algorithm than the signed one") // RFC 5280 5.1.1.2
	}
	signature, err := w.element(&l.outer, maxSmall, cb.BIT_STRING, "a signature")
	if err != nil {
		return err
	}
	var octets []byte
	if !signature.ReadASN1BitStringAsBytes(&octets) || len(octets) == 0 {
		return w.malformed("a damaged signature")
	}
	l.info.Signature = bytes.Clone(octets)
	if l.outer != 0 {
		return w.malformed("something after the signature")
	}
	rest, err := w.peek(1)
	if err == nil && len(rest) > 0 {
		err = w.malformed("something after the list")
	}
	return err
}

// Info is complete once Next has given io.EOF. Before that it has what stands before the entries.
func (l *Reader) Info() *Info { return &l.info }

// Read reads a whole list and shows each entry to see, which may be nil.
func Read(r io.Reader, hash crypto.Hash, limits Limits, see func(Item) error) (*Info, error) {
	l, err := NewReader(r, hash, limits)
	if err != nil {
		return nil, err
	}
	for {
		item, err := l.Next()
		if err == io.EOF {
			return l.Info(), nil
		}
		if err == nil && see != nil {
			err = see(item)
		}
		if err != nil {
			return nil, err
		}
	}
}
