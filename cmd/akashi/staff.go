package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
)

// runStaffInvite prints the link with which an organisation's first administrator of operators registers a passkey.
func runStaffInvite(ctx context.Context, io streams, args []string) error {
	i := nation.StaffInvitation{Job: string(access.Administrator)}
	var data, at string
	if _, err := parse(io, "staff invite", args, func(fs *flag.FlagSet) {
		fs.StringVar(&data, "data", defaultData, "国または団体のデータの場所 / the data directory of the country, or of the organisation")
		fs.StringVar(&at, "at", "", "団体 / the organisation")
		fs.StringVar(&i.ID, "id", "", "識別子（監査記録に残る） / identifier, which stands in the audit log")
		fs.StringVar(&i.Name, "name", "", "氏名 / name in Japanese")
		fs.StringVar(&i.NameEN, "name-en", "", "ローマ字の氏名 / name in Roman letters")
		fs.StringVar(&i.Office, "office", "", "所属 / office")
		fs.StringVar(&i.Job, "job", i.Job, "職務 / job")
	}, 0); err != nil {
		return err
	}
	if at == "" || i.ID == "" || i.Name == "" || i.NameEN == "" || i.Office == "" {
		return usage{plain.Bad("staff invite", "--at、--id、--name、--name-en、--office を指定してください。", "give --at, --id, --name, --name-en and --office")}
	}
	// The directory of one organisation is no country's: there only the running organisation answers.
	if !exists(filepath.Join(data, "nation.yaml")) && !exists(filepath.Join(data, "akashi.sock")) {
		return plain.Bad("--data", "「"+data+"」では、国も団体も動いていません。`akashi up` か `akashi serve` で動かしてから、もう一度行ってください。",
			"neither a country nor an organisation runs in "+data+": start it with `akashi up` or `akashi serve`, then do this again")
	}
	client, done, err := country(ctx, data, io.err)
	if err != nil {
		return err
	}
	defer done()
	var invited nation.Invited
	if err := post(ctx, client, "/"+at+"/staff/invite", i, &invited); err != nil {
		return err
	}
	fmt.Fprintln(io.out, invited.Link)
	fmt.Fprintln(io.err, "このリンクを本人に渡してください。一度だけ、72時間使えます。もう表示されません。 / Give this link to the person: it is good once, for 72 hours, and is not shown again.")
	return nil
}
