package exchange

// HotQueries are the queries made for each batch or each stuck message, and the indexes that they must use.
func HotQueries() map[string]string {
	return map[string]string{
		selectReadyBehind:     "x_out_key",
		selectReadyBehindMore: "sqlite_autoindex_x_out_1 (peer=? AND epoch=? AND seq=?)",
		selectHeldBehind:      "sqlite_autoindex_x_out_1 (peer=? AND epoch=? AND seq=?)",
		selectReadyUpTo:       "x_out_key (key1=? AND peer=? AND",
		selectReadyUpToMore:   "sqlite_autoindex_x_out_1 (peer=? AND epoch=? AND seq=?)",
		selectReady:           "x_out_ready (peer=? AND (epoch,seq)>(?,?))",
		selectDeferred:        "x_out_stuck (peer=? AND state=?)",
		selectCutStuck:        "x_in_stuck",
		selectCutHoles:        "sqlite_autoindex_x_in_hole_1 (peer=?)",
		selectLastOf:          "x_out_key (key1=? AND peer=?)",
		selectLastOfMore:      "sqlite_autoindex_x_out_1 (peer=? AND epoch=? AND seq=?)",
		selectUnapplied + beyondCut + andNotWithdrawn: "sqlite_autoindex_x_out_1 (peer=? AND (epoch,seq)>(?,?))",
		selectUnapplied + insideCut + andNotWithdrawn: "sqlite_autoindex_x_out_1 (peer=? AND epoch=? AND seq>? AND seq<?)",
		selectStuckIn + lostByHello:                   "x_in_stuck",
		selectStuckIn + lostByOrder:                   "x_in_stuck",
		selectRenumberReady:                           "x_out_ready",
		selectRenumberStuck:                           "x_out_stuck",
		selectFirstOf:                                 "sqlite_autoindex_x_out_1 (peer=? AND epoch=?)",
		selectEpochBefore:                             "sqlite_autoindex_x_in_1 (peer=? AND node=? AND epoch<?)",
		selectEpochAfter:                              "sqlite_autoindex_x_in_1 (peer=? AND node=? AND epoch>?)",
	}
}

// ErrNotMet is the refusal of a person's decision before the sender has called.
var ErrNotMet = errNotMet

// ErrHangs is the refusal of an acceptance whose rule did not come back in time.
var ErrHangs = errHangs
