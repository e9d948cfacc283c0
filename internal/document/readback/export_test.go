package readback

// Work is what it takes to read a file, and what there may be of each.
type Work struct{ Octets, Objects, Pages, Tokens, Drawing, Drawn int }

// Most is what there may be.
var Most = Work{mostOctets, mostObjects, mostPages, mostTokens, mostDrawing, mostDrawn}

// WorkOf reads a file and counts.
func WorkOf(b []byte) (Work, error) {
	f, trailer, err := open(b)
	if err != nil {
		return Work{}, err
	}
	d, r, err := f.document(trailer)
	return Work{len(b), len(f.places), len(d.Pages), mostTokens - int(f.tokens), mostDrawing - int(r.drawing), mostDrawn - int(r.drawn)}, err
}

// WorkOfSignature counts what it takes to find the signature.
func WorkOfSignature(b []byte) (tokens int, err error) {
	f, trailer, err := open(b)
	if err != nil {
		return 0, err
	}
	catalog, err := f.catalog(trailer)
	if err == nil {
		_, err = new(Document).signature(f, catalog)
	}
	return mostTokens - int(f.tokens), err
}
