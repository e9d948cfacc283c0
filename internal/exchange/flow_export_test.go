package exchange

// FlowQueries are the queries of Backlogs and Flows, and the indexes that they must use.
func FlowQueries() map[string]string {
	return map[string]string{
		selectHasIn:    "x_in_stuck (peer=?",
		selectWaiting:  "x_out_ready (peer=?)",
		selectStuckOut: "x_out_stuck (peer=? AND state=?)",
		selectParkedIn: "x_in_stuck (peer=? AND outcome=?)",
		selectFlow:     "sqlite_autoindex_x_out_1 (peer=? AND (epoch,seq)>(?,?))",
	}
}
