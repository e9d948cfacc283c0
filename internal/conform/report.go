package conform

// Report is what `akashi conform` prints.
type Report struct {
	Name   string `json:"name"`
	Passed int    `json:"passed"`
	Failed int    `json:"failed"`
	Cases  []Case `json:"cases"`
	// Longest is the case of each queue in which the good item behind the poison took longest.
	Longest []Case `json:"longest"`
	// CannotBe are the poisons that cannot stand at a queue's head, each with the reason: they were not tried.
	CannotBe []Exception `json:"cannot_be"`
}

// Case is one trial.
type Case struct {
	Case string `json:"case"` // "due/list: panic × 11, sqlite"
	OK   bool   `json:"ok"`
	Says string `json:"says"`
	// How long the good item behind the poison took, in the queue's own time, rounded up to when the kit looked, and in real
	// time; when it had not come through, how long the kit waited for it.
	VirtualMS int64 `json:"virtual_ms"`
	RealMS    int64 `json:"real_ms"`

	queue string
	slow  bool // it failed in real time alone
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
	for i, l := range r.Longest {
		if l.queue == c.queue {
			if l.VirtualMS < c.VirtualMS || l.VirtualMS == c.VirtualMS && l.RealMS < c.RealMS {
				r.Longest[i] = c
			}
			return
		}
	}
	r.Longest = append(r.Longest, c)
}

// Holds tells whether every case did, and there was one.
func (r *Report) Holds() bool { return r.Failed == 0 && r.Passed > 0 }
