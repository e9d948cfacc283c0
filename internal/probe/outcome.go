package probe

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Outcome is what came of a minute. A minute without a row was not measured either.
type Outcome int64

// The outcomes.
const (
	OK         Outcome = 1
	Failed     Outcome = 2
	Unmeasured Outcome = 3
)

// Reason says why a minute failed or was not measured. It is stable: rows, files and tests use it. What inspect finds keeps the name of
// its rule there.
type Reason string

// The reasons that are not rules of inspect.
const (
	Unreachable Reason = "unreachable" // no connection, or it broke off
	Timeout     Reason = "timeout"     // no answer before the deadline
	Status      Reason = "status"      // an answer of HTTP, and not what was asked for
	Nonce       Reason = "nonce"       // not made for this question
	Refused     Reason = "refused"     // the CA says that it does not answer
	Lint        Reason = "lint"        // the CA would refuse to sign what it made
	Device      Reason = "device"      // the CA has nothing that could sign
	Signing     Reason = "signing"     // signing fails
	NoRule      Reason = "no-rule"     // the CA's own rules refuse an application that is in order

	OwnClock Reason = "own-clock" // our clock was set, and nothing has confirmed it since
	OwnFault Reason = "own-fault" // an error on our side
	NoneYet  Reason = "none-yet"  // nothing is published that could be asked for
)

// reasonWords are what people are told.
var reasonWords = map[Reason]plain.Sentence{
	Unreachable: {JA: "つながらない", EN: "cannot be reached"},
	Timeout:     {JA: "期限までに答えがない", EN: "no answer before the deadline"},
	Status:      {JA: "求めたものと違う応答（HTTP）", EN: "another HTTP answer than what was asked for"},
	Nonce:       {JA: "この問合せへの答えではない（ノンス）", EN: "not an answer to this question (nonce)"},
	Refused:     {JA: "認証局が断った", EN: "refused by the CA"},
	Lint:        {JA: "署名前の検査に合わない", EN: "does not pass the lint before signing"},
	Device:      {JA: "署名できる装置がない", EN: "no device can sign"},
	Signing:     {JA: "署名に失敗する", EN: "signing fails"},
	NoRule:      {JA: "正しい申請が断られる", EN: "an application that is in order is refused"},
	OwnClock:    {JA: "こちらの時計が変えられた", EN: "our own clock was set"},
	OwnFault:    {JA: "こちらの誤り", EN: "an error of our own"},
	NoneYet:     {JA: "まだ何も公表されていない", EN: "nothing is published yet"},

	Reason(inspect.Unreadable):  {JA: "読めない", EN: "cannot be read"},
	Reason(inspect.Signature):   {JA: "認証局の鍵による署名ではない", EN: "not signed with the CA's key"},
	Reason(inspect.IssuerKnown): {JA: "認証局が分からない", EN: "of no known CA"},
	Reason(inspect.Issuer):      {JA: "別の発行者を名乗る", EN: "names another issuer"},
	Reason(inspect.Extensions):  {JA: "拡張領域が正しくない", EN: "wrong extensions"},
	Reason(inspect.Responder):   {JA: "応答者の証明書が正しくない", EN: "the responder's certificate is not good"},
	Reason(inspect.About):       {JA: "別の電子証明書についての答え", EN: "about another certificate"},
	Reason(inspect.Life):        {JA: "期限がないか長すぎる", EN: "no end, or too long a life"},
	Reason(inspect.Late):        {JA: "期限を過ぎた古いもの", EN: "old: its time is over"},
	Reason(inspect.Ahead):       {JA: "時刻が先にある", EN: "of the future"},
	Reason(inspect.Good):        {JA: "失効しているのに有効と答えた", EN: "told to be good, though revoked"},
	Reason(inspect.Revoked):     {JA: "失効していないのに失効と答えた", EN: "told to be revoked, though it is not"},
	Reason(inspect.Unknown):     {JA: "知っているはずのものを知らない、またはその逆", EN: "unknown though it is known, or the other way"},
	Reason(inspect.When):        {JA: "失効の日時か理由が違う", EN: "another date or reason of revocation"},
	Reason(inspect.Scope):       {JA: "対象の市区町村が違う", EN: "of another municipality"},
	Reason(inspect.Number):      {JA: "番号がない", EN: "without a number"},
	Reason(inspect.Order):       {JA: "番号が順序どおりでない", EN: "serials out of order"},
	Reason(inspect.Reason):      {JA: "使われない失効理由がある", EN: "a reason that is not used"},
	Reason(inspect.WentBack):    {JA: "前に見たものより古い", EN: "older than one that was seen"},
	Reason(inspect.OtherList):   {JA: "同じ番号で内容が違う", EN: "another content under the same number"},
}

// Words are what people are told of a reason; one that is not known, of a newer program, is shown as it is.
func (r Reason) Words() plain.Sentence {
	if w, ok := reasonWords[r]; ok {
		return w
	}
	return plain.Sentence{JA: string(r), EN: string(r)}
}

// verdict is what one call of a check came to.
type verdict struct {
	outcome Outcome
	reason  Reason
	// agrees: the answer was made for this question and says a time that is ours too.
	agrees bool
	// again, when it is not 0, says that nothing is known yet, and in how long to ask again. reason is then what it would be called if
	// nothing more came.
	again time.Duration
	// took is how long an answer took, when it is not the whole probe.
	took time.Duration
	// stay is the part of the target that failed, which is asked again until it does not.
	stay string
	// learnt is written down together with the outcome; may be nil.
	learnt func(context.Context, *sqlstore.Tx) error
}

func failed(r Reason) verdict     { return verdict{outcome: Failed, reason: r} }
func unmeasured(r Reason) verdict { return verdict{outcome: Unmeasured, reason: r} }
