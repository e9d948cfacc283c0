package incident

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/issuing"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Inquiry is what is asked afterwards of the databases that a run left (`akashi delivery affected`): the counter's own list with the people and the drafts of the notices,
// and what its server has of the same time.
type Inquiry struct {
	Town     message.Org       `json:"municipality"`
	Affected counter.Affected  `json:"affected"`
	Decided  []issuing.Decided `json:"decided"`
	Whole    bool              `json:"whole"` // of Decided
	Unknown  []string          `json:"unknown"`
}

// askedAfter is what somebody states who begins one.
type askedAfter struct {
	from, until resident.Date
	cause       string
}

// inquire asks for what an error concerned. A clerk asks, who may name people.
func (l *paperLand) inquire(q askedAfter) (err error) {
	i, err := counter.ParseInquiry(q.from.String(), q.until.String(), q.cause)
	if err == nil {
		i, err = l.town.InquireDocuments(l.desk, i)
	}
	l.begun = i
	return err
}

// found answers the inquiry that was begun, as it stands now, and counts what it names.
func (l *paperLand) found(ctx context.Context) (*Inquiry, error) {
	f := &Inquiry{Town: l.town.Self}
	var err error
	if f.Affected, err = l.town.Affected(l.desk, counter.AffectedQuery{Inquiry: l.begun.ID, Names: true}); err != nil {
		return nil, err
	}
	// As the command asks: what came at the end of the time is decided a little later.
	asker := access.With(ctx, takes)
	if f.Decided, f.Whole, err = l.nodes[0].Decided(asker, l.begun.From, l.begun.Until.Add(2*time.Minute)); err != nil {
		return nil, err
	}
	var requests []string
	for _, d := range f.Decided {
		requests = append(requests, d.Request)
	}
	if f.Unknown, err = l.town.UnknownDocuments(l.desk, requests); err != nil {
		return nil, err
	}
	c := f.Affected.Counts
	l.counts["inquiry_in_doubt"], l.counts["inquiry_another"], l.counts["inquiry_shown"], l.counts["inquiry_my_number"] = c.InDoubt, c.Another, c.Shown, 0
	for _, d := range f.Affected.Documents {
		if d.Another() && d.MyNumber {
			l.counts["inquiry_my_number"]++
		}
	}
	named := map[string]bool{}
	for _, p := range f.Affected.Persons {
		if p.Shown {
			named[p.Name] = true
		}
	}
	// Who stood on the paper of another is known here from the papers themselves. By what was kept the same people must come out.
	l.counts["inquiry_missed"], l.counts["inquiry_named_wrongly"] = 0, 0
	for name := range l.shown {
		if !named[name] {
			l.counts["inquiry_missed"]++
		}
	}
	for name := range named {
		if !l.shown[name] {
			l.counts["inquiry_named_wrongly"]++
		}
	}
	return f, nil
}
