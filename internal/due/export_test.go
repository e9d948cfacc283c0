package due

// StandingQueries are the queries of Standings, and the index that each must use.
func StandingQueries() map[string]string {
	return map[string]string{selectLate: "USING INDEX due_next", selectParked: "USING COVERING INDEX due_parked"}
}
