package main

import (
	"cmp"
	"context"
	"flag"
	"net/url"

	"github.com/akashi-id/akashi/message"
)

// runExchangeExport prints the receipt of a message, with the proof that the message is in it, or of its whole batch. Both
// sides keep it; whoever has the file needs no more than the infrastructure CA's certificate to check it.
func runExchangeExport(ctx context.Context, io streams, args []string) error {
	var data, at string
	var batch bool
	rest, err := parse(io, "exchange export", args, func(fs *flag.FlagSet) {
		dataFlag(fs, &data)
		fs.StringVar(&at, "at", "", "だれの控えか（省くと電文の送信側） / whose copy; empty: the message's sender's")
		fs.BoolVar(&batch, "batch", false, "一括の電文すべて / all messages of the batch")
	}, 1)
	if err != nil {
		return err
	}
	id, err := message.ParseID(rest[0])
	if err != nil {
		return err
	}
	path := "/" + cmp.Or(at, string(id.Sender)) + "/exchange/receipt?id=" + url.QueryEscape(rest[0])
	if batch {
		path += "&batch=yes"
	}
	var file message.ReceiptFile
	if err := ask(ctx, data, path, &file); err != nil {
		return err
	}
	_, err = file.WriteTo(io.out)
	return err
}
