package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// runCARevoke has the CA revoke many certificates: one officer has the dry run made, and another confirms the set that it froze.
func runCARevoke(ctx context.Context, io streams, args []string) error {
	var op nation.MassOperation
	var data, at, serials string
	var confirm, pause, resume, drop int64
	if _, err := parse(io, "ca revoke", args, func(fs *flag.FlagSet) {
		dataFlag(fs, &data)
		atCAFlag(fs, &at)
		fs.StringVar(&op.As, "as", "", "行う人 / the person who acts")
		fs.StringVar(&op.Municipality, "municipality", "", "市区町村コード / certificates of a municipality")
		fs.StringVar(&op.Profile, "profile", "", "signature か authentication / of a kind: signature or authentication")
		fs.StringVar(&op.From, "issued-from", "", "発行した期間の始め（日付か日時、日本時間） / issued from this day or moment on, in Japan")
		fs.StringVar(&op.Until, "issued-until", "", "発行した期間の終わり（含まない） / issued before this day or moment")
		fs.StringVar(&op.Issuer, "key", "", "認証局の鍵の識別子 / of a CA's key, as the page of a certificate names it")
		fs.StringVar(&serials, "serials", "", "発行番号の一覧のファイル（ほかの条件の代わり） / a file of serials, in place of the other conditions")
		fs.StringVar(&op.Ground, "ground", "", "事由: ca-exposed、exposed、mistaken、undelivered、asked / the ground")
		fs.StringVar(&op.Since, "since", "", "事由の生じた日 / the day on which the ground arose")
		fs.StringVar(&op.Why, "text", "", "わけ / why")
		fs.Int64Var(&confirm, "confirm", 0, "別の人が提案したこの番号を承認する / confirm what another person has proposed under this number")
		fs.Int64Var(&pause, "pause", 0, "この番号を停止する / pause the one of this number")
		fs.Int64Var(&resume, "resume", 0, "この番号を再開する / resume it")
		fs.Int64Var(&drop, "drop", 0, "この番号の提案を取り下げる / drop what was proposed under this number")
		fs.StringVar(&op.Digest, "digest", "", "見た対象のダイジェスト（承認するとき） / the digest of the set that was seen, to confirm it")
		fs.Int64Var(&op.Left, "left", 0, "見た残りの件数（承認するとき） / how many of the set were left, as it was seen")
	}, 0); err != nil {
		return err
	}
	ways := 0
	if op.Why != "" || op.Ground != "" {
		op.Act, ways = "propose", 1
	}
	for way, id := range map[string]int64{"confirm": confirm, "pause": pause, "resume": resume, "drop": drop} {
		if id != 0 {
			op.Act, op.ID = way, id
			ways++
		}
	}
	if ways != 1 || op.As == "" {
		return usage{plain.Bad("ca revoke",
			"--as と、条件・--ground・--since・--text（提案）、--confirm・--digest・--left（承認）、--pause、--resume、--drop のどれか一つを指定してください。",
			"give --as, and one of: conditions with --ground, --since and --text (propose); --confirm with --digest and --left; --pause; --resume; --drop")}
	}
	if serials != "" {
		text, err := os.ReadFile(serials)
		if err != nil {
			return fmt.Errorf("couldn't read the list of serials: %w", err)
		}
		op.Serials = string(text) + "\n" // so that an empty file is one too
	}
	if _, err := organisationsOf(data, at); err != nil {
		return err
	}
	client, done, err := country(ctx, data, io.err)
	if err != nil {
		return err
	}
	defer done()
	var p nation.Proposed
	if err := post(ctx, client, "/"+at+"/revocations", op, &p); err != nil {
		return err
	}
	if op.Act == "propose" {
		fmt.Fprintf(io.out, "%d 番の試行を始めました。`akashi ca revocations --id %d` で対象を確かめてください。まだ何も失効していません。 / the dry run %d has begun; nothing is revoked\n", p.ID, p.ID, p.ID)
		return nil
	}
	fmt.Fprintln(io.out, "記録しました。 / done")
	return nil
}

// atCAFlag is the CA that a command is about.
func atCAFlag(fs *flag.FlagSet, at *string) {
	fs.StringVar(at, "at", string(message.CA), "認証局（ca-13 など） / the CA, such as ca-13")
}

// runCARevocations lists mass revocations, or prints one with its set and its result.
func runCARevocations(ctx context.Context, io streams, args []string) error {
	var data, at string
	var asJSON bool
	var id int64
	if _, err := parse(io, "ca revocations", args, func(fs *flag.FlagSet) {
		dataFlags(fs, &data, &asJSON)
		atCAFlag(fs, &at)
		fs.Int64Var(&id, "id", 0, "この番号の対象と結果 / the set and the result of this number")
	}, 0); err != nil {
		return err
	}
	if _, err := organisationsOf(data, at); err != nil {
		return err
	}
	if id == 0 {
		var all []nation.MassRevocation
		if err := ask(ctx, data, "/"+at+"/revocations", &all); err != nil {
			return err
		}
		if asJSON {
			return printJSON(io, all)
		}
		if len(all) == 0 {
			fmt.Fprintln(io.out, "一括失効はありません。 / there has been no mass revocation")
		}
		for _, m := range all {
			fmt.Fprintf(io.out, "%d  %s  %s  %d件 / certificates, %d 失効 / revoked  %s\n", m.ID, both(m.StateName()), both(m.Ground.Name()), m.Size, m.Revoked, m.Why)
		}
		return nil
	}
	var m nation.MassRevocation
	if err := ask(ctx, data, "/"+at+"/revocations?id="+strconv.FormatInt(id, 10), &m); err != nil {
		return err
	}
	if asJSON {
		return printJSON(io, m)
	}
	printMass(io, m)
	return nil
}

func printMass(io streams, m nation.MassRevocation) {
	line := func(ja, en string, v any) { fmt.Fprintf(io.out, "  %s / %s: %v\n", ja, en, v) }
	fmt.Fprintf(io.out, "一括失効 / mass revocation %d: %s\n", m.ID, both(m.StateName()))
	line("事由", "ground", fmt.Sprintf("%s — %s", both(m.Ground.Name()), m.Why))
	line("事由の生じた日", "ground arose on", m.Since)
	line("条件", "chosen by", chosenBy(m))
	line("提案", "proposed by", m.ProposedBy)
	if m.Cut != nil {
		line("この時までに発行したもの", "issued until", m.Cut.In(cert.JST).Format(time.RFC3339))
	}
	if m.IssuedSince > 0 {
		line("その後に発行され、対象に入らないもの", "issued since, and not in the set", m.IssuedSince)
	}
	if m.ConfirmedBy != "" {
		line("承認", "confirmed by", m.ConfirmedBy)
	}
	line("対象", "set", m.Size)
	line("対象の人", "holders", m.Holders)
	line("ダイジェスト", "digest", m.Digest)
	line("失効させた", "revoked", m.Revoked)
	line("別の理由で先に失効した", "ended before", m.Before)
	line("脇に置いた", "set aside", m.SetAside)
	line("残り（これから送る状態の通知）", "left (statuses still to be sent)", m.Left)
	for _, p := range m.Parts {
		fmt.Fprintf(io.out, "    %s %s  %d、失効 / revoked %d、リストの今の件数 / entries now %d\n", p.Municipality, p.Profile, p.Certificates, p.Revoked, p.Entries)
	}
	for _, a := range m.Aside {
		fmt.Fprintf(io.out, "    %s  %s / %s\n", a.Serial, a.Why.JA, a.Why.EN)
	}
}

// both is a sentence in both languages.
func both(s plain.Sentence) string { return s.JA + " / " + s.EN }

// chosenBy is the criterion, in the words of the flags.
func chosenBy(m nation.MassRevocation) string {
	var all []string
	add := func(flag, value string) {
		if value != "" {
			all = append(all, "--"+flag+" "+value)
		}
	}
	add("municipality", m.Municipality)
	add("profile", m.Profile)
	add("key", m.Issuer)
	if m.From != nil {
		add("issued-from", m.From.Format(time.RFC3339))
	}
	if m.Until != nil {
		add("issued-until", m.Until.Format(time.RFC3339))
	}
	if m.Listed > 0 {
		add("serials", strconv.FormatInt(m.Listed, 10))
	}
	return strings.Join(all, " ")
}
