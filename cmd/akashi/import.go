package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

func runImportResidents(ctx context.Context, io streams, args []string) error {
	var data, code string
	rest, err := parse(io, "import residents", args, func(fs *flag.FlagSet) {
		dataFlag(fs, &data)
		fs.StringVar(&code, "municipality", "", "台帳の市区町村（省くと、ファイルの最初の住民のもの） / whose register it is; empty: as the file's first resident says")
	}, 1)
	if err != nil {
		return err
	}
	file, err := os.Open(rest[0])
	if err != nil {
		return fmt.Errorf("couldn't open the register file: %w", err)
	}
	defer file.Close()
	if code == "" {
		if code, err = municipalityOf(file); err != nil {
			return err
		}
	}
	client, done, err := country(ctx, data, io.err)
	if err != nil {
		return err
	}
	defer done()
	return importFile(ctx, io, client, message.Org("municipality-"+code), file, rest[0]+".rejected.csv")
}

// municipalityOf reads the municipality of a file's first good resident, and goes back to the file's beginning.
func municipalityOf(file *os.File) (string, error) {
	clk := clock.System()
	r, err := registerfile.NewReader(file, resident.DateOf(clk.Now()))
	if err != nil {
		return "", err
	}
	for {
		l, err := r.Next()
		if err != nil {
			return "", fmt.Errorf("the file names no municipality; give it with --municipality: %w", err)
		}
		if len(l.Problems) == 0 {
			_, err = file.Seek(0, io.SeekStart)
			return l.Record.Municipality.String(), err
		}
	}
}

// importFile sends the file to the municipality, shows how far it is, keeps what was set aside, and says when the last
// resident has reached the national center.
func importFile(ctx context.Context, s streams, client *http.Client, to message.Org, file *os.File, rejects string) error {
	size := int64(1)
	if info, err := file.Stat(); err == nil {
		size = max(info.Size(), 1)
	}
	read := &counted{Reader: file}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://country/"+string(to)+"/import", read)
	if err != nil {
		return err
	}
	clk := clock.System()
	begun := clk.Now()
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("couldn't send the file to %s: %w", to, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 500))
		return fmt.Errorf("%s does not take the file (%d): %s", to, answer.StatusCode, bytes.TrimSpace(text))
	}
	aside := &rejectFile{path: rejects}
	result, err := nation.ReadImport(answer.Body, func(l nation.ImportLine) {
		if l.Progress != nil {
			fmt.Fprintf(s.err, "\r%3d%%  %d人 %d people", min(100, 100*read.n/size), l.Progress.Lines, l.Progress.Lines)
		}
		aside.add(l.Reject)
	})
	fmt.Fprintln(s.err)
	if err := errors.Join(err, aside.close()); err != nil {
		return err
	}
	took := clk.Now().Sub(begun)
	fmt.Fprintf(s.out, "登録 %d、登録済み %d、除外 %d（%.0f人/秒） / added %d, already there %d, rejected %d (%.0f residents/s)\n",
		result.Added, result.Same, result.Rejected, float64(result.Lines)/took.Seconds(),
		result.Added, result.Same, result.Rejected, float64(result.Lines)/took.Seconds())
	if result.Rejected > 0 {
		fmt.Fprintf(s.out, "除外した行は %s にあります。 / the rejected lines are in %s\n", rejects, rejects)
	}
	if err := waitForCenter(ctx, client, to, clk); err != nil {
		return err
	}
	took = clk.Now().Sub(begun)
	fmt.Fprintf(s.out, "最後の一人が全国センターに届きました（%.1f秒） / the last one has reached the national center (%.1f s)\n", took.Seconds(), took.Seconds())
	return nil
}

// rejectFile keeps the lines that were set aside. It is not there before the first of them.
type rejectFile struct {
	path string
	file *os.File
	err  error // the first; nothing is written after it
}

func (f *rejectFile) add(lines []byte) {
	if len(lines) == 0 || f.err != nil {
		return
	}
	if f.file == nil {
		if f.file, f.err = os.OpenFile(f.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); f.err != nil {
			return
		}
		if _, f.err = f.file.WriteString("\uFEFF"); f.err != nil { // without it, Excel reads Japanese as Shift_JIS
			return
		}
	}
	_, f.err = f.file.Write(lines)
}

// close tells the first error, also one that comes only with the end of the file.
func (f *rejectFile) close() error {
	if f.file != nil {
		f.err = errors.Join(f.err, f.file.Close())
	}
	if f.err != nil {
		return fmt.Errorf("couldn't write the reject file: %w", f.err)
	}
	return nil
}

// waitForCenter waits until nothing is on its way from a municipality to its prefecture, nor from there to the center.
func waitForCenter(ctx context.Context, client *http.Client, from message.Org, clk clock.Clock) error {
	for _, hop := range []struct{ from, to message.Org }{{from, nation.PrefectureOf(from)}, {nation.PrefectureOf(from), "nationalcenter"}} {
		for {
			var pairs []exchange.Pair
			if err := get(ctx, client, "/"+string(hop.from)+"/pairs", &pairs); err != nil {
				return err
			}
			waiting := false
			for _, p := range pairs {
				waiting = waiting || p.Peer == hop.to && p.Waiting > 0
			}
			if !waiting {
				break
			}
			if err := clk.Wait(ctx, clk.Now().Add(100*time.Millisecond), nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// counted counts what has been read.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}
