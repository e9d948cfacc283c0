package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// take writes one batch, and line by line when something in it fails: what cannot be written is set aside as a bad line
// is, and holds up nobody else. A *plain.Problem is for whoever imports (too much waits to be sent), and ends the import.
func (i *importer) take(ctx context.Context, b batch) error {
	if b.read == 0 {
		return nil
	}
	err := i.safely(ctx, b)
	if err == nil || forImporter(ctx, err) || len(b.lines) == 0 {
		return err
	}
	i.o.Log.WarnContext(ctx, "import: a batch failed as a whole, taking it line by line", "error", err)
	rest := batch{read: b.read - int64(len(b.lines)), rejects: b.rejects}
	for _, l := range b.lines {
		err := i.safely(ctx, batch{lines: []candidate{l}, read: 1})
		if err == nil {
			continue
		}
		if forImporter(ctx, err) {
			return err
		}
		i.o.Log.ErrorContext(ctx, "import: a line was not taken", "line", l.number, "error", err)
		p := plain.Bad("", "この行は、住民記録に書き込めませんでした。運用員に記録との矛盾がないか確かめてもらい、この行だけをもう一度取り込んでください。",
			"This line could not be written into the register. Have an operator see what contradicts it, then import this line again.")
		p.Line = l.number
		rest.read, rest.rejects = rest.read+1, append(rest.rejects, reject{l.number, l.raw, plain.Problems{p}})
	}
	// When it is the database that fails, this fails too, and no line is to blame.
	return i.safely(ctx, rest)
}

func forImporter(ctx context.Context, err error) bool {
	_, told := plain.AsProblems(err)
	return told || ctx.Err() != nil
}

// safely is write, of which a panic is an error.
func (i *importer) safely(ctx context.Context, b batch) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return i.write(ctx, b)
}

// lines is a register file.
type lines interface {
	Next() (registerfile.Line, error)
}

// maxBroken is how many lines in a row may break their reader before it is the reader that is broken, and the import ends.
const maxBroken = 100_000

// next reads and judges one line. A panic over it is the line's failure, and not the program's: it runs beside the import.
func (i *importer) next(file lines) (line registerfile.Line, raw []byte, problems plain.Problems, err error) {
	defer func() {
		r := recover()
		if r == nil {
			i.line, i.broken = line.Number, 0
			return
		}
		i.line++
		i.o.Log.Error("import: a line broke its reader", "line", i.line, "panic", r)
		if i.broken++; i.broken > maxBroken {
			err = fmt.Errorf("the reader breaks over every line: %v", r)
			return
		}
		p := plain.Bad("", "この行の読取り中に、プログラムの誤りが起きました。この行を除いて取り込みました。開発元に知らせてください。",
			"The program failed while it read this line, and went on without it: tell its maker.")
		p.Line = i.line
		line.Number, problems, err = i.line, plain.Problems{p}, nil
	}()
	if line, err = file.Next(); err != nil {
		return line, nil, nil, err
	}
	raw = append([]byte(nil), line.Raw...)
	return line, raw, i.check(line), nil
}
