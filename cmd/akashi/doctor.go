package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/akashi-id/akashi/internal/nation"
)

// standingWords are what a state is called, so that the reasons stand below one another.
var standingWords = map[string]string{
	nation.Runs:   "動いている runs          ",
	nation.Silent: "応答しない does not answer",
	nation.Down:   "起動できない not started  ",
}

// runDoctor tells which organisations of a country run. One that does not, keeps the others from nothing; so nobody would
// notice it by them.
func runDoctor(ctx context.Context, io streams, args []string) error {
	var data string
	var asJSON bool
	if _, err := parse(io, "doctor", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
	}, 0); err != nil {
		return err
	}
	client, done, err := country(ctx, data, io.err)
	if err != nil {
		return err
	}
	defer done()
	var all []nation.Standing
	if err := get(ctx, client, "/standing", &all); err != nil {
		return err
	}
	well := true
	for _, s := range all {
		well = well && s.State == nation.Runs
		if asJSON {
			continue
		}
		fmt.Fprintf(io.out, "%s  %s %s (%s)\n", standingWords[s.State], s.Organisation, s.Name.JA, s.Name.EN)
		if s.Why != nil {
			fmt.Fprintf(io.out, "    %s / %s\n", s.Why.JA, s.Why.EN)
		}
	}
	if asJSON {
		if err := printJSON(io, map[string]any{"organisations": all}); err != nil {
			return err
		}
	}
	if !well {
		return errDidNotHold
	}
	return nil
}
