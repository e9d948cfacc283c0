package reconcile

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"github.com/akashi-id/akashi/message"
)

// The tree of a book has 65,536 buckets (leaves), joined by sixteen on each of four levels. Only the leaves and the root
// are kept; what lies between is summed when a comparison asks for it.
const (
	buckets    = 1 << 16
	rootBucket = -1

	lanes    = 4
	laneBits = 62 // two values of a lane add up within a BIGINT, on both engines
	laneMask = 1<<laneBits - 1
)

// Digest is the sum of a set of elements: their number, and 248 bits of each added lane by lane. It is a sum, not an
// exclusive or: what is there twice does not cancel itself, and what is under way can be taken off again.
type Digest struct {
	N int64
	L [lanes]uint64
}

func (d *Digest) add(e element) {
	d.N++
	for i := range d.L {
		d.L[i] = (d.L[i] + e[i]) & laneMask
	}
}

func (d *Digest) take(e element) {
	d.N--
	for i := range d.L {
		d.L[i] = (d.L[i] - e[i]) & laneMask
	}
}

func (d *Digest) join(o Digest) {
	d.N += o.N
	for i := range d.L {
		d.L[i] = (d.L[i] + o.L[i]) & laneMask
	}
}

func (d *Digest) part(o Digest) {
	d.N -= o.N
	for i := range d.L {
		d.L[i] = (d.L[i] - o.L[i]) & laneMask
	}
}

// element is what one entry adds to its digest: HMAC-SHA-256 over book, key and value, keyed with the pair's secret.
// Whoever chooses what a record says cannot, without that secret, choose records whose elements cancel each other.
type element [lanes]uint64

// hasher makes the elements of one book of a pair. It belongs to one goroutine.
type hasher struct {
	mac  hash.Hash
	book message.Book
	buf  [sha256.Size]byte
	text []byte
}

func newHasher(secret []byte, book message.Book) *hasher {
	return &hasher{mac: hmac.New(sha256.New, secret), book: book}
}

func (h *hasher) sum(key string, value message.Hash) []byte {
	h.text = append(h.text[:0], h.book...)
	h.text = append(h.text, 0)
	h.text = append(h.text, key...)
	h.text = append(h.text, 0)
	h.text = append(h.text, value[:]...)
	h.mac.Reset()
	h.mac.Write(h.text)
	return h.mac.Sum(h.buf[:0])
}

// of is the element of an entry that is there.
func (h *hasher) of(key string, value message.Hash) (e element) {
	sum := h.sum(key, value)
	for i := range e {
		e[i] = binary.BigEndian.Uint64(sum[8*i:]) & laneMask
	}
	return e
}

// change adds to the sums of a key's bucket and of all what it means that the key's value was one and is another. It tells
// whether that is anything.
func (h *hasher) change(sums map[int]*Digest, place int64, key string, was, is message.Hash) bool {
	if was == is {
		return false
	}
	bucket := bucketOf(place)
	if sums[bucket] == nil {
		sums[bucket] = new(Digest)
	}
	if was != (message.Hash{}) {
		e := h.of(key, was)
		sums[bucket].take(e)
		sums[rootBucket].take(e)
	}
	if is != (message.Hash{}) {
		e := h.of(key, is)
		sums[bucket].add(e)
		sums[rootBucket].add(e)
	}
	return true
}

// print is a short name of an entry, that nobody without the secret can make another entry for. The zero value, for no
// entry, has the zero print.
func (h *hasher) print(key string, value message.Hash) (p [8]byte) {
	if value != (message.Hash{}) {
		copy(p[:], h.sum(key, value))
	}
	return p
}

// place is where a key lies: the first 63 bits of its SHA-256.
func place(key string) int64 {
	sum := sha256.Sum256([]byte(key))
	return int64(binary.BigEndian.Uint64(sum[:8]) >> 1)
}

func bucketOf(place int64) int { return int(place >> 47) }

// bucketEnds are the first and the last place of a bucket.
func bucketEnds(bucket int) (first, last int64) {
	return int64(bucket) << 47, int64(bucket+1)<<47 - 1
}
