package trend

// usual is what an hour is like, learned from the hours of its slot. All arithmetic is in whole thousandths, so that it
// comes to the same on every machine.
type usual struct {
	n, mean, dev int64
}

const (
	milli = 1000
	// memory is how many hours a mean remembers: older ones fade.
	memory = 8
	// An hour of the week is judged when it was seen four times, a month; an hour of the day after a week.
	enoughWeeks = 4
	enoughDays  = 7
	// wide is how many mean distances from the mean are still usual.
	wide = 4
	// least is what must be between the mean and the border of the usual, however steady the past: so many messages …
	least = 20
	// … or so many milliseconds.
	leastWait = 2000
)

// learn takes in the value of one more hour. The first ones weigh alike, then each new one as one of the last few.
func (u usual) learn(value int64) usual {
	k := min(u.n+1, memory)
	off := value*milli - u.mean
	if u.n > 0 {
		u.dev += (abs(off) - u.dev) / k
	}
	u.mean += off / k
	u.n++
	return u
}

// border gives the lowest and the highest value that are usual.
func (u usual) border(m Measure) (low, high int64) {
	room := max(wide*u.dev, least*milli)
	if m == Wait {
		room = max(wide*u.dev, u.mean, leastWait*milli)
	} else {
		// Independent events spread as the root of their number, however few hours were seen.
		room = max(room, wide*root(u.mean*milli))
	}
	return max(0, (u.mean-room)/milli), (u.mean + room + milli - 1) / milli
}

func abs(n int64) int64 { return max(n, -n) }

// root is the whole part of the square root.
func root(n int64) int64 {
	if n < 2 {
		return max(n, 0)
	}
	r := n
	for next := (r + 1) / 2; next < r; next = (r + n/r) / 2 {
		r = next
	}
	return r
}
