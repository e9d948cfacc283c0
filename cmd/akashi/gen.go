package main

import (
	"bufio"
	"context"
	"flag"

	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/resident"
)

func runGenResidents(_ context.Context, io streams, args []string) error {
	opt := population.Options{}
	var code, asOf string
	if _, err := parse(io, "gen residents", args, func(fs *flag.FlagSet) {
		fs.StringVar(&code, "municipality", "202029", "全国地方公共団体コード / the municipality's code")
		fs.IntVar(&opt.Count, "count", 1000, "人数 / how many residents")
		fs.Uint64Var(&opt.Seed, "seed", 1, "種（同じ種から同じ住民ができる） / the same seed makes the same residents")
		fs.StringVar(&asOf, "as-of", "", "台帳の日（省くと決まった日。種が同じなら、いつも同じ住民） / the day of the register; empty: a fixed day, so that a seed gives the same residents every day")
	}, 0); err != nil {
		return err
	}
	var err error
	if opt.Municipality, err = resident.ParseMunicipalityCode("--municipality", code); err != nil {
		return err
	}
	if asOf != "" {
		if opt.AsOf, err = resident.ParseDate("--as-of", asOf); err != nil {
			return err
		}
	}
	out := bufio.NewWriterSize(io.out, 1<<16)
	if err := population.Generate(out, opt); err != nil {
		return err
	}
	return out.Flush()
}
