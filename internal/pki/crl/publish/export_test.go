package publish

// Muted switches one kind of finding off, so that a test can show that it would notice.
func Muted(r Rules, c Code) Rules {
	r.muted = c
	return r
}
