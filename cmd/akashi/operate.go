package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/nation"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// workplace is where operators deal with one kind of thing: a message that is parked, or a case of a difference. Both are
// asked about, and ended by two persons, in the same way.
type workplace struct {
	name string // of the commands, and of the organisations' answers
	acts string // of the first person
	// whose desk it is done at, when the person names none
	whose func(ctx context.Context, client *http.Client, op nation.Operation) (message.Org, error)
}

var (
	messages = workplace{"exchange", "送信側: correct 訂正して再送、withdraw 取下げ、受信側: accept そのまま受入れ、discard 閉じる / the sender: correct, withdraw; the receiver: accept, discard", sideOf}
	cases    = workplace{"reconcile", "元: resend 再送、写し: request 照会、どちらも: close 閉じる / the source: resend; the copy: request; either: close", func(context.Context, *http.Client, nation.Operation) (message.Org, error) {
		return "", usage{plain.Bad("--at",
			"件を扱う団体を --at で指定してください。`akashi reconcile cases` に出ています。",
			"name with --at the organisation that deals with the case: `akashi reconcile cases` shows it")}
	}}
)

// sideOf is the side of a message whose act it is. What is confirmed is done where it was proposed.
func sideOf(ctx context.Context, client *http.Client, op nation.Operation) (message.Org, error) {
	id, err := message.ParseID(op.Message)
	if err != nil {
		return "", err
	}
	switch exchange.Act(op.Act) {
	case exchange.Accept, exchange.Discard:
		return id.Receiver, nil
	case "":
		var at nation.StuckMessage
		err := get(ctx, client, "/"+string(id.Receiver)+"/exchange/message?id="+url.QueryEscape(id.String()), &at)
		if err == nil && at.Proposal != nil {
			return id.Receiver, nil
		}
	}
	return id.Sender, nil
}

// inquire writes to the organisation on the other side.
func (w workplace) inquire(ctx context.Context, io streams, args []string) error {
	var op nation.Operation
	var data, at string
	var reply bool
	rest, err := parse(io, w.name+" inquire", args, func(fs *flag.FlagSet) {
		w.flags(fs, &data, &at, &op)
		fs.BoolVar(&reply, "answer", false, "問合せへの回答である / this answers an inquiry")
	}, 1)
	if err != nil {
		return err
	}
	op.Message, op.Act = rest[0], "inquiry"
	if reply {
		op.Act = "answer"
	}
	return w.do(ctx, io, data, at, op)
}

// resolve proposes how it is ended, or confirms what another person has proposed.
func (w workplace) resolve(ctx context.Context, io streams, args []string) error {
	var op nation.Operation
	var data, at string
	var confirm bool
	rest, err := parse(io, w.name+" resolve", args, func(fs *flag.FlagSet) {
		w.flags(fs, &data, &at, &op)
		fs.StringVar(&op.Act, "act", "", w.acts)
		fs.BoolVar(&confirm, "confirm", false, "別の人の提案を承認する / confirm what another person has proposed")
	}, 1)
	if err != nil {
		return err
	}
	if confirm == (op.Act != "") || op.Act != "" && op.Text == "" {
		return usage{plain.Bad(w.name+" resolve",
			"一人目は --act と --text で解決方法とわけを、二人目は --confirm を指定してください。",
			"the first person gives --act and --text, the second one --confirm")}
	}
	op.Message = rest[0]
	if err := w.do(ctx, io, data, at, op); err != nil || confirm {
		return err
	}
	fmt.Fprintln(io.out, "まだ何も起きていません。別の人が --confirm で承認すると行います。 / nothing has happened yet: it is done once another person gives --confirm")
	return nil
}

func (w workplace) flags(fs *flag.FlagSet, data, at *string, op *nation.Operation) {
	dataFlag(fs, data)
	fs.StringVar(at, "at", "", "だれの端末で行うか（団体） / the organisation at whose desk it is done")
	fs.StringVar(&op.As, "as", "", "行う人 / the person who acts")
	fs.StringVar(&op.Text, "text", "", "内容、またはわけ / what, or why")
}

// do has the organisation carry the operation out.
func (w workplace) do(ctx context.Context, s streams, data, at string, op nation.Operation) error {
	client, done, err := country(ctx, data, s.err)
	if err != nil {
		return err
	}
	defer done()
	org := message.Org(at)
	if at == "" {
		if org, err = w.whose(ctx, client, op); err != nil {
			return err
		}
	}
	if err := post(ctx, client, "/"+string(org)+"/"+w.name+"/operate", op, nil); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "記録しました。 / done")
	return nil
}
