package municipality

import "github.com/akashi-id/akashi/resident"

// The clocks of a move. A period of days begins on the day after the one that sets it off (民法140条), so that its last day is that many days later.
const (
	filingDays    = 14 // 法22条: the moving in is filed within 14 days
	specialDays   = 30 // 特例転入: void when filed more than 30 days after the planned day
	cardDays      = 90 // the card is void when its use is not continued within 90 days of the moving in
	unsettledDays = 30 // after the planned day the old municipality asks what has become of a move
)

// filingUntil is the last day on which a moving in is in time.
func filingUntil(moved resident.Date) resident.Date { return moved.AddDays(filingDays) }

// specialUntil is the last day on which somebody may move in by the card, after the planned day.
func specialUntil(planned resident.Date) resident.Date { return planned.AddDays(specialDays) }

// specialVoid tells whether a moving in by the card comes too late: more than 30 days after the planned day, or more than 14 after moving in.
func specialVoid(planned, moved, filed resident.Date) bool {
	return filed.After(specialUntil(planned)) || filed.After(filingUntil(moved))
}

// cardUntil is the last day on which the use of the card can be continued.
func cardUntil(filed resident.Date) resident.Date { return filed.AddDays(cardDays) }

// unsettledFrom is the first day on which a move that has not been settled asks for a person at both ends.
func unsettledFrom(planned resident.Date) resident.Date { return planned.AddDays(unsettledDays + 1) }
