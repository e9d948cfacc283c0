package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
)

// runCAList has the CA make new full revocation lists of a municipality.
func runCAList(ctx context.Context, io streams, args []string) error {
	var op nation.ListOperation
	var data, at string
	if _, err := parse(io, "ca list", args, func(fs *flag.FlagSet) {
		dataFlag(fs, &data)
		atCAFlag(fs, &at)
		fs.StringVar(&op.As, "as", "", "行う人 / the person who acts")
		fs.StringVar(&op.Municipality, "municipality", "", "市区町村コード / whose lists")
		fs.StringVar(&op.Profile, "profile", "", "signature か authentication（書かなければ両方） / of a kind: signature or authentication; else of both")
		fs.StringVar(&op.Why, "text", "", "わけ / why")
	}, 0); err != nil {
		return err
	}
	if op.As == "" || op.Municipality == "" || op.Why == "" {
		return usage{plain.Bad("ca list", "--as、--municipality、--text を指定してください。", "give --as, --municipality and --text")}
	}
	if _, err := organisationsOf(data, at); err != nil {
		return err
	}
	client, done, err := country(ctx, data, io.err)
	if err != nil {
		return err
	}
	defer done()
	var asked []nation.AskedList
	if err := post(ctx, client, "/"+at+"/lists", op, &asked); err != nil {
		return err
	}
	for _, a := range asked {
		fmt.Fprintf(io.out, "%s %s: 番号%dより新しいリストを作ります。 / a list with a number above %d is being made\n", a.Municipality, a.Kind, a.Before, a.Before)
	}
	return nil
}
