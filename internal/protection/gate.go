package protection

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// System is a place that shows or issues. There is one flag for all of them: which of them asks changes nothing, and is said so that a
// replay can show what a flag per system did.
type System string

// The systems.
const (
	Register System = "register" // 住民票: the counter's search and pages
	Issue    System = "issue"    // certificates and documents that state where somebody lives
	Index    System = "index"    // the prefecture's and the national center's search
)

// Standing is whether somebody is protected, and by whom.
type Standing struct {
	Held  bool
	Flags []Flag // the last versions that have not ended
}

// Provisional tells whether nothing but an application holds so far.
func (s Standing) Provisional() bool {
	for _, f := range s.Flags {
		if !f.Provisional {
			return false
		}
	}
	return s.Held
}

// Owners are who decided.
func (s Standing) Owners() (all []message.Org) {
	for _, f := range s.Flags {
		all = append(all, f.Owner)
	}
	return all
}

// Gate is asked by everything that shows or issues, before it does, with all codes that the person has or had. An error is a refusal:
// whoever cannot be told that nobody is protected shows nothing.
type Gate interface {
	Standing(ctx context.Context, tx *sqlstore.Tx, of System, codes ...resident.RecordCode) (Standing, error)
}

// OneFlag is the gate: one flag, whoever asks.
type OneFlag struct{}

// Standing reads the flags of all the codes.
func (OneFlag) Standing(ctx context.Context, tx *sqlstore.Tx, _ System, codes ...resident.RecordCode) (s Standing, err error) {
	among, err := Among(ctx, tx, codes)
	if err != nil {
		return Standing{Held: true}, err
	}
	for _, c := range codes {
		s.Flags = append(s.Flags, among[c].Flags...)
	}
	s.Held = len(s.Flags) > 0
	return s, nil
}

// Among tells who of many is protected, in few questions: those who are not in the map are not. A code by itself; whoever knows that
// somebody had another one asks for that too.
func Among(ctx context.Context, tx *sqlstore.Tx, codes []resident.RecordCode) (map[resident.RecordCode]Standing, error) {
	held := map[resident.RecordCode]Standing{}
	texts := make([]string, 0, len(codes))
	for _, c := range codes {
		texts = append(texts, c.Reveal())
	}
	err := sqlstore.InParts(tx, 1, texts, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx, scanFlag, `SELECT `+flagColumns+` FROM protection_flag WHERE code IN (`+marks+`) ORDER BY code, owner, version`, part...)
		for i, f := range found {
			if i+1 < len(found) && found[i+1].Code == f.Code && found[i+1].Owner == f.Owner || f.Ended() {
				continue
			}
			s := held[f.Code]
			s.Held, s.Flags = true, append(s.Flags, f)
			held[f.Code] = s
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't read who is protected: %w", err)
	}
	return held, nil
}
