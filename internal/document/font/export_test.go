package font

// Place is where the outline of a glyph lies in the file.
func (f *Font) Place(g GlyphID) int64 {
	t, err := f.place(g)
	if err != nil {
		panic(err)
	}
	return t.at
}
