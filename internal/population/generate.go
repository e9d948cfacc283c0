package population

import (
	"io"
	"iter"
	"strconv"

	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// label is the first line of every file, so that whoever finds one cannot take it for a register.
const label = "架空の住民データです。ここに載っている人はすべて作られたもので、実在の人ではありません。 / " +
	"Synthetic data: every person in this file is invented, and none is a real one."

// Generate writes a population as the file that registerfile reads, resident by resident, in constant memory. Its first
// line says in Japanese and English that all persons are invented, its second what it was made from. The same options
// give the same bytes. The error is plain.Problems when the options are refused (nothing is written then), otherwise
// that of w.
func Generate(w io.Writer, opt Options) error {
	g, err := prepare(opt)
	if err != nil {
		return err
	}
	out := &watched{Writer: w}
	file := registerfile.NewWriter(out, opt.Lang)
	file.Comment(label + "\n" + "municipality=" + opt.Municipality.String() + " count=" + strconv.Itoa(opt.Count) +
		" seed=" + strconv.FormatUint(opt.Seed, 10) + " as-of=" + g.asOf.String())
	for rec := range g.people {
		if err := file.Write(rec); err != nil {
			return err
		}
		if out.err != nil { // a closed pipe ends a long run at once
			return out.err
		}
	}
	return file.Flush()
}

// watched remembers the first error of its writer, which the buffer above it shows only at the end.
type watched struct {
	io.Writer
	err error
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	if w.err == nil {
		w.err = err
	}
	return n, err
}

// People gives the residents that Generate writes, without a file. Each range over it starts anew and gives the same
// residents. It panics when Options.Check refuses: check options that somebody typed.
func People(opt Options) iter.Seq[resident.Record] {
	g, err := prepare(opt)
	if err != nil {
		panic("population: " + err.Error())
	}
	return g.people
}
