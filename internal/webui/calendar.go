package webui

import "github.com/akashi-id/akashi/internal/plain"

// Calendar is a month as people hang it on the wall: a row for each week, Monday first. What a day's mark means is written
// beside it, so that nothing hangs on its colour.
type Calendar struct {
	Caption       plain.Sentence
	Before, After *Link // the months beside it; nil: none
	Weeks         [][7]CalendarDay
}

// CalendarDay is one day. Day 0 is a place of the grid that is not in the month.
type CalendarDay struct {
	Day   int
	Href  string
	Today bool
	Marks []Badge
}

// ID is the calendar's id in the page.
func (c Calendar) ID() string { return "calendar-" + slug(c.Caption) }

// Tab leads to one of several pages that belong together. Count, when it is not 0, says how many wait there.
type Tab struct {
	Href    string
	Text    plain.Sentence
	Current bool
	Count   int
}
