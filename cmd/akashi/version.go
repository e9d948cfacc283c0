package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/akashi-id/akashi/internal/nation"
)

func runVersion(_ context.Context, io streams, args []string) error {
	if _, err := parse(io, "version", args, func(*flag.FlagSet) {}, 0); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "akashi %s %s\n", nation.Version(), runtime.Version())
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
