package statement

import (
	"time"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Spans are the periods that are closed.
var Spans = []message.Span{message.Day, message.Week}

// mostMissed bounds what an organisation makes up for one by one after it was off; more than that becomes one close.
const mostMissed = 40 * 24 * time.Hour

// LastClose is the last close of a span at or before a time: 0:00 in Japan, of a week on Monday.
func LastClose(span message.Span, t time.Time) time.Time {
	t = t.In(resident.JST)
	y, m, d := t.Date()
	if span == message.Week {
		d -= (int(t.Weekday()) + 6) % 7 // the week of an office begins on Monday (ISO 8601)
	}
	return time.Date(y, m, d, 0, 0, 0, 0, resident.JST)
}

// NextClose is the first close of a span after a time.
func NextClose(span message.Span, t time.Time) time.Time {
	days := 1
	if span == message.Week {
		days = 7
	}
	return LastClose(span, t).AddDate(0, 0, days)
}

// missed lists the closes after one and up to a time. When they reach back too far, the last stands for all of them.
func missed(span message.Span, after, now time.Time) (closes []time.Time) {
	last := LastClose(span, now)
	if last.Sub(after) > mostMissed {
		return []time.Time{last}
	}
	for c := NextClose(span, after); !c.After(last); c = NextClose(span, c) {
		closes = append(closes, c)
	}
	return closes
}
