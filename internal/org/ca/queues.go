package ca

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

// Queues are what takes items one after another here, beside what every organisation has.
func Queues() []queue.Queue {
	return []queue.Queue{signQueue(), {
		Name:  "ca/list",
		Shape: queue.Scan,
		Items: plain.Sentence{JA: "失効リストに載せる電子証明書の行", EN: "rows of certificates that a revocation list has to name"},
		Aside: plain.Sentence{JA: "失効リストの画面の状態", EN: "the screen of the lists, in their state"},
		Loops: []string{"internal/org/ca:CA.makeLists", "internal/org/ca:CA.listed", "internal/org/ca:CA.makeRule", "internal/org/ca/internal/store:Tx.Listed"},
		Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Panic: "nobody's code runs over the rows; the signing is due work, and tried there",
			queue.Hang:  "nobody's code runs over the rows; the signing is due work, and tried there",
		},
		// The rig is in internal/conform, with somebody who asks for certificates.
	}, {
		Name:  "ca/check",
		Shape: queue.Scan,
		Items: plain.Sentence{JA: "点検する電子証明書の行", EN: "rows of certificates that are inspected"},
		Aside: plain.Sentence{JA: "点検の画面の「所見」", EN: "the page of the inspection, under findings"},
		Loops: []string{"internal/org/ca:CA.certificatesToCheck", "internal/org/ca:CA.listsToCheck", "internal/org/ca:CA.deltasToCheck", "internal/org/ca/internal/store:Tx.StoredAfter",
			"internal/org/ca:CA.respondersToCheck", "internal/org/ca/internal/store:Tx.StoredRespondersAfter",
			"internal/org/ca/internal/store:Tx.storedLists", "internal/org/ca/internal/store:Tx.storedDeltas", "internal/org/ca/internal/store:Tx.RevokedIn"},
		Bad: []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Panic: "nobody's code runs over the rows; a judge that panics is tried in inspection/round",
			queue.Hang:  "a judge reckons over bytes of a bounded length",
		},
		Settles: 2 * time.Second,
		// The rig is in internal/conform too.
	}, {
		Name:  "ca/mass",
		Shape: queue.Scan,
		Items: plain.Sentence{JA: "一括失効の対象の電子証明書", EN: "certificates of a mass revocation"},
		Aside: plain.Sentence{JA: "一括失効の画面の、脇に置いたもの", EN: "the page of the mass revocation, what was set aside"},
		Loops: []string{"internal/org/ca:CA.massCountRule", "internal/org/ca:CA.massRevokeRule", "internal/org/ca/internal/store:Tx.Choose", "internal/org/ca/internal/store:Tx.chooseListed",
			"internal/org/ca/internal/store:Tx.MassLeft", "internal/org/ca/internal/store:Tx.MassSerials", "internal/org/ca/internal/store:clauses.list",
			"internal/org/ca/internal/store:Tx.Living"},
		Bad: []queue.Poison{queue.Undecodable, queue.Foreign},
		Never: map[queue.Poison]string{
			queue.Truncated: "half a row's serial is another serial, whose certificate the row still holds and which ends; the rest of a row is tried",
			queue.Panic:     "nobody's code runs over the rows",
			queue.Hang:      "nobody's code runs over the rows",
		},
		// The rig is in internal/conform, as that of the lists.
	}, {
		Name:  "ca/report",
		Shape: queue.Scan,
		Items: plain.Sentence{JA: "都道府県への報告で数える電子証明書の行", EN: "rows of certificates that a report to a prefecture counts"},
		Aside: plain.Sentence{JA: "発行状況の統計の画面と、報告の「読めない記録」", EN: "the page of the statistics, and in the report, as records that cannot be read"},
		Loops: []string{"internal/org/ca:CA.closeRule", "internal/org/ca:CA.askedRule", "internal/org/ca:CA.report", "internal/org/ca/internal/store:Tx.Figures",
			"internal/org/ca/internal/store:Tx.Refused", "internal/org/ca/internal/store:Tx.waiting"},
		Bad: []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
		Never: map[queue.Poison]string{
			queue.Panic: "nobody's code runs over the rows",
			queue.Hang:  "nobody's code runs over the rows",
		},
		// The rig is in internal/conform, as that of the lists.
	}}
}
