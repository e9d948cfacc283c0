package exchange

// HotQueries are the queries made for each batch or each stuck message, and the indexes that they must use.
func HotQueries() map[string]string {
	return map[string]string{
		selectReadyBehind:              "x_out_key",
		selectReadyBehindMore:          "sqlite_autoindex_x_out_1 (peer=? AND epoch=? AND seq=?)",
		selectHeldBehind:               "sqlite_autoindex_x_out_1 (peer=? AND epoch=? AND seq=?)",
		selectReady:                    "x_out_ready (peer=?)",
		selectDeferred:                 "x_out_stuck (peer=? AND state=?)",
		selectStuckIn + lostByHello:    "x_in_stuck",
		selectStuckIn + lostByOrder:    "x_in_stuck",
		selectStuckIn + lostByConflict: "x_in_stuck",
	}
}

// ErrNotMet is the refusal of a person's decision before the sender has called.
var ErrNotMet = errNotMet
