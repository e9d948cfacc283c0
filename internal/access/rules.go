package access

import (
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Act is something that a person does with the program (行為). The zero value is no act and is refused.
type Act string

// The acts.
const (
	Register          Act = "register"
	FileChange        Act = "file-change"
	LookAtPerson      Act = "look-at-person"
	IssueCertificate  Act = "issue-certificate"
	RevokeCertificate Act = "revoke-certificate"
	LookAtCertificate Act = "look-at-certificate"
	KeepSeal          Act = "keep-seal"
	RenameTown        Act = "rename-town"
	CloseMove         Act = "close-move"
	KeepTowns         Act = "keep-towns"
	ViewTowns         Act = "view-towns"
	CorrectRecord     Act = "correct-record"
	ViewMessages      Act = "view-messages"
	ResolvePropose    Act = "resolve-propose"
	SignRound         Act = "sign-round"
	ResolveConfirm    Act = "resolve-confirm"
	ViewAudit         Act = "view-audit"
	VerifySignature   Act = "verify-signature"
	LookAtTokens      Act = "look-at-tokens"
	RetryToken        Act = "retry-token"
	MassPropose       Act = "mass-revoke-propose"
	MassConfirm       Act = "mass-revoke-confirm"
	MakeList          Act = "make-list"
	FileVerifier      Act = "file-verifier"
	DecideFiling      Act = "decide-filing"
	AcknowledgeImpact Act = "acknowledge-impact"
	PlanMaintenance   Act = "plan-maintenance"
	LookAtDelegation  Act = "look-at-delegation"
	AskReport         Act = "ask-report"
	ViewStaff         Act = "view-staff"
	ManageStaff       Act = "manage-staff"
	ReviewLooks       Act = "review-looks"
	KeepAttention     Act = "keep-attention"
	ApproveUse        Act = "approve-use"
	Provide           Act = "provide"
	ViewProvision     Act = "view-provision"
	ReportError       Act = "report-error"
	AnswerError       Act = "answer-error"
	ViewErrors        Act = "view-errors"
	ProtectPerson     Act = "protect-person"
	AskRelease        Act = "ask-release"
	ReleaseProtection Act = "release-protection"
	CountProtections  Act = "count-protections"
	SetIdentityRule   Act = "set-identity-rule"
	ViewIdentityRule  Act = "view-identity-rule"
	ViewIssuing       Act = "view-issuing"
	IssueDocument     Act = "issue-document"
	VerifyDocument    Act = "verify-document"
	StopIssuing       Act = "stop-issuing"
	ResumeIssuing     Act = "resume-issuing"
	TraceDocument     Act = "trace-document"
	InquireDocuments  Act = "inquire-documents"
)

// Rule is one line of the table: these jobs may do this act at organisations of these roles, and why.
type Rule struct {
	Act   Act
	Name  plain.Sentence
	Jobs  []Job
	Roles []message.Role
	Why   plain.Sentence
}

var (
	counter   = []message.Role{message.Municipality}
	issuers   = []message.Role{message.NationalCenter, message.CA, message.Validation}
	authority = []message.Role{message.CA}
	holders   = []message.Role{message.Municipality, message.Prefecture, message.NationalCenter}
	keepers   = []message.Role{message.Prefecture, message.NationalCenter}
	everyone  = []message.Role{message.Municipality, message.Prefecture, message.NationalCenter, message.CA, message.Validation, message.Verifier, message.Issuing}
)

// rules is the whole of what is allowed. An operator keeps messages moving and sees no person; an auditor sees what was
// done and does nothing; a clerk serves residents and cannot judge the exchange.
var rules = []Rule{
	{Register, plain.Sentence{JA: "住民の登録", EN: "register a resident"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "住民票の記載は市町村長が行う（住民基本台帳法第8条）。", EN: "The mayor makes the entry (Basic Resident Registration Act, art. 8)."}},
	{FileChange, plain.Sentence{JA: "異動の届出の受付", EN: "file a change"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "届出は市町村長に対して行う（住民基本台帳法第22条から第25条まで）。", EN: "Notices go to the mayor (Basic Resident Registration Act, arts. 22 to 25)."}},
	{CorrectRecord, plain.Sentence{JA: "記録の訂正・取消・回復", EN: "correct, cancel or restore a record"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "誤りは職権で直す（住民基本台帳法第14条、令第12条第3項）。届出がなくても人の記録が変わるので、直前に本人を確かめる。", EN: "Errors are put right ex officio (Basic Resident Registration Act, art. 14; Order, art. 12(3)). A record changes though nobody has filed anything, so the passkey is shown right before."}},
	{LookAtPerson, plain.Sentence{JA: "住民の情報の閲覧", EN: "look at a person"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "事務に必要な窓口だけが見る。見たことは監査記録に残る。", EN: "Only the counter that serves the person looks, and every look is recorded."}},
	{LookAtPerson, plain.Sentence{JA: "住民の情報の閲覧", EN: "look at a person"}, []Job{Clerk}, []message.Role{message.NationalCenter},
		plain.Sentence{JA: "本人確認情報の検索は、照会の事務に就く職員だけが行う（住民基本台帳法第30条の29）。見たことは監査記録に残る。", EN: "Only staff who answer inquiries search the index (Basic Resident Registration Act, art. 30-29), and every look is recorded."}},
	{LookAtPerson, plain.Sentence{JA: "住民の情報の閲覧", EN: "look at a person"}, []Job{Clerk}, []message.Role{message.Prefecture},
		plain.Sentence{JA: "都道府県の照会・提供の事務に就く職員だけが、その都道府県の住民を見る（住民基本台帳法第30条の8・第30条の29）。見たことは監査記録に残る。", EN: "Only staff who answer inquiries of the prefecture look, and at its residents (Basic Resident Registration Act, arts. 30-8 and 30-29). Every look is recorded."}},
	{IssueCertificate, plain.Sentence{JA: "電子証明書の発行の申請", EN: "apply for a certificate"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "申請は住所地の市町村長を経由する（公的個人認証法第3条・第22条）。", EN: "Applications pass through the mayor of the place of residence (JPKI Act, arts. 3 and 22)."}},
	{IssueDocument, plain.Sentence{JA: "証明書の交付", EN: "give out a document"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "住民票の写しは市町村長が交付する（住民基本台帳法第12条・第12条の3）。印鑑登録証明書は条例による。", EN: "The mayor gives out copies of resident records (Basic Resident Registration Act, arts. 12 and 12-3), and certificates of seals by ordinance."}},
	{RevokeCertificate, plain.Sentence{JA: "電子証明書の失効の申請", EN: "apply for a revocation"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "失効の申請は市町村長を経由する（公的個人認証法第9条・第28条）。", EN: "Applications to revoke pass through the mayor (JPKI Act, arts. 9 and 28)."}},
	{KeepSeal, plain.Sentence{JA: "印鑑登録", EN: "keep the register of seals"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "印鑑の登録と証明は、住所地の市区町村が条例により行う。", EN: "Seals are registered by the municipality of residence, by its ordinance."}},
	{RenameTown, plain.Sentence{JA: "町名の変更", EN: "give a town another name"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "町字の名称の変更は、住む人すべての軽微な修正になる（規則21条の2）。一人が提案し、別の一人が承認する（SecondPerson）。", EN: "It is a minor amendment for all who live there (Rules, art. 21-2). One person proposes, another confirms (SecondPerson)."}},
	{CloseMove, plain.Sentence{JA: "終わらない転出入を閉じる", EN: "close a move that does not end"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "電文で終わらない転出入は、相手の市区町村と確かめた人が提案し、別の一人が承認して閉じる（SecondPerson）。", EN: "One who has found out with the other municipality proposes to close what no message ends, another approves (SecondPerson)."}},
	{KeepTowns, plain.Sentence{JA: "町字マスターの管理", EN: "keep the master of towns"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "町や字の区域の新設・廃止は市町村が定める（地方自治法第260条）。一人が提案し、別の一人が承認する（SecondPerson）。", EN: "The municipality decides where a town begins or ends (Local Autonomy Act, art. 260). One person proposes, another confirms (SecondPerson)."}},
	{ViewTowns, plain.Sentence{JA: "町字マスターの閲覧", EN: "view the master of towns"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "窓口は、どの町字があるかと、その変更の提案を見る。人の情報は含まない。", EN: "The counter sees which towns there are, and what is proposed about them; it names no person."}},
	{LookAtCertificate, plain.Sentence{JA: "電子証明書の状態の閲覧", EN: "look at a certificate"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "窓口は、住民の電子証明書の状態を本人に答える。", EN: "The counter tells residents how their certificates stand."}},
	{LookAtCertificate, plain.Sentence{JA: "電子証明書の状態の閲覧", EN: "look at a certificate"}, []Job{Operator, Auditor}, issuers,
		plain.Sentence{JA: "発行と失効を運用し、検査するために、シリアル番号で見る。", EN: "To run and to inspect issuance and revocation, by serial number."}},
	{MassPropose, plain.Sentence{JA: "一括失効の提案・停止", EN: "propose, pause or drop a mass revocation"}, []Job{Operator}, authority,
		plain.Sentence{JA: "認証局が自ら失効させる事由がある（公的個人認証法第11条から第15条まで）。試行で対象を確定し、一人では始められない。", EN: "There are grounds on which the CA revokes by itself (JPKI Act, arts. 11 to 15). A dry run fixes the set; nobody starts it alone."}},
	{MassConfirm, plain.Sentence{JA: "一括失効の承認", EN: "confirm a mass revocation"}, []Job{Operator}, authority,
		plain.Sentence{JA: "提案した本人は承認できない（SecondPerson）。", EN: "Not by the one who proposed it (SecondPerson)."}},
	{MakeList, plain.Sentence{JA: "失効リストの作り直し", EN: "have a revocation list made anew"}, []Job{Operator}, authority,
		plain.Sentence{JA: "公表されなかったリストを作り直す。載る内容は記録で決まり、人は選べない。", EN: "In place of one that was not published. What it names the records say, and no person."}},
	{ViewMessages, plain.Sentence{JA: "通知の状況の閲覧", EN: "view messages"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "窓口は、受け付けた届出が届いたかどうかを知る。", EN: "The counter knows whether what it filed has arrived."}},
	{ViewMessages, plain.Sentence{JA: "通知の状況の閲覧", EN: "view messages"}, []Job{Operator, Auditor}, everyone,
		plain.Sentence{JA: "止まった通知は、送った側と受けた側の両方で見える。", EN: "A message that stopped is seen by its sender and by its receiver."}},
	{ResolvePropose, plain.Sentence{JA: "保留の解決の提案", EN: "propose how to resolve a parked message"}, []Job{Operator}, everyone,
		plain.Sentence{JA: "保留の解決は、一人が提案し、別の一人が確認する。", EN: "One person proposes how to resolve it, another confirms."}},
	{ResolveConfirm, plain.Sentence{JA: "保留の解決の確認", EN: "confirm how to resolve a parked message"}, []Job{Operator}, everyone,
		plain.Sentence{JA: "提案した本人は確認できない（SecondPerson）。", EN: "Not by the one who proposed it (SecondPerson)."}},
	{SignRound, plain.Sentence{JA: "日次業務の署名", EN: "sign the round of the day"}, []Job{Operator}, everyone,
		plain.Sentence{JA: "毎日の確認は、運用員が自分の名前で行う。", EN: "The daily check is made by an operator, by name."}},
	{LookAtTokens, plain.Sentence{JA: "鍵の装置の状態の閲覧", EN: "look at the devices that hold keys"}, []Job{Operator, Auditor}, []message.Role{message.CA},
		plain.Sentence{JA: "装置の異常とその証跡を見て、原因を調べる。人の情報は含まない。", EN: "To see what failed and to find out why; it names no person."}},
	{RetryToken, plain.Sentence{JA: "鍵の装置を試し直す", EN: "have a device that holds keys tried again"}, []Job{Operator}, []message.Role{message.CA},
		plain.Sentence{JA: "原因を取り除いた運用員が、自分の名前で行う。", EN: "By the operator who has removed the cause, by name."}},
	{ViewStaff, plain.Sentence{JA: "職員と操作者IDの閲覧", EN: "look at staff and their authority"}, []Job{Administrator, Auditor}, everyone,
		plain.Sentence{JA: "だれが操作できるかを、管理する人と監査する人が見る。", EN: "Those who give out authority and those who audit it see who may act."}},
	{ManageStaff, plain.Sentence{JA: "操作者IDの発行・見直し・取消し", EN: "issue, review and revoke authority"}, []Job{Administrator}, everyone,
		plain.Sentence{JA: "操作者の管理は、ほかの事務を行わない管理者だけが、自分以外の人について行う。", EN: "Only by an administrator who does no other business, and never about themselves."}},
	{ViewAudit, plain.Sentence{JA: "監査記録の閲覧", EN: "view the audit log"}, []Job{Auditor}, everyone,
		plain.Sentence{JA: "記録された側の人は、記録を選んで見ない。", EN: "Those who are recorded do not choose what is read."}},
	{ReviewLooks, plain.Sentence{JA: "閲覧の警報の確認", EN: "review looks"}, []Job{Auditor}, holders,
		plain.Sentence{JA: "漏えいや目的外の利用を防ぐ措置（住民基本台帳法第30条の29）。見た側の人は、自分の閲覧を確認しない。", EN: "Part of keeping the data safe (Basic Resident Registration Act, art. 30-29). Those who looked do not review it."}},
	{KeepAttention, plain.Sentence{JA: "注意対象の名簿の管理", EN: "keep the list of persons who ask for attention"}, []Job{Auditor}, holders,
		plain.Sentence{JA: "だれの閲覧に警報を出すかを、見る側の人は決めない。名簿に氏名は載せない。", EN: "Those who look do not choose whose record rings. The list holds no names."}},
	{FileVerifier, plain.Sentence{JA: "署名検証者の届出", EN: "file as a verifier"}, []Job{Operator}, []message.Role{message.Verifier},
		plain.Sentence{JA: "署名を検証する機関が、自分の名前で届け出る（公的個人認証法第17条）。", EN: "The office that checks signatures files under its own name (JPKI Act, art. 17)."}},
	{DecideFiling, plain.Sentence{JA: "署名検証者の届出の審査", EN: "decide about a verifier's filing"}, []Job{Operator}, []message.Role{message.Prefecture},
		plain.Sentence{JA: "届出は知事に対して行う（公的個人認証法第17条）。一人が提案し、別の一人が承認する。", EN: "Filings go to the governor (JPKI Act, art. 17). One person proposes, another confirms."}},
	{PlanMaintenance, plain.Sentence{JA: "計画停止の登録", EN: "enter planned maintenance"}, []Job{Operator}, []message.Role{message.Prefecture},
		plain.Sentence{JA: "外部監視の数値から分けて示すために、止まる前に登録する。登録と取消しは監査記録に残る。", EN: "Entered beforehand, so that the figures of the probes show it apart. It is recorded who entered or withdrew it."}},
	{LookAtDelegation, plain.Sentence{JA: "委任した認証局の状況の閲覧", EN: "look at the delegated CA"}, []Job{Operator, Auditor}, []message.Role{message.Prefecture},
		plain.Sentence{JA: "委任した都道府県は、委任先の発行・失効・異常を自ら確かめる。人の情報は含まない。", EN: "Who has delegated looks at what is issued, revoked and wrong there; it names no person."}},
	{AskReport, plain.Sentence{JA: "認証局の報告を求める", EN: "ask the CA for a report"}, []Job{Operator}, []message.Role{message.Prefecture},
		plain.Sentence{JA: "いまの状況が要る運用員が、自分の名前で行う。", EN: "By the operator who needs to know now, by name."}},
	{ApproveUse, plain.Sentence{JA: "提供する事務の提案・承認・終了", EN: "propose, approve or end a use"}, []Job{Operator}, keepers,
		plain.Sentence{JA: "本人確認情報は、法律が定める事務だけに提供する（住民基本台帳法第30条の7・第30条の8・第30条の10）。一人が提案し、別の一人が承認する。", EN: "Data are given for listed work alone (Basic Resident Registration Act, arts. 30-7, 30-8 and 30-10). One person proposes a use, another approves it."}},
	{Provide, plain.Sentence{JA: "本人確認情報の提供を受ける", EN: "be given data under a use"}, []Job{Clerk}, keepers,
		plain.Sentence{JA: "承認された事務の担当者だけが、その事務の項目だけを受ける（住民基本台帳法第30条の7・第30条の8・第30条の10）。", EN: "Only the persons of an approved use, and only its items (Basic Resident Registration Act, arts. 30-7, 30-8 and 30-10)."}},
	{ViewProvision, plain.Sentence{JA: "提供する事務と提供の状況の閲覧", EN: "view uses and how much was given"}, []Job{Clerk, Operator, Auditor}, keepers,
		plain.Sentence{JA: "提供の状況は、少なくとも毎年公表する（住民基本台帳法第30条の11第6項）。人の情報は含まない。", EN: "How much was given is published at least each year (Basic Resident Registration Act, art. 30-11(6)). It names no person."}},
	{ReportError, plain.Sentence{JA: "記録の誤りの通知", EN: "report an error in a record"}, []Job{Clerk}, keepers,
		plain.Sentence{JA: "誤りを知ったときは、遅滞なく通知する（住民基本台帳法第12条の5・第30条の11第5項）。", EN: "Who notices an error tells of it without delay (Basic Resident Registration Act, arts. 12-5 and 30-11(5))."}},
	{AnswerError, plain.Sentence{JA: "記録の誤りの調査と回答", EN: "find out about an error and answer"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "記録は市町村長のもので、調べて訂正するのも市町村長である（住民基本台帳法第8条・第12条の5）。", EN: "The record is the mayor's, who finds out and corrects it (Basic Resident Registration Act, arts. 8 and 12-5)."}},
	{ViewErrors, plain.Sentence{JA: "記録の誤りの通知の閲覧", EN: "view reports of errors"}, []Job{Clerk}, []message.Role{message.Municipality, message.Prefecture, message.NationalCenter},
		plain.Sentence{JA: "通知には住民票コードと、見つけた人の文章が入る。事務に就く職員だけが見る。", EN: "A report has a record code and what somebody wrote: only those who do this work read it."}},
	{ProtectPerson, plain.Sentence{JA: "支援措置の申出の受付・決定・延長", EN: "take an application for protection, decide and renew it"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "申出は市区町村の窓口に対して行う。守る側に倒すことは、一人でできる。", EN: "Applications go to the counter. To protect takes one person."}},
	{AskRelease, plain.Sentence{JA: "支援措置の一時解除・終了の依頼", EN: "ask that a protection be released or ended"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "本人に応対する窓口の一人が、わけを書いて依頼する。依頼だけでは何も開かない。", EN: "By the clerk who serves the person, with a reason. Asking alone opens nothing."}},
	{ReleaseProtection, plain.Sentence{JA: "支援措置の一時解除・終了の承認", EN: "grant that a protection is released or ended"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "依頼した本人とは別の一人が認める（SecondPerson）。", EN: "Another person grants what one has asked for (SecondPerson)."}},
	{ViewIssuing, plain.Sentence{JA: "証明書の申請の状況の閲覧", EN: "look at how requests for documents stand"}, []Job{Operator, Auditor}, []message.Role{message.Issuing},
		plain.Sentence{JA: "どの申請がなぜ止まったかを、運用する人と監査する人が見る。人の情報は含まない。", EN: "Those who run and audit it see which request stopped and why; it names no person."}},
	{CountProtections, plain.Sentence{JA: "支援措置の件数の閲覧", EN: "look at how many persons are protected"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "件数が団体の間で同じかを毎日確かめる。人の情報は含まない。", EN: "Whether every organisation counts the same is looked at daily; it names no person."}},
	{CountProtections, plain.Sentence{JA: "支援措置の件数の閲覧", EN: "look at how many persons are protected"}, []Job{Operator, Auditor}, []message.Role{message.Municipality, message.Prefecture, message.NationalCenter},
		plain.Sentence{JA: "件数が団体の間で同じかを毎日確かめる。人の情報は含まない。", EN: "Whether every organisation counts the same is looked at daily; it names no person."}},
	{SetIdentityRule, plain.Sentence{JA: "本人確認の人数の規則の提案・承認", EN: "propose and confirm by how many identity is checked"}, []Job{Clerk}, counter,
		plain.Sentence{JA: "本人確認を何人の職員で行うかは、市区町村が決める。一人が提案し、別の一人が承認する（SecondPerson）。", EN: "The municipality decides how many of its staff check. One person proposes, another confirms (SecondPerson)."}},
	{ViewIdentityRule, plain.Sentence{JA: "本人確認の人数の規則の閲覧", EN: "view by how many identity is checked"}, []Job{Clerk, Operator, Auditor}, counter,
		plain.Sentence{JA: "規則とその履歴は、窓口と監査する人が見る。人の情報は含まない。", EN: "The counter and those who audit it see the rule and what it was before; it names no resident."}},
	{AcknowledgeImpact, plain.Sentence{JA: "失効の遅れの影響の確認", EN: "acknowledge a late revocation"}, []Job{Operator}, []message.Role{message.Verifier},
		plain.Sentence{JA: "誤って有効と答えられた機関の人が、何をしたかを書いて確認する。", EN: "A person of the office that was told wrongly says what was done."}},
	{StopIssuing, plain.Sentence{JA: "証明書の発行の停止", EN: "stop issuing documents"}, []Job{Operator}, []message.Role{message.Issuing},
		plain.Sentence{JA: "別の人の証明書が出るおそれがあるときは、一人ですぐに止められる（令和5年の誤交付）。", EN: "When papers might go to the wrong people, one person stops at once (as in 2023)."}},
	{ResumeIssuing, plain.Sentence{JA: "証明書の発行の再開", EN: "resume issuing documents"}, []Job{Operator}, []message.Role{message.Issuing},
		plain.Sentence{JA: "再開は、原因と対処を書いた人と別の一人が承認する（SecondPerson）。", EN: "One person says what was found and done, another resumes (SecondPerson)."}},
	{ViewIssuing, plain.Sentence{JA: "証明書の申請の状況の閲覧", EN: "look at how requests for documents stand"}, []Job{Operator, Auditor}, []message.Role{message.NationalCenter},
		plain.Sentence{JA: "どの証明発行サーバがどの版で動き、どの版が止められているかを見る。人の情報は含まない。", EN: "Which version each issuing server runs, and which is stopped; it names no person."}},
	{StopIssuing, plain.Sentence{JA: "証明書の発行の停止", EN: "stop issuing documents"}, []Job{Operator}, []message.Role{message.NationalCenter},
		plain.Sentence{JA: "誤りのある版は、名前で止める。全国に及ぶので、一人が提案し、別の一人が承認する（SecondPerson）。", EN: "A faulty version is stopped by its name. It concerns the whole country: one person proposes, another approves (SecondPerson)."}},
	{ResumeIssuing, plain.Sentence{JA: "証明書の発行の再開", EN: "resume issuing documents"}, []Job{Operator}, []message.Role{message.NationalCenter},
		plain.Sentence{JA: "再開は、原因と対処を書いた人と別の一人が承認する（SecondPerson）。", EN: "One person says what was found and done, another resumes (SecondPerson)."}},
	{TraceDocument, plain.Sentence{JA: "証明書の経緯の閲覧", EN: "follow what became of a document"}, []Job{Clerk, Operator, Auditor}, []message.Role{message.Municipality, message.Issuing},
		plain.Sentence{JA: "誤交付は、渡した側と作った側の記録を突き合わせて確かめる（令和5年の誤交付）。人の情報は含まない。", EN: "Whether a paper went to the wrong person is found out from the records of both sides (2023). It names no person."}},
	{InquireDocuments, plain.Sentence{JA: "証明書の調査の開始", EN: "begin an inquiry into documents"}, []Job{Clerk, Operator}, counter,
		plain.Sentence{JA: "どの証明書が関わるかは、原因を書いた人の名前で調べる。だれの証明書かは、窓口の職員だけが見る。", EN: "By somebody who states the cause, by name. Whose documents they are, the counter alone sees."}},
	{VerifyDocument, plain.Sentence{JA: "証明書の確認", EN: "verify a document"}, []Job{Public, Clerk, Operator, Auditor, Administrator}, []message.Role{message.Issuing},
		plain.Sentence{JA: "受け取った証明書の確認は、だれでもできる。紙にあることより多くは答えない。", EN: "Whoever was given a document may verify it. The answer tells no more than the paper."}},
	{VerifySignature, plain.Sentence{JA: "署名の検証", EN: "verify a signature"}, []Job{Public, Clerk, Operator, Auditor, Administrator}, []message.Role{message.Verifier},
		plain.Sentence{JA: "署名検証者の受付は、だれでも使える。", EN: "The verifier's desk is open to everybody."}},
}

// Rules returns a copy of the table by which May decides, for the page that shows it.
func Rules() []Rule { return append([]Rule(nil), rules...) }

// Name returns what people call the act; the act itself when no rule names it.
func (a Act) Name() plain.Sentence {
	for _, r := range rules {
		if r.Act == a {
			return r.Name
		}
	}
	return plain.Sentence{JA: string(a), EN: string(a)}
}

// dangerous are the acts that take a passkey shown a moment ago (Person.Fresh): what cannot be taken back by the person
// alone, what ends somebody's means of acting, and what gives authority. A walk-away screen must not do them.
var dangerous = map[Act]bool{
	RevokeCertificate: true,
	ResolveConfirm:    true,
	MassPropose:       true,
	MassConfirm:       true,
	DecideFiling:      true,
	ManageStaff:       true,
	AskRelease:        true, // a screen that somebody walked away from must not ask in their name
	ReleaseProtection: true, // it opens the record of somebody whose whereabouts are a matter of life
	SetIdentityRule:   true, // fewer eyes on whoever comes next
	CloseMove:         true, // no message ends the move after it, and the other end is told
	RenameTown:        true, // it amends the record of everybody who lives there
	KeepTowns:         true, // by it addresses are judged from its day on
	CorrectRecord:     true, // a record changes though nobody has come to file it
	ApproveUse:        true, // it has data of many given for as long as the use holds
}

// Dangerous tells whether the act takes a passkey that was shown a moment ago.
func (a Act) Dangerous() bool { return dangerous[a] }
