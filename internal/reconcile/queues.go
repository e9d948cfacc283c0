package reconcile

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

// Queues are what takes items one after another here.
func Queues() []queue.Queue {
	findings := plain.Sentence{JA: "帳簿の画面の「自己監査の所見」", EN: "the screen of the books, under findings of the self-audit"}
	return []queue.Queue{
		{
			Name:    "reconcile/audit",
			Shape:   queue.Scan,
			Items:   plain.Sentence{JA: "帳簿の項目と登録", EN: "entries of the books, and rows of the state"},
			Aside:   findings,
			Loops:   []string{"internal/reconcile:Books.auditStep", "internal/reconcile:wholeBuckets", "internal/reconcile:oddKeys"},
			Bad:     queue.Poisons,
			Settles: time.Minute,
			Open:    openAuditRig,
		},
		{
			Name:    "reconcile/refill",
			Shape:   queue.Batch,
			Items:   plain.Sentence{JA: "送り直す項目", EN: "entries that are sent anew"},
			Aside:   findings,
			Loops:   []string{"internal/reconcile:Books.refillStep", "internal/reconcile:Books.refillPage"},
			Bad:     []queue.Poison{queue.Undecodable, queue.Truncated, queue.Panic, queue.Hang},
			Never:   map[queue.Poison]string{queue.Foreign: "it goes through the book's own entries, and an entry that has no state is sent as nothing held"},
			Settles: time.Minute,
			Open:    openRefillRig,
		},
		{
			Name:  "reconcile/fold",
			Shape: queue.Batch,
			Items: plain.Sentence{JA: "帳簿に折り込む記帳", EN: "what transactions have set, to be folded into the book"},
			Aside: findings,
			Loops: []string{"internal/reconcile:Books.Tasks", "internal/reconcile:Books.foldStep", "internal/reconcile:changesOf", "internal/reconcile:unpack",
				"internal/reconcile:bring", "internal/reconcile:Books.takeAway"},
			Bad: []queue.Poison{queue.Undecodable, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Foreign: "what is set is a key and a hash, which refer to nothing",
				queue.Panic:   "the fold calls nobody",
				queue.Hang:    "the fold calls nobody",
			},
			Settles: time.Minute,
			Open:    openFoldRig,
		},
		{
			Name:  "reconcile/compare",
			Shape: queue.Scan,
			Items: plain.Sentence{JA: "突き合わせる帳簿", EN: "books to be compared"},
			Aside: plain.Sentence{JA: "帳簿の画面の「突合できない帳簿」", EN: "the screen of the books, under not comparable"},
			Loops: []string{"internal/reconcile:Books.Tasks", "internal/reconcile:Books.number", "internal/reconcile:Books.readLast", "internal/reconcile:root",
				"internal/reconcile:nodeSums", "internal/reconcile:bucketSums", "internal/reconcile:entriesIn"},
			Bad: []queue.Poison{queue.Undecodable, queue.Foreign, queue.Panic},
			Never: map[queue.Poison]string{
				queue.Truncated: "what is compared are numbers of a fixed size; a row that was cut off is the case of reconcile/audit",
				queue.Hang:      "a question ends with its deadline, whose case is exchange/asks; what a table says of itself has one too, see reconcile/audit",
			},
			Settles: time.Minute,
			Open:    openCompareRig,
		},
	}
}
