// Command akashi (証) is the whole of Japan's civic identity as one program: each organisation is a role of it, and the
// tools that start, try and measure them are its subcommands.
//
//	akashi up                      a country on this machine
//	akashi serve ROLE --config F   one organisation
//	akashi help                    the rest
//
// Exit status: 0 it held, 1 it did not hold, 2 wrong use or could not run. Errors are one sentence on stderr, results
// on stdout.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/akashi-id/akashi/internal/plain"
)

// command is a line of the table below.
type command struct {
	name    string // as it is typed: "gen residents"
	args    string
	does    plain.Sentence
	example string // of what follows the name
	run     func(ctx context.Context, io streams, args []string) error
}

type streams struct {
	in       io.Reader
	out, err io.Writer
}

var commands []command

func init() { // a table that names its own printer needs the detour
	in := func(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }
	commands = []command{
		{"up", "[--data DIR] [--nation FILE] [--listen ADDRESS] [--processes] [--webhook URL --webhook-secret FILE]", in("国を動かす", "start a country"), "--data ./akashi-data --processes", runUp},
		{"serve", "ROLE --config FILE", in("一つの団体を動かす", "start one organisation"), "ca --config ./akashi-data/ca/config.yaml", runServe},
		{"doctor", "[--json] [--data DIR]", in("動いていない団体を知る", "which organisations of a country run"), "", runDoctor},
		{"gen residents", "[--municipality CODE] [--count N] [--seed N] [--as-of DATE]", in("架空の住民をCSVで作る", "make an invented population as CSV"), "--municipality 202029 --count 1000 --seed 1", runGenResidents},
		{"import residents", "[--municipality CODE] [--data DIR] FILE", in("住民を取り込む", "load a register file"), "residents.csv", runImportResidents},
		{"trace", "[--json] [--data DIR] ID", in("異動の経路をたどる", "follow a change through the organisations"), "municipality-202029.1.1.prefecture-20.7", runTrace},
		{"exchange list", "[--json] [--at ORG] [--data DIR]", in("止まっている電文", "messages that are stuck"), "--at nationalcenter", runExchangeList},
		{"exchange show", "[--json] [--data DIR] ID", in("電文を両側から見る", "a message from both sides"), "municipality-202029.1.1.prefecture-20.7", runExchangeShow},
		{"exchange inquire", "--as PERSON --text TEXT [--answer] [--at ORG] [--data DIR] ID", in("問い合わせる・回答する", "ask or answer the other side"),
			"--as operator-ueda --text 'この住所は実在しますか' prefecture-20.1.1.nationalcenter.7", messages.inquire},
		{"exchange resolve", "--as PERSON (--act ACT --text WHY | --confirm) [--at ORG] [--data DIR] ID", in("保留の電文を二人で解決する", "resolve a parked message, two persons"),
			"--as operator-ueda --act accept --text '電話で確かめた' prefecture-20.1.1.nationalcenter.7", messages.resolve},
		{"exchange export", "[--batch] [--at ORG] [--data DIR] ID", in("電文の受領証を取り出す（verify receipt で確かめる）", "a message's receipt, for akashi verify receipt"),
			"municipality-202029.1.1.prefecture-20.7", runExchangeExport},
		{"exchange drill", "[--json] [--as PERSON] [--at ORG [--peer ORG]] [--data DIR]", in("警報の訓練をする", "prove that the alarms ring"), "--at nationalcenter --peer ca", runExchangeDrill},
		{"reconcile", "[--json] [--now] [--data DIR]", in("突合の状況", "whether both ends of every pair hold the same"), "--now", runReconcile},
		{"reconcile cases", "[--json] [--all] [--at ORG] [--data DIR]", in("不一致の件", "differences and their cases"), "--at nationalcenter --all", runReconcileCases},
		{"reconcile show", "[--json] --at ORG [--data DIR] CASE", in("件の経過", "a case with its history"), "--at prefecture-20 prefecture-20/1", runReconcileShow},
		{"reconcile inquire", "--as PERSON --text TEXT [--answer] --at ORG [--data DIR] CASE", in("問い合わせる・回答する", "ask or answer the other side"),
			"--at prefecture-20 --as operator-ueda --text '消しましたか' prefecture-20/1", cases.inquire},
		{"reconcile resolve", "--as PERSON (--act resend|request|close --text WHY | --confirm) --at ORG [--data DIR] CASE", in("件を二人で処理する", "end a case, two persons"),
			"--at prefecture-20 --as operator-ueda --act resend --text 'センターで失われた' prefecture-20/1", cases.resolve},
		{"reconcile refill", "--as PERSON (--text WHY | --confirm | --drop) --at ORG --peer ORG --book BOOK [--data DIR]", in("帳簿を送り直す", "send a whole book again, two persons"),
			"--at ca --peer nationalcenter --book certificates --as operator-ueda --text '写しを作り直す'", runReconcileRefill},
		{"impact", "[--json] [--from TIME] [--to TIME] [--serial SERIAL] [--data DIR]", in("遅れた失効の影響を調べる", "whom a late revocation concerns"), "--from 2026-03-01 --to 2026-03-31", runImpact},
		{"delivery trace", "[--json] --as PERSON [--case NUMBER] [--data DIR] REQUEST", in("証明書がだれに渡ったかを、窓口とサーバの両側から見る", "what became of a document, by the counter and by its server"), "--as auditor-onishi 202029-VUZW-3XVE-B3MF", runDeliveryTrace},
		{"delivery affected", "[--json] --as PERSON --from TIME --to TIME [--municipality CODE] [--version VERSION] --cause TEXT [--names] [--data DIR]",
			in("誤りが関わる証明書と人を調べる", "which documents an error concerns, and whose"), "--as operator-ueda --from 2026-11-22 --to 2026-11-22 --cause '別の人の証明書が印刷された'", runDeliveryAffected},
		{"delivery day", "[--json] --as PERSON [--close] [--municipality CODE] [--data DIR] DAY", in("証明書の一日の締めを見る・締める", "how the documents of a day add up, or close it"), "--as clerk-inoue --close 2026-11-22", runDeliveryDay},
		{"verify receipt", "[--json] --trust CA.pem FILE", in("受領証を、国なしで確かめる", "check a receipt without the country"), "--trust infrastructure.crt receipt.json", runVerifyReceipt},
		{"verify statement", "[--json] --trust CA.pem FILE", in("計算書を、国なしで確かめる", "check a statement of account without the country"), "--trust infrastructure.crt statement.json", runVerifyStatement},
		{"report issuance", "[--json] --as-of DATE [--data DIR]", in("電子証明書の発行状況", "certificates by municipality"), "--as-of 2026-03-31", runReportIssuance},
		{"report availability", "[--json] --prefecture ORG --month MONTH [--data DIR]", in("外から見た月の可用性", "how available a month was, probed from outside"), "--prefecture prefecture-20 --month 2026-11", runReportAvailability},
		{"ca revoke", "--as PERSON ([--municipality CODE] [--profile KIND] [--issued-from T] [--issued-until T] [--key ID] [--serials FILE] --ground GROUND --since DAY --text WHY | --confirm N --digest D --left N | --pause N | --resume N | --drop N) [--at CA] [--data DIR]",
			in("一括失効を試行し、二人で行う", "revoke many certificates: a dry run, then two officers"), "--as operator-ueda --municipality 202029 --ground ca-exposed --text '鍵の入った装置が盗まれた'", runCARevoke},
		{"ca revocations", "[--json] [--id N] [--at CA] [--data DIR]", in("一括失効の一覧と計算書", "mass revocations, and the statement of one"), "--id 1", runCARevocations},
		{"ca list", "--as PERSON --municipality CODE [--profile KIND] --text WHY [--at CA] [--data DIR]", in("失効リストを作り直す", "have new revocation lists made"),
			"--as operator-ueda --municipality 202029 --text '公表されなかったため'", runCAList},
		{"staff invite", "--at ORG --id ID --name NAME --name-en NAME --office OFFICE [--job administrator] [--data DIR]", in("最初の管理者をパスキーの登録に招く", "invite an organisation's first administrator to register a passkey"),
			"--at municipality-202029 --id hayashi --name '林' --name-en Hayashi --office '情報政策課'", runStaffInvite},
		{"staff confirm", "--at ORG --id ID [--data DIR]", in("管理者が二人いない間、招待を確認する", "confirm an invitation while there are not two administrators"), "--at municipality-202029 --id mori", runStaffConfirm},
		{"replay", "[--json] [--seed N] [--late N] [--keep DIR] NAME | all | list", in("障害を再現する", "replay a recorded failure"), "--seed 7 lascom-2004", runReplay},
		{"replay device", "--bus FILE --keys DIR", in("故障する装置のプロセス（akashi replay が起動する）", "the process of a device that fails; akashi replay starts it"), "--bus hsm-1.bus --keys sealed", runReplayDevice},
		{"replay monitor", "--bus FILE", in("その装置を見る監視プログラム（akashi replay が起動する）", "the monitor that looks at it; akashi replay starts it"), "--bus hsm-1.bus", runReplayMonitor},
		{"simulate", "[--json] [--days N] [--seed N] [--residents N] [--pace X] [--fault NAME]", in("国の日々を仮想時刻で動かし、すべてが一致することを確かめる", "run a country's days in virtual time, and prove that everybody holds the same"),
			"--days 30 --seed 1", runSimulate},
		{"conform", "[--json] ([--quick] [--postgres URL] [--only NAME,…] queue | --module FILE (--slot N | --token LABEL) --pin-file FILE [--duration TIME] [--monitor COMMAND] hsm | list)",
			in("適合試験をする", "hold the program, or an HSM, to what it promises"), "--quick --only due/list queue", runConform},
		{"bench", "[--json] [--peers DIR] [--postgres URL] NAME | all | list", in("性能を測る", "measure beside a peer"), "--peers bench exchange", runBench},
		{"keys seal", "--keys DIR --to DIR --passphrase-file FILE NAME", in("鍵を暗号化したファイルにする", "put a key into an encrypted file"),
			"--keys ca/keys --to ca/sealed --passphrase-file /run/credentials/passphrase ca-signature", runKeysSeal},
		{"keys serve", "--dir DIR", in("暗号化した鍵を受け持つプロセス（akashi up と akashi serve が起動する）", "the process that signs with encrypted keys; akashi up and akashi serve start it"), "--dir ca/sealed", runKeysServe},
		{"version", "", in("版", "print the version"), "", runVersion},
		{"help", "[COMMAND]", in("この一覧、または一つのコマンドの使い方", "this list, or how to use one command"), "exchange list", runHelp},
	}
}

// errDidNotHold makes the exit status 1: what was asked was answered, and the answer is no.
var errDidNotHold = errors.New("it did not hold")

// usage is an error in how the program was called.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(akashi(ctx, streams{os.Stdin, os.Stdout, os.Stderr}, os.Args[1:]))
}

// akashi runs one subcommand and returns the exit status.
func akashi(ctx context.Context, io streams, args []string) int {
	c, rest, ok := find(args)
	if !ok {
		fmt.Fprintln(io.err, "akashi: そのようなコマンドはありません。`akashi help` で一覧を見てください。 / no such command: see `akashi help`")
		return 2
	}
	err := c.run(ctx, io, rest)
	switch {
	case err == nil, errors.Is(err, errHelped):
		return 0
	case errors.Is(err, errDidNotHold):
		return 1
	}
	say(io.err, err)
	if errors.As(err, new(usage)) {
		fmt.Fprintf(io.err, "`akashi help %s` で使い方が出ます。 / see `akashi help %s`\n", c.name, c.name)
	}
	return 2
}

func find(args []string) (command, []string, bool) {
	for n := min(2, len(args)); n > 0; n-- {
		name := strings.Join(args[:n], " ")
		if asksForHelp(name) {
			name = "help"
		}
		for _, c := range commands {
			if c.name == name {
				return c, args[n:], true
			}
		}
	}
	return command{}, nil, false
}

// say prints an error as sentences: both languages when it has both.
func say(w io.Writer, err error) {
	if problems, ok := plain.AsProblems(err); ok {
		for _, p := range problems {
			fmt.Fprintf(w, "akashi: %s: %s / %s\n", p.Field, p.JA, p.EN)
		}
		return
	}
	fmt.Fprintln(w, "akashi:", err)
}
