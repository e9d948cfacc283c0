package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	stdio "io"
	"os"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/verify"
)

// What these commands check, they check from the file and the CA's certificate alone: no country has to run.

func runVerifyReceipt(_ context.Context, io streams, args []string) error {
	file, roots, asJSON, err := toVerify(io, "verify receipt", args, message.MaxReceiptFile)
	if err != nil {
		return err
	}
	r, err := verify.Receipt(file, roots...)
	if asJSON {
		return jsonVerdict(io, err, func(v *verdict) {
			v.Receiver, v.Sender, v.Number, v.SignedAt = string(r.Head.Receiver), string(r.Head.Sender), r.Head.Number, r.Head.SignedAt.Format(time.RFC3339Nano)
			for _, l := range r.Lines {
				v.Lines = append(v.Lines, l.String())
			}
		})
	}
	if err != nil {
		return refused(io, err)
	}
	fmt.Fprintf(io.out, "正しい受領証です。 / the receipt is good\n%s → %s, no. %d, %s\n", r.Head.Sender, r.Head.Receiver, r.Head.Number,
		r.Head.SignedAt.In(resident.JST).Format("2006-01-02 15:04:05.000000"))
	for _, l := range r.Lines {
		id := message.ID{Sender: r.Head.Sender, Node: r.Head.Node, Epoch: l.Epoch, Receiver: r.Head.Receiver, Seq: l.Seq}
		became := string(l.Outcome)
		if l.Settled != "" {
			became += " (" + string(l.Settled) + ")"
		}
		fmt.Fprintf(io.out, "  %s  attempt %d  %s %s\n    sha256 %x\n", id, l.Attempt, became, l.Code, l.Hash[:])
	}
	if len(r.Lines) < r.Head.Count {
		fmt.Fprintf(io.out, "  %d件中の%d件を証明しています。 / proves %d of %d\n", r.Head.Count, len(r.Lines), len(r.Lines), r.Head.Count)
	}
	return nil
}

// toVerify reads what a command checks, and whom it trusts.
func toVerify(io streams, name string, args []string, most int64) (file []byte, roots [][]byte, asJSON bool, err error) {
	var trust string
	rest, err := parse(io, name, args, func(fs *flag.FlagSet) {
		fs.StringVar(&trust, "trust", "", "組織認証の証明書（PEM） / the infrastructure CA's certificate, PEM")
		jsonFlag(fs, &asJSON)
	}, 1)
	if err == nil {
		roots, err = trustFile(trust)
	}
	if err == nil {
		file, err = readFile(io, rest[0], most)
	}
	return file, roots, asJSON, err
}

// verdict is what is printed as JSON.
type verdict struct {
	Valid    bool     `json:"valid"`
	Reason   string   `json:"reason,omitempty"`
	Receiver string   `json:"receiver,omitempty"`
	Sender   string   `json:"sender,omitempty"`
	Number   uint64   `json:"number,omitempty"`
	SignedAt string   `json:"signed_at,omitempty"`
	Lines    []string `json:"lines,omitempty"`
}

// jsonVerdict prints what came out; fill adds what a good one says.
func jsonVerdict(io streams, err error, fill func(*verdict)) error {
	var refusal *verify.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	v := verdict{Valid: err == nil}
	if v.Valid {
		fill(&v)
	} else {
		v.Reason = refusal.Error()
	}
	if err := printJSON(io, v); err != nil {
		return err
	}
	if !v.Valid {
		return errDidNotHold
	}
	return nil
}

// refused prints why something is not to be relied on; an error of another kind is the caller's.
func refused(io streams, err error) error {
	var refusal *verify.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	fmt.Fprintln(io.out, refusal.Reason.JA+" / "+refusal.Reason.EN)
	return errDidNotHold
}

// trustFile reads the infrastructure CA's certificates.
func trustFile(path string) ([][]byte, error) {
	if path == "" {
		return nil, usage{plain.Bad("--trust", "組織認証の証明書（PEM）を指定してください。", "give the infrastructure CA's certificate, PEM")}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return pki.DecodeCertificates(text)
}

// readFile reads a file, or the standard input for "-", up to a size that the reader refuses.
func readFile(io streams, path string, most int64) ([]byte, error) {
	in := io.in
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	return stdio.ReadAll(stdio.LimitReader(in, most+1))
}
