package exchange

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
)

// Queues are what takes items one after another here. Their rigs are in internal/conform, because each needs two
// organisations with keys.
func Queues() []queue.Queue {
	parked := plain.Sentence{JA: "電文の画面の「保留」、両方の団体で", EN: "the message desk of both organisations, under parked"}
	return []queue.Queue{
		{
			Name:  "exchange/outbox",
			Shape: queue.Waiting,
			Items: plain.Sentence{JA: "相手に送る電文の行", EN: "rows of messages to be sent to a peer"},
			Aside: parked,
			Loops: []string{"internal/exchange:Exchange.look", "internal/exchange:Exchange.overtakes"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Panic: "nobody's code runs between the row and the line; a peer that falls over a message is exchange/probes",
				queue.Hang:  "nobody's code runs between the row and the line; a peer that hangs is exchange/peers",
			},
			Settles: time.Hour,
		},
		{
			Name:    "exchange/inbox",
			Shape:   queue.Waiting,
			Items:   plain.Sentence{JA: "届いた電文と、その規則", EN: "messages that come, and their rules"},
			Aside:   parked,
			Loops:   []string{"internal/exchange:Exchange.Deliver", "internal/exchange:Exchange.lookUp"},
			Bad:     queue.Poisons,
			Settles: 3 * time.Hour, // eight offers; those of a kind in the slow lane are a minute apart
		},
		{
			Name:  "exchange/peers",
			Shape: queue.Start,
			Items: plain.Sentence{JA: "電文を交わす相手", EN: "peers, to each of whom a hello is said"},
			Aside: plain.Sentence{JA: "連携状況の相手ごとの状態", EN: "the overview, in the state of the pair"},
			Loops: []string{"internal/exchange:Exchange.Tasks", "internal/exchange:New"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Panic, queue.Hang},
			Never: map[queue.Poison]string{queue.Truncated: "a peer has one row of numbers, made anew at the start when it is not there"},
		},
		{
			Name:  "exchange/probes",
			Shape: queue.Waiting,
			Items: plain.Sentence{JA: "相手が判定を返さない電文", EN: "messages on which the peer gives no verdict"},
			Aside: parked,
			Loops: []string{"internal/exchange:Exchange.Tasks"},
			Bad:   []queue.Poison{queue.Panic},
			Never: map[queue.Poison]string{
				queue.Undecodable: "what can be told before it is sent is exchange/outbox",
				queue.Foreign:     "what can be told before it is sent is exchange/outbox",
				queue.Truncated:   "what can be told before it is sent is exchange/outbox",
				queue.Hang:        "a peer that hangs over a rule answers with its deadline, see exchange/inbox; one that is silent altogether is exchange/peers",
			},
			Settles: time.Hour,
		},
		{
			Name:  "exchange/held",
			Shape: queue.Waiting,
			Items: plain.Sentence{JA: "前の電文を待つ電文", EN: "messages that wait behind another"},
			Aside: parked,
			Loops: []string{"internal/exchange:Exchange.release", "internal/exchange:Exchange.heldBehind", "internal/exchange:Exchange.readyBehind",
				"internal/exchange:Exchange.renumber"},
			Bad: []queue.Poison{queue.Undecodable, queue.Truncated},
			Never: map[queue.Poison]string{
				queue.Foreign: "its keys are those under which it is held; others are refused by the receiver, see exchange/inbox",
				queue.Panic:   "nobody's code runs over what is held", queue.Hang: "nobody's code runs over what is held",
			},
			Settles: time.Hour,
		},
		{
			Name:  "exchange/door",
			Shape: queue.Waiting,
			Items: plain.Sentence{JA: "届いた束", EN: "batches at the door"},
			Aside: plain.Sentence{JA: "連携状況の「受け付けなかったもの」", EN: "the overview, under not taken"},
			Loops: []string{"internal/exchange:Exchange.Deliver"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign},
			Never: map[queue.Poison]string{
				queue.Panic: "before the rules, whose case is exchange/inbox, nobody's code runs", queue.Hang: "before the rules, whose case is exchange/inbox, nobody's code runs",
				queue.Truncated: "a batch is no row yet",
			},
		},
		{
			Name:  "exchange/asks",
			Shape: queue.Request,
			Items: plain.Sentence{JA: "他団体の照会", EN: "questions of other organisations"},
			Aside: plain.Sentence{JA: "照会した団体に断りを返す", EN: "refused to whoever asks"},
			Loops: []string{"internal/exchange:Exchange.Asked"},
			Bad:   []queue.Poison{queue.Undecodable, queue.Foreign, queue.Panic, queue.Hang},
			Never: map[queue.Poison]string{queue.Truncated: "a question is no row"},
		},
		{
			Name:  "exchange/expiry",
			Shape: queue.Scan,
			Items: plain.Sentence{JA: "保存期間の過ぎた電文", EN: "ended messages whose retention is over"},
			Aside: parked,
			Loops: []string{"internal/exchange:Exchange.expire", "internal/exchange:Exchange.expirePiece"},
			Never: map[queue.Poison]string{
				queue.Undecodable: "it hashes and empties bytes and does not read them", queue.Truncated: "it hashes and empties bytes and does not read them",
				queue.Foreign: "it follows no key", queue.Panic: "nobody's code runs in it", queue.Hang: "nobody's code runs in it",
			},
		},
	}
}
