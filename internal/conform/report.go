package conform

// Report is what `akashi conform` prints.
type Report struct {
	Name   string `json:"name"`
	Passed int    `json:"passed"`
	Failed int    `json:"failed"`
	Cases  []Case `json:"cases"`
	// CannotBe are the poisons that cannot stand at a queue's head, each with the reason: they were not tried.
	CannotBe []Exception `json:"cannot_be"`
}

// Case is one trial.
type Case struct {
	Case string `json:"case"` // "due/list: panic × 11, sqlite"
	OK   bool   `json:"ok"`
	Says string `json:"says"`
}

// Exception is what was not tried.
type Exception struct {
	Queue  string `json:"queue"`
	Poison string `json:"poison"`
	Why    string `json:"why"`
}

func (r *Report) add(c Case) {
	if c.OK {
		r.Passed++
	} else {
		r.Failed++
	}
	r.Cases = append(r.Cases, c)
}

// Holds tells whether every case did, and there was one.
func (r *Report) Holds() bool { return r.Failed == 0 && r.Passed > 0 }
