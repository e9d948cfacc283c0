package exchange

// FlowQueries are the queries of Backlogs and Flows, and the indexes that they must use.
func FlowQueries() map[string]string {
	return map[string]string{
		selectWaiting:   "x_out_ready (peer=?)",
		selectAgain:     "x_out_stuck (peer=? AND state=?)",
		selectParkedOut: "x_out_stuck (peer=? AND state=?)",
		selectParkedIn:  "x_in_stuck (peer=? AND outcome=?)",
		selectFlow:      "sqlite_autoindex_x_out_1 (peer=? AND (epoch,seq)>(?,?))",
	}
}
