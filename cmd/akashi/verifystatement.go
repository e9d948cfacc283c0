package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/verify"
)

// maxStatementFile is more than two accounts of the longest close.
const maxStatementFile = 16 << 20

// runVerifyStatement checks that both sides signed accounts of the same numbers, and prints what they come to. It holds
// when the statement is whole, whatever its lines say: an unexplained line is true, too.
func runVerifyStatement(_ context.Context, io streams, args []string) error {
	file, roots, asJSON, err := toVerify(io, "verify statement", args, maxStatementFile)
	if err != nil {
		return err
	}
	r, err := verify.Statement(file, roots)
	var refusal *verify.Refusal
	if err != nil && !errors.As(err, &refusal) {
		return err
	}
	if asJSON {
		if err := printJSON(io, r); err != nil {
			return err
		}
	} else {
		printStatement(io, r)
	}
	if r.Verdict != verify.Valid {
		return errDidNotHold
	}
	return nil
}

func printStatement(io streams, r verify.StatementResult) {
	switch r.Verdict {
	case verify.Valid:
		fmt.Fprintln(io.out, "双方が署名した計算書です。 / both sides have signed the statement")
	default:
		fmt.Fprintln(io.out, r.Reason.JA+" / "+r.Reason.EN)
	}
	if r.Sender == "" {
		return
	}
	fmt.Fprintf(io.out, "%s → %s, %s, %s: %s\n", r.Sender, r.Receiver, r.Span, r.Until.In(resident.JST).Format("2006-01-02 15:04"), r.State)
	for _, l := range r.Lines {
		fmt.Fprintf(io.out, "  %-11s %-5s %-20s %8d %8d  %s / %s\n", l.State, l.About, l.Subject, l.Sender, l.Receiver, l.JA, l.EN)
		for _, id := range append(l.Messages, l.Cases...) {
			fmt.Fprintf(io.out, "      %s\n", id)
		}
	}
}
