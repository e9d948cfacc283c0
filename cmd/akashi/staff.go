package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
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
	client, done, err := staffOf(ctx, data, io)
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

// runStaffConfirm confirms the invitation of somebody, where no second administrator can.
func runStaffConfirm(ctx context.Context, io streams, args []string) error {
	var c nation.StaffConfirmation
	var data, at string
	if _, err := parse(io, "staff confirm", args, func(fs *flag.FlagSet) {
		fs.StringVar(&data, "data", defaultData, "国または団体のデータの場所 / the data directory of the country, or of the organisation")
		fs.StringVar(&at, "at", "", "団体 / the organisation")
		fs.StringVar(&c.ID, "id", "", "招かれた人の識別子 / identifier of the person who was invited")
	}, 0); err != nil {
		return err
	}
	if at == "" || c.ID == "" {
		return usage{plain.Bad("staff confirm", "--at と --id を指定してください。", "give --at and --id")}
	}
	client, done, err := staffOf(ctx, data, io)
	if err != nil {
		return err
	}
	defer done()
	if err := post(ctx, client, "/"+at+"/staff/confirm", c, &struct{}{}); err != nil {
		return err
	}
	fmt.Fprintln(io.err, "招待を確認しました。本人は、招いた管理者から受け取ったリンクで登録できます。 / The invitation is confirmed: the person can register with the link.")
	return nil
}

// staffOf speaks to the country or organisation of a directory. That of one organisation is no country's: there only the running organisation answers.
func staffOf(ctx context.Context, data string, io streams) (*http.Client, func(), error) {
	if !exists(filepath.Join(data, "nation.yaml")) && !exists(filepath.Join(data, "akashi.sock")) {
		return nil, nil, plain.Bad("--data", "「"+data+"」では、国も団体も動いていません。`akashi up` か `akashi serve` で動かしてから、もう一度行ってください。",
			"neither a country nor an organisation runs in "+data+": start it with `akashi up` or `akashi serve`, then do this again")
	}
	return country(ctx, data, io.err)
}
