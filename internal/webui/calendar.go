package webui

import (
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Calendar is a month as people hang it on the wall: a row for each week, Monday first. What a day's mark means is written
// beside it, on a telephone in one letter and below the calendar, so that nothing hangs on its colour.
type Calendar struct {
	Caption       plain.Sentence
	Before, After *Link // the months beside it; nil: none
	Weeks         [][7]CalendarDay
	Legend        []CalendarMark // every mark there can be
}

// CalendarDay is one day. Day 0 is a place of the grid that is not in the month.
type CalendarDay struct {
	Day   int
	Href  string // empty: there is nothing to see yet
	Today bool
	Marks []CalendarMark
}

// CalendarMark is how one thing stands on a day. Letter tells the thing from the others where there is no room for words.
type CalendarMark struct {
	Badge
	Letter plain.Sentence
}

// ID is the calendar's id in the page.
func (c Calendar) ID() string { return "calendar-" + slug(c.Caption) }

// Tab leads to one of several pages that belong together. Count, when it is not 0, says how many wait there.
type Tab struct {
	Href  string
	Text  plain.Sentence
	At    string // the address of the page that is shown
	Count int
}

// Current is the value of aria-current: "page" on the tab's own page, "true" on one below it, "" elsewhere.
func (t Tab) Current() string {
	switch {
	case t.At == t.Href:
		return "page"
	case strings.HasPrefix(t.At, t.Href+"/"):
		return "true"
	}
	return ""
}
