package alarm

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// The codes. A code is never given a second meaning.
const (
	PeerRefused       Code = "peer-refused"
	PeerSilent        Code = "peer-silent"
	PeerNotAllowed    Code = "peer-not-allowed"
	MessageLag        Code = "message-lag"
	OutstandingOld    Code = "outstanding-old"
	MessageParked     Code = "message-parked"
	MessageParkedHere Code = "message-parked-here"
	ReceiptMissing    Code = "receipt-missing"
	ReceiptWrong      Code = "receipt-wrong"
	QueueGrowing      Code = "queue-growing"

	WorkParked Code = "work-parked"
	WorkLate   Code = "work-late"

	CaseOpen          Code = "case-open"
	RowChanged        Code = "row-changed"
	ComparisonMissing Code = "comparison-missing"
	AuditLate         Code = "audit-late"

	CertificateWrong  Code = "certificate-wrong"
	ListWrong         Code = "list-wrong"
	ServedWrong       Code = "served-wrong"
	ServedAway        Code = "served-away"
	InspectionStopped Code = "inspection-stopped"
	DuplicatePerson   Code = "duplicate-person"
	AttachAside       Code = "attach-aside"

	StatementMissing     Code = "statement-missing"
	StatementUnexplained Code = "statement-unexplained"
	RoundMissed          Code = "round-missed"

	ReportMissing     Code = "report-missing"
	ReportContradicts Code = "report-contradicts"

	ProtectionCountDiffers Code = "protection-count-differs"
	ProtectionTermEnding   Code = "protection-term-ending"

	TokenFailed Code = "token-failed"
	TokensAway  Code = "tokens-away"

	AnswersStopped       Code = "answers-stopped"
	AnswersUnrecorded    Code = "answers-unrecorded"
	NoticeUnacknowledged Code = "notice-unacknowledged"

	ErrorReportUnanswered Code = "error-report-unanswered"

	StoppedVersionRuns Code = "stopped-version-runs"

	ProbeFailed  Code = "probe-failed"
	ProbeMissing Code = "probe-missing"

	StillValid       Code = "still-valid"
	StillValidUnsure Code = "still-valid-unsure"

	AuthorityReviewDue Code = "authority-review-due"
	PasskeyHeld        Code = "passkey-held"
	MoveUnsettled      Code = "move-unsettled"
	DocumentDayOpen    Code = "document-day-open"
	LookUngrounded     Code = "look-ungrounded"
	LookAttended       Code = "look-attended"
	LookInBulk         Code = "look-in-bulk"
	LookAtNight        Code = "look-at-night"

	DisclosureDue  Code = "disclosure-due"
	DisclosureLate Code = "disclosure-late"

	TrendHigh Code = "trend-high"
	TrendLow  Code = "trend-low"
	TrendSlow Code = "trend-slow"

	SourceFailed      Code = "source-failed"
	EvaluationStopped Code = "evaluation-stopped"
	WebhookLate       Code = "webhook-late"
	WebhookFull       Code = "webhook-full"
	DrillFailed       Code = "drill-failed"
	DrillMissed       Code = "drill-missed"
)

var (
	aboutKind   = plain.Sentence{JA: "電文の種類", EN: "the kind of message"}
	aboutSide   = plain.Sentence{JA: "送信と受信の別", EN: "sent or received"}
	aboutWork   = plain.Sentence{JA: "仕事の種類", EN: "the kind of work"}
	aboutBook   = plain.Sentence{JA: "帳簿", EN: "the book"}
	aboutFlow   = plain.Sentence{JA: "送受信の別と電文の種類", EN: "the direction and the kind of message"}
	aboutToken  = plain.Sentence{JA: "装置の名前", EN: "the token"}
	aboutWay    = plain.Sentence{JA: "点検の対象", EN: "what is inspected"}
	aboutLoss   = plain.Sentence{JA: "失ったもの", EN: "what was lost"}
	aboutNotice = plain.Sentence{JA: "署名検証者と通知", EN: "the verifier and the notice"}
	aboutProbe  = plain.Sentence{JA: "外部監視の対象", EN: "what is probed from outside"}
	aboutEnd    = plain.Sentence{JA: "転入と転出の別", EN: "moving in or out"}
	aboutLooker = plain.Sentence{JA: "操作者ID", EN: "the operator"}
	aboutTrace  = plain.Sentence{JA: "追跡番号", EN: "the trace"}
)

// Definitions is the table of alarms, in the order in which people read it. docs/alarms.md is its published form.
var Definitions = []Definition{
	// ── the exchange ──
	{Code: PeerRefused, Severity: Critical, Unit: Yes, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "相手がこの団体を拒んでいる", EN: "A peer refuses this organisation"},
		Means: plain.Sentence{JA: "証明書、名前または署名が受け入れられません。送り直しでは直りません。", EN: "It does not take our certificate, name or signature. Sending again does not help."}},
	{Code: PeerSilent, Severity: Warning, Unit: Seconds, Raise: 60, Lower: 1,
		Name:  plain.Sentence{JA: "相手が応答しない", EN: "A peer does not answer"},
		Means: plain.Sentence{JA: "電文は送信箱に残り、相手が応答すれば続きます。", EN: "Messages stay in the outbox and go on when the peer answers."}},
	{Code: PeerNotAllowed, Severity: Warning, Unit: Messages, Raise: 1, Lower: 1, Clear: time.Minute,
		Name:  plain.Sentence{JA: "相手が送れないものを送ってきた", EN: "A peer sent what it may not send"},
		Means: plain.Sentence{JA: "この10分間に、送る権限のない種類の電文か、受け取れない束が届き、断りました。", EN: "Within ten minutes it sent messages of a kind that it may not send, or batches that could not be taken. They were refused."}},
	{Code: MessageLag, Severity: Warning, Unit: Seconds, Raise: 60, Lower: 10, About: aboutKind,
		Name:  plain.Sentence{JA: "電文が遅れている", EN: "Messages are late"},
		Means: plain.Sentence{JA: "この種類の電文が、1分を超えて返事を待っています。", EN: "Messages of this kind have waited for a verdict for more than a minute."}},
	{Code: OutstandingOld, Severity: Warning, Unit: Seconds, Raise: 3600, Lower: 3600,
		Name:  plain.Sentence{JA: "終わらない電文がある", EN: "A message does not end"},
		Means: plain.Sentence{JA: "最も古い電文が、1時間を超えて終わっていません。保留されたものも含みます。", EN: "The oldest message has not ended for more than an hour. Parked ones count."}},
	{Code: MessageParked, Severity: Warning, Unit: Messages, Raise: 1, Lower: 1, About: aboutKind,
		Name:  plain.Sentence{JA: "送った電文が保留されている", EN: "A message that we sent is parked"},
		Means: plain.Sentence{JA: "相手が受け入れませんでした。人が解決するまで残ります。", EN: "The peer did not take it. It stays until people resolve it."}},
	{Code: MessageParkedHere, Severity: Warning, Unit: Messages, Raise: 1, Lower: 1, About: aboutKind,
		Name:  plain.Sentence{JA: "受けた電文を保留している", EN: "A message that we received is parked"},
		Means: plain.Sentence{JA: "この団体が受け入れませんでした。送信側と一緒に解決するまで残ります。", EN: "This organisation did not take it. It stays until it is resolved together with its sender."}},
	{Code: ReceiptMissing, Severity: Warning, Unit: Seconds, Raise: 60, Lower: 1, About: aboutSide,
		Name:  plain.Sentence{JA: "受領証が届いていない", EN: "A receipt is missing"},
		Means: plain.Sentence{JA: "判定はありますが、署名した受領証が1分を超えて届いていません。", EN: "There is a verdict, and the signed receipt for it has been missing for more than a minute."}},
	{Code: ReceiptWrong, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, Clear: time.Minute,
		Name:  plain.Sentence{JA: "受領証が正しくない", EN: "A receipt is wrong"},
		Means: plain.Sentence{JA: "この1時間に届いた受領証の署名、宛先、束または判定が合わず、受け取りませんでした。", EN: "Within an hour a receipt came whose signature, receiver, batch or verdicts do not fit. It was not taken."}},
	{Code: QueueGrowing, Severity: Warning, Unit: Messages, Raise: 1000, Lower: 100, For: time.Minute,
		Name:  plain.Sentence{JA: "送信箱がふくらんでいる", EN: "The outbox is growing"},
		Means: plain.Sentence{JA: "この5分間に、返事を待つ電文が1,000件を超えて増えました。", EN: "Within five minutes the messages that wait for a verdict grew by more than 1,000."}},

	// ── an organisation's own work ──
	{Code: WorkParked, Severity: Warning, Unit: Items, Raise: 1, Lower: 1, About: aboutWork,
		Name:  plain.Sentence{JA: "期日の仕事が保留されている", EN: "Due work is set aside"},
		Means: plain.Sentence{JA: "決められた回数だけ失敗しました。原因を除いて再開するまで行われません。", EN: "It failed as often as it may. It is not done until somebody removes the cause and starts it again."}},
	{Code: WorkLate, Severity: Warning, Unit: Seconds, Raise: 300, Lower: 60, About: aboutWork,
		Name:  plain.Sentence{JA: "期日の仕事が遅れている", EN: "Due work is late"},
		Means: plain.Sentence{JA: "期日を5分過ぎても終わっていない仕事があります。", EN: "There is work that is not done five minutes after its time."}},

	// ── reconciliation ──
	{Code: CaseOpen, Severity: Warning, Unit: Cases, Raise: 1, Lower: 1, About: aboutBook,
		Name:  plain.Sentence{JA: "突合の不一致がある", EN: "The two sides differ"},
		Means: plain.Sentence{JA: "相手と帳簿が食い違い、電文では説明できません。件ごとに解決します。", EN: "Our book and the peer's differ, and no message explains it. Each case is to be resolved."}},
	{Code: RowChanged, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, About: aboutBook,
		Name:  plain.Sentence{JA: "記録がプログラムの外で書き換えられた", EN: "A row was changed behind the program's back"},
		Means: plain.Sentence{JA: "自己監査が、電文にも操作にもよらない変更を見つけました。", EN: "The self-audit found a change that no message and no act made."}},
	{Code: ComparisonMissing, Severity: Warning, Unit: Seconds, Raise: 180, Lower: 180, About: aboutBook,
		Name:  plain.Sentence{JA: "突合が行われていない", EN: "Nobody compares"},
		Means: plain.Sentence{JA: "1分ごとの突合が、3分を超えて行われていません。食い違いがあっても分かりません。", EN: "The comparison of every minute has been missing for more than three. A difference would not be seen."}},
	{Code: AuditLate, Severity: Warning, Unit: Seconds, Raise: 3600, Lower: 3600, About: aboutBook,
		Name:  plain.Sentence{JA: "自己監査が一巡していない", EN: "The self-audit does not come round"},
		Means: plain.Sentence{JA: "自己監査が、1時間を超えて一巡していません。", EN: "The self-audit has not completed a cycle for more than an hour."}},

	// ── what was issued, and what is served ──
	{Code: CertificateWrong, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, About: aboutWay,
		Name:  plain.Sentence{JA: "保管している電子証明書がおかしい", EN: "A stored certificate is wrong"},
		Means: plain.Sentence{JA: "点検で、保管している電子証明書が、記録、発行前に書き留めたもの、または規則に合いません。", EN: "The inspection found a stored certificate that does not agree with the records, with what was written down before it was signed, or with the rules."}},
	{Code: ListWrong, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, About: aboutWay,
		Name:  plain.Sentence{JA: "失効リストがおかしい", EN: "A revocation list is wrong"},
		Means: plain.Sentence{JA: "保管または公表している失効リストが、失効の記録や前のリストと食い違います。", EN: "A revocation list that is stored or published disagrees with what is revoked, or with the list before it."}},
	{Code: ServedWrong, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, About: aboutWay,
		Name:  plain.Sentence{JA: "外に見える失効情報がおかしい", EN: "What is served is wrong"},
		Means: plain.Sentence{JA: "外から取りに行った回答、失効リストまたは認証局の証明書が、記録と違います。検証者は誤った答えを受け取っています。", EN: "An answer, a list or a CA certificate fetched from outside is not what the records say. Those who verify get wrong answers."}},
	{Code: ServedAway, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, For: 2 * time.Minute, About: aboutWay,
		Name:  plain.Sentence{JA: "失効情報を外から取れない", EN: "What should be served cannot be fetched"},
		Means: plain.Sentence{JA: "公表している番地から、2分を過ぎても取れないものがあります。検証者も取れません。", EN: "For more than two minutes something could not be fetched from its public address. Those who verify cannot fetch it either."}},
	{Code: DuplicatePerson, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, About: aboutWay,
		Name:  plain.Sentence{JA: "一人が二人、または二人が一人になっているおそれがある", EN: "One person may be registered as two, or two as one"},
		Means: plain.Sentence{JA: "全国センターの重複の点検で、同じ人らしい二つの住民票コード、二人に付いた個人番号、または使えないコードが見つかりました。", EN: "The national center's duplicate check found two record codes that may be one person's, an individual number that two people have, or a code that cannot be."}},
	{Code: AttachAside, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "住民票コードの照会を取り置いている", EN: "An asking about a record code is set aside"},
		Means: plain.Sentence{JA: "一つの市区町村が、一つの住民票コードについて断られ続けたか、支援措置中の方のコードを、転入先と聞いていない市区町村が照会しました。担当者が確かめるまで答えません。", EN: "A municipality was refused again and again about one record code, or asked about a protected person of whom nobody has said that she goes there. It gets no answer before staff have looked into it."}},
	{Code: InspectionStopped, Severity: Warning, Unit: Seconds, Raise: 600, Lower: 60, About: aboutWay,
		Name:  plain.Sentence{JA: "点検が進んでいない", EN: "The inspection stands still"},
		Means: plain.Sentence{JA: "10分を超えて、この対象の点検が進んでいません。おかしなものがあっても分かりません。", EN: "For more than ten minutes nothing of this was inspected. What is wrong would not be seen."}},

	{Code: ProbeFailed, Severity: Critical, Unit: Items, Raise: 3, Lower: 1, About: aboutProbe,
		Name:  plain.Sentence{JA: "外から使えないものがある", EN: "A service cannot be used from outside"},
		Means: plain.Sentence{JA: "外部監視で、発行、失効の問合せ、失効リストのどれかが、続けて3回以上失敗しました。計画停止の間は、答えが誤っていなければ鳴りません。", EN: "Probed from outside, issuance, the status service or a revocation list failed three times in a row or more. It does not ring while that is planned, unless what is told is untrue."}},
	{Code: ProbeMissing, Severity: Warning, Unit: Seconds, Raise: 600, Lower: 300,
		Name:  plain.Sentence{JA: "外部監視が測れていない", EN: "Nothing is measured from outside"},
		Means: plain.Sentence{JA: "10分を超えて、どの対象も測れていません。使えなくなっても分からず、可用性の数値に入りません。", EN: "For more than ten minutes nothing was measured. An outage would not be seen, and is in no figure."}},

	// ── statements ──
	{Code: StatementMissing, Severity: Warning, Unit: Seconds, Raise: 1800, Lower: 1,
		Name:  plain.Sentence{JA: "締めの計算書が届いていない", EN: "A statement is missing"},
		Means: plain.Sentence{JA: "締めから30分を過ぎても、相手の署名した計算書が届いていません。", EN: "The peer's signed account has not come thirty minutes after the close."}},
	{Code: StatementUnexplained, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "締めに説明できない差がある", EN: "A statement has an unexplained difference"},
		Means: plain.Sentence{JA: "双方の計算書に、説明のつかない行があります。", EN: "The two accounts have lines that nothing explains."}},
	{Code: RoundMissed, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "日次業務が済んでいない", EN: "The operator's round was missed"},
		Means: plain.Sentence{JA: "翌日の正午までに、日次業務の署名がありませんでした。", EN: "Nobody signed the daily round by noon of the next day."}},

	// ── whom a prefecture has delegated to ──
	{Code: ReportMissing, Severity: Warning, Unit: Seconds, Raise: 1800, Lower: 1,
		Name:  plain.Sentence{JA: "認証局の報告が届いていない", EN: "A report of the CA is missing"},
		Means: plain.Sentence{JA: "日の終わりから30分を過ぎても、委任した認証局の報告が届いていません。発行と失効が正しく行われているか、確かめられません。", EN: "Thirty minutes after the end of a day the report of the delegated CA has not come. Whether it issues and revokes as it should cannot be seen."}},
	{Code: ReportContradicts, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "認証局の報告が前の報告と合わない", EN: "A report of the CA contradicts the one before"},
		Means: plain.Sentence{JA: "発行・失効・不発行の数が、前の報告から続いていません。記録が消えたか、数え方が違います。", EN: "What was issued, revoked or refused does not go on from the report before. Records were lost, or counted otherwise."}},

	// ── who is protected ──
	{Code: ProtectionCountDiffers, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, About: plain.Sentence{JA: "帳簿、または締めの行", EN: "the book, or the line of the close"},
		Name:  plain.Sentence{JA: "支援措置の件数が団体の間で違う", EN: "Two organisations count protected persons differently"},
		Means: plain.Sentence{JA: "支援措置の設定か終了が、二つの団体で同じではありません。守るべき人の記録を、見せているかもしれません。", EN: "A protection that was set, or ended, is not the same at two organisations. A record that must be hidden may be shown."}},
	{Code: ProtectionTermEnding, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "支援措置の期限が近い", EN: "The term of a protection ends soon"},
		Means: plain.Sentence{JA: "期限まで30日以内か、期限を過ぎた支援措置があります。終了するまで、措置は続きます。", EN: "The term of a protection ends within thirty days, or is over. It goes on until it is ended."}},

	// ── a right that should have ended ──
	{Code: TokensAway, Severity: Critical, Unit: Seconds, Raise: 60, Lower: 1,
		Name:  plain.Sentence{JA: "署名できる装置がない", EN: "No token can sign"},
		Means: plain.Sentence{JA: "鍵の入った装置（HSM）が、1分を過ぎても一つも使えません。電子証明書も失効リストも署名されずに待っています。", EN: "For more than a minute none of the devices that hold the keys can be used. Certificates and revocation lists wait for their signatures."}},
	{Code: TokenFailed, Severity: Warning, Unit: Items, Raise: 1, Lower: 1, About: aboutToken,
		Name:  plain.Sentence{JA: "装置が異常を起こした", EN: "A token failed"},
		Means: plain.Sentence{JA: "鍵の入った装置（HSM）が、この1時間に止まる・終わる・失敗するなどしたか、使えないままです。", EN: "A device that holds keys stalled, died or failed within the last hour, or cannot be used."}},
	{Code: AnswersStopped, Severity: Critical, Unit: Yes, Raise: 1, Lower: 1, About: aboutLoss,
		Name:  plain.Sentence{JA: "失効の問合せに答えられない", EN: "The status service cannot answer"},
		Means: plain.Sentence{JA: "データベース、時計、署名する鍵、認証局の知らせのどれかを失い、裏付けのない「失効していない」を答えないよう、回答を止めるところです。", EN: "The database, the clock, the key that signs or the CA's word was lost. Answers stop before good is said of what nobody can vouch for."}},
	{Code: AnswersUnrecorded, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "回答を書き留められない", EN: "Answers are not written down"},
		Means: plain.Sentence{JA: "失効の問合せが、書き留められる速さより多く来ています。この10分に書き留められなかった回答は、失効が遅れたときに誰へ答えたか分かりません。", EN: "More is asked about certificates than can be written down. Of the answers lost within ten minutes nobody can say to whom they were given, should a revocation prove late."}},
	{Code: NoticeUnacknowledged, Severity: Warning, Unit: Seconds, Raise: 7 * 24 * 3600, Lower: 1, About: aboutNotice,
		Name:  plain.Sentence{JA: "影響の通知が確認されない", EN: "A notice of wrong answers is not acknowledged"},
		Means: plain.Sentence{JA: "誤って「失効していない」と答えたという通知を、署名検証者の誰も7日間確認していません。報告がないことは、影響がないことではありません。", EN: "For seven days nobody at the verifier has acknowledged that it was told \"good\" wrongly. No report does not mean no impact."}},
	{Code: ErrorReportUnanswered, Severity: Warning, Unit: Seconds, Raise: 7 * 24 * 3600, Lower: 1,
		Name:  plain.Sentence{JA: "記録の誤りの通知に回答がない", EN: "A report of an error is not answered"},
		Means: plain.Sentence{JA: "記録に誤りが見つかったという通知に、7日間回答がありません。誤った記録が使われ続けているかもしれません。", EN: "For seven days nobody has answered that an error was found in a record. A wrong record may still be in use."}},
	{Code: StoppedVersionRuns, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "止められた版の証明発行サーバが動いている", EN: "An issuing server runs a stopped version"},
		Means: plain.Sentence{JA: "全国センターが止めた版のプログラムで動いている証明発行サーバがあります。そこでは証明書を発行できません。直した版に入れ替えるまで続きます。", EN: "There are issuing servers whose program is of a version that the national center has stopped. They issue nothing until they have another version."}},
	{Code: StillValid, Severity: Critical, Unit: Seconds, Raise: 60, Lower: 1, About: aboutTrace,
		Name:  plain.Sentence{JA: "異動したのに署名用電子証明書が有効のまま", EN: "A resident changed and the signature certificate is still valid"},
		Means: plain.Sentence{JA: "異動から1分を過ぎても、失効情報の提供が有効と答えます。原因は問いません。", EN: "More than a minute after the change, the status service still says valid, whatever the cause."}},
	{Code: StillValidUnsure, Severity: Critical, Unit: Seconds, Raise: 120, Lower: 1,
		Name:  plain.Sentence{JA: "失効したかどうか確かめられない", EN: "Nobody can tell whether a certificate was revoked"},
		Means: plain.Sentence{JA: "異動した人の電子証明書の状態を、2分を過ぎても確かめられていません。", EN: "For more than two minutes the state of a changed resident's certificate could not be asked."}},
	{Code: AuthorityReviewDue, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "操作者IDの見直しの期日が過ぎた", EN: "The review of an authority is overdue"},
		Means: plain.Sentence{JA: "だれかの操作者IDが、まだ要るかどうかを期日までに見直されていません。見直すまで、その人は失効や承認を行えません。", EN: "Nobody has looked in time whether somebody still needs their authority. Until it is reviewed that person can neither revoke nor confirm."}},
	{Code: PasskeyHeld, Severity: Critical, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "パスキーが複製されたおそれがある", EN: "There may be a copy of a passkey"},
		Means: plain.Sentence{JA: "職員のパスキーの署名の回数が、前より増えていませんでした。だれかが複製を使ったおそれがあり、そのパスキーを止めています。", EN: "The counter of somebody's passkey did not grow. Somebody may have used a copy of it; it is held."}},

	// ── moves between municipalities ──
	{Code: MoveUnsettled, Severity: Warning, Unit: Items, Raise: 1, Lower: 1, About: aboutEnd,
		Name:  plain.Sentence{JA: "転出入が終わらない", EN: "A move does not end"},
		Means: plain.Sentence{JA: "予定日から30日を過ぎても転入の届出や通知がないか、双方の記録が合わず、人が確かめるまで終わらない転出入があります。", EN: "Thirty days after the planned day a moving in was not filed or no notice of it has come, or the two ends do not agree: it does not end before somebody finds out."}},

	// ── documents at the counter ──
	{Code: DocumentDayOpen, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "証明書の日締めが合わない", EN: "The documents of a day do not add up"},
		Means: plain.Sentence{JA: "終わった日の証明書に、どうなったか分からないもの、閉じていない件、または窓口と証明発行サーバの記録の違いがあります。別の方の証明書が出たおそれもあります。", EN: "Of a day that has ended it is not known what became of a document, a case is open, or the counter and the issuing server do not say the same. Another person's document may have come out."}},

	// ── looks at persons ──
	{Code: LookUngrounded, Severity: Critical, Unit: Items, Raise: 1, Lower: 1, About: aboutLooker,
		Name:  plain.Sentence{JA: "番号のない閲覧がある", EN: "Somebody was looked at without a case"},
		Means: plain.Sentence{JA: "番号のない閲覧は断られるので、あってはなりません。プログラムを通らずに書かれたか、プログラムの誤りです。", EN: "Such a look is refused, so there must be none: it was written past the program, or the program is wrong."}},
	{Code: LookAttended, Severity: Warning, Unit: Items, Raise: 1, Lower: 1, About: aboutLooker,
		Name:  plain.Sentence{JA: "注意対象の方の閲覧がある", EN: "Somebody on the list for attention was looked at"},
		Means: plain.Sentence{JA: "同僚、操作者の家族または著名な方の記録が開かれました。監査人が、用件があったかを確かめます。", EN: "A colleague, an operator's family or somebody widely known was looked at. An auditor finds out whether there was a case."}},
	{Code: LookInBulk, Severity: Warning, Unit: Items, Raise: 1, Lower: 1, About: aboutLooker,
		Name:  plain.Sentence{JA: "短い時間に大量の閲覧がある", EN: "One operator looked at very many persons"},
		Means: plain.Sentence{JA: "1時間に見た人の数が、上限か、その操作者のふだんの数の何倍かを超えました。", EN: "The persons of one hour are more than the bound, or several times what this operator usually looks at."}},
	{Code: LookAtNight, Severity: Warning, Unit: Items, Raise: 1, Lower: 1, About: aboutLooker,
		Name:  plain.Sentence{JA: "執務時間外の閲覧がある", EN: "Somebody was looked at outside office hours"},
		Means: plain.Sentence{JA: "執務時間の外か休日に、住民の情報が見られました。", EN: "A person was looked at at night or on a day off."}},
	{Code: DisclosureDue, Severity: Warning, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "開示・訂正の回答の期限が近い", EN: "A request for disclosure must be answered soon"},
		Means: plain.Sentence{JA: "期限まで7日を切った請求があります。", EN: "There are requests with less than seven days left."}},
	{Code: DisclosureLate, Severity: Critical, Unit: Items, Raise: 1, Lower: 1,
		Name:  plain.Sentence{JA: "開示・訂正の回答の期限を過ぎた", EN: "A request for disclosure was not answered in time"},
		Means: plain.Sentence{JA: "受理した日から30日以内（延長したときはその日まで）に回答していない請求があります。", EN: "There are requests that were not answered within thirty days of acceptance, or by the day to which they were extended."}},

	// ── histories ──
	{Code: TrendHigh, Severity: Notice, Unit: Messages, Raise: 1, Lower: 1, About: aboutFlow,
		Name:  plain.Sentence{JA: "いつもより多い", EN: "More than usual"},
		Means: plain.Sentence{JA: "この相手と種類の、同じ曜日・時間帯の記録から外れて多くなっています。", EN: "There is more than the history of this peer, kind, weekday and hour leads one to expect."}},
	{Code: TrendLow, Severity: Notice, Unit: Messages, Raise: 1, Lower: 1, About: aboutFlow,
		Name:  plain.Sentence{JA: "いつもより少ない", EN: "Less than usual"},
		Means: plain.Sentence{JA: "この相手と種類の、同じ曜日・時間帯の記録から外れて少なくなりました。", EN: "There was less than the history of this peer, kind, weekday and hour leads one to expect."}},
	{Code: TrendSlow, Severity: Notice, Unit: Milliseconds, Raise: 1, Lower: 1, About: aboutFlow,
		Name:  plain.Sentence{JA: "いつもより遅い", EN: "Slower than usual"},
		Means: plain.Sentence{JA: "返事を待つ時間が、同じ曜日・時間帯の記録から外れて長くなっています。", EN: "Waiting for a verdict takes longer than the history of this weekday and hour leads one to expect."}},

	// ── the watching itself ──
	{Code: SourceFailed, Severity: Critical, Unit: Yes, Raise: 1, Lower: 1, For: 10 * time.Second, Clear: 10 * time.Second,
		About: plain.Sentence{JA: "見張る部分", EN: "the part that is watched"},
		Name:  plain.Sentence{JA: "警報の一部が見張られていない", EN: "A part of the alarms is not watched"},
		Means: plain.Sentence{JA: "この部分の状態が読めません。その警報は、読めた時のまま残っています。", EN: "The state of this part cannot be read. Its alarms stay as they were when it last could."}},
	{Code: EvaluationStopped, Severity: Critical, Unit: Seconds, Raise: 30, Lower: 30,
		Name:  plain.Sentence{JA: "警報の判定が動いていない", EN: "Alarms are not evaluated"},
		Means: plain.Sentence{JA: "30秒を超えて判定がありません。表示されている警報は古く、新しい警報は出ません。", EN: "There was no evaluation for more than thirty seconds. What is shown is old, and nothing new is told."}},
	{Code: WebhookLate, Severity: Warning, Unit: Seconds, Raise: 300, Lower: 1,
		Name:  plain.Sentence{JA: "警報の通知が届いていない", EN: "The webhook does not take the alarms"},
		Means: plain.Sentence{JA: "警報の送り先が、5分を超えて受け取っていません。警報は画面と記録にあります。", EN: "The receiver has not acknowledged an alarm for more than five minutes. The alarms are on the screens and in the journal."}},
	{Code: WebhookFull, Severity: Critical, Unit: Items, Raise: maxWebhooks / 2, Lower: maxWebhooks / 4,
		Name:  plain.Sentence{JA: "警報の通知があふれる", EN: "The queue of the webhook is filling"},
		Means: plain.Sentence{JA: "送れない通知がたまりました。2,000件を超えると、古いものから捨てて数だけ残します。", EN: "Notifications pile up. Beyond 2,000 the oldest are given up and only counted."}},
	{Code: DrillFailed, Severity: Critical, Unit: Yes, Raise: 1, Lower: 1,
		About: plain.Sentence{JA: "届かなかったもの", EN: "what did not come through"},
		Name:  plain.Sentence{JA: "警報の訓練で警報が届かなかった", EN: "A drill's alarm did not come through"},
		Means: plain.Sentence{JA: "わざと起こした異常の警報が届きませんでした。本物の異常も届かないと考えてください。", EN: "The alarm of a fault made on purpose did not arrive. Take it that a real one would not either."}},
	{Code: DrillMissed, Severity: Warning, Unit: Seconds, Raise: 26 * 3600, Lower: 26 * 3600,
		Name:  plain.Sentence{JA: "警報の訓練が行われていない", EN: "No drill was held"},
		Means: plain.Sentence{JA: "26時間を超えて訓練が終わっていません。静かなのか、届かないのか分かりません。", EN: "No drill has ended for more than 26 hours. Whether it is quiet or deaf cannot be told."}},
}
