package auditpage

import (
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// acts are what the acts of the log are called. One that is not here, of a program that is newer or older, is shown as it
// was written.
var acts = map[string]plain.Sentence{
	auditlog.ActLook:    {JA: "情報を見た", EN: "looked at the data"},
	actRead:             {JA: "監査記録を見た", EN: "read the audit log"},
	"disclosure.accept": {JA: "開示・訂正の請求を受け付けた", EN: "accepted a request for disclosure or correction"},
	"disclosure.reply":  {JA: "開示・訂正の請求に回答した", EN: "answered a request for disclosure or correction"},
	"disclosure.extend": {JA: "開示の期限を延長した", EN: "extended the time for a disclosure"},
	"disclosure.tell":   {JA: "閲覧の記録を開示のために伝えた", EN: "told who looked, for a disclosure"},
	"looks.expired":     {JA: "保存期間を過ぎた閲覧の記録を消した", EN: "deleted looks at the end of their time"},
	"look.confirm":      {JA: "注意対象の記録を開くことを確認した", EN: "confirmed a look that asks for attention"},
	"look.review":       {JA: "閲覧の警報を確認した", EN: "reviewed looks"},
	"attention.keep":    {JA: "注意対象に加えた", EN: "put a person on the list for attention"},
	"attention.drop":    {JA: "注意対象から外した", EN: "took a person off the list for attention"},
	"visit.open":        {JA: "来庁・案件を開いた", EN: "opened a visit"},
	"visit.close":       {JA: "来庁・案件を閉じた", EN: "closed a visit"},

	"issuing.filled":   {JA: "証明発行サーバに、全員の記録を送った（自動）", EN: "told the issuing server of everybody"},
	"issuing.question": {JA: "証明書の発行前の確認に答えた", EN: "answered before a document was issued"},
	"issuing.record":   {JA: "証明発行用の記録を反映した", EN: "applied a record that documents are made of"},
	"issuing.snapshot": {JA: "証明発行用の記録を、いまの状態に合わせた", EN: "made a record that documents are made of what the register says"},
	"issuing.request":  {JA: "証明書の申請を受け、住民記録に確かめた", EN: "took a request for a document, and asked the register"},
	"issuing.decided":  {JA: "証明書を発行してよいかを決めた（自動）", EN: "decided whether a document may be issued"},
	"issuing.issued":   {JA: "証明書に署名して窓口に送った、または止めた（自動）", EN: "signed a document and sent it to the counter, or stopped it"},
	"issuing.day":      {JA: "窓口の日締めを、このサーバの記録と突き合わせた", EN: "held the counter's close of a day against its own records"},
	"issuing.ended":    {JA: "証明書がどうなったかを記録した", EN: "wrote down what became of a document"},

	"issuing.stop":           {JA: "証明書の発行を止めた", EN: "stopped issuing documents"},
	"issuing.resume-propose": {JA: "証明書の発行の再開を提案した", EN: "proposed to resume issuing documents"},
	"issuing.stop-propose":   {JA: "証明書の発行の停止を提案した", EN: "proposed to stop issuing documents"},
	"issuing.halt-heard":     {JA: "発行の停止を知らされた", EN: "was told that issuing is stopped"},
	"issuing.lift-heard":     {JA: "発行の再開を知らされた", EN: "was told that issuing is resumed"},
	"issuing.resume":         {JA: "証明書の発行を再開した", EN: "resumed issuing documents"},

	"apply-for-document":    {JA: "証明書の申請を受け付けた", EN: "took an application for a document"},
	"document-state":        {JA: "証明書の状態が変わった", EN: "a document stands differently"},
	"third-request":         {JA: "第三者の請求を受け付けた", EN: "took the request of a third person"},
	"third-decided":         {JA: "第三者の請求の可否を決めた", EN: "decided the request of a third person"},
	"document-sheet":        {JA: "渡す前に、別の証明書のページを見つけた", EN: "found a page of another document before it was handed over"},
	"document-case":         {JA: "証明書の件を開いた", EN: "opened a case about a document"},
	"document-case-propose": {JA: "証明書の件の紙がどうなったかを書いた", EN: "said what became of the paper of a case about a document"},
	"document-case-close":   {JA: "証明書の件の紙がどうなったかを確認し、件を閉じた", EN: "confirmed what became of the paper, and closed the case"},
	"document-print":        {JA: "証明書を印刷に出した", EN: "had a document printed"},
	"document-trace":        {JA: "証明書の経緯を見た", EN: "followed what became of a document"},
	"document-inquiry":      {JA: "証明書の調査を始めた", EN: "began an inquiry into documents"},
	"document-affected":     {JA: "調査に関わる証明書の一覧を見た", EN: "listed the documents of an inquiry"},
	"documents-decided":     {JA: "ある間に決めた証明書の一覧を答えた", EN: "listed the documents that were decided on in a time"},
	"document-recall":       {JA: "渡した証明書を無効とした", EN: "declared a document void that was handed over"},
	"document-recover":      {JA: "無効とした証明書の紙を回収した", EN: "got the paper of a void document back"},
	"document-day":          {JA: "証明書の一日を締めた", EN: "closed a day of documents"},

	// The municipality.
	"import":                {JA: "住民を取り込んだ", EN: "imported a resident"},
	"register":              {JA: "住民を登録した", EN: "registered a resident"},
	"file-change":           {JA: "異動の届出を受け付けた", EN: "filed a change"},
	"ask-for-codes":         {JA: "住民票コードを求めた", EN: "asked for record codes"},
	"receive-codes":         {JA: "住民票コードを受け取った", EN: "received record codes"},
	"ask-to-attach":         {JA: "住民票コードを付けてよいか問い合わせた", EN: "asked whether a record code may be attached"},
	"receive-number":        {JA: "個人番号を受け取って記載した", EN: "received and entered an individual number"},
	"send-number-notice":    {JA: "個人番号通知書を送った", EN: "sent the notice of an individual number"},
	"apply-for-certificate": {JA: "電子証明書の発行を申請した", EN: "applied for a certificate"},
	"take-application":      {JA: "電子証明書の申請を受け付け、もう一人の本人確認を待った", EN: "took an application, to be checked by another person"},
	"check-identity-again":  {JA: "二人目として本人確認をし、発行を申請した", EN: "checked the applicant's identity as the second person, and applied"},
	"refuse-application":    {JA: "本人確認の中で申請を却下した", EN: "refused an application that was being checked"},
	"check-lapsed":          {JA: "二人目の本人確認がなく、申請が期限切れになった（自動）", EN: "an application has lapsed that nobody else checked"},
	"take-filing":           {JA: "届出・申請を受け付け、もう一人の本人確認を待った", EN: "took what was filed, to be checked by another person"},
	"check-filing-again":    {JA: "二人目として本人確認をし、届出・申請を受け付けた", EN: "checked who filed it as the second person, and filed it"},
	"refuse-filing":         {JA: "本人確認の中で届出・申請を却下した", EN: "refused what was filed and was being checked"},
	"filing-lapsed":         {JA: "二人目の本人確認がなく、届出・申請が期限切れになった（自動）", EN: "what was filed has lapsed, and nobody else checked"},
	"tell-of-lapse":         {JA: "申請の期限切れを本人に伝えた", EN: "told an applicant that the application has lapsed"},
	"propose-identity-rule": {JA: "本人確認の人数の規則を提案した", EN: "proposed by how many identity is checked"},
	"confirm-identity-rule": {JA: "本人確認の人数の規則を承認した", EN: "confirmed by how many identity is checked"},
	"drop-identity-rule":    {JA: "本人確認の人数の規則の提案を取り下げた", EN: "dropped a rule of identity checks"},
	"found-identity-rule":   {JA: "最初の本人確認の人数の規則を記録した", EN: "began with a rule of identity checks"},
	"receive-certificate":   {JA: "電子証明書を受け取った", EN: "received a certificate"},
	"receive-refusal":       {JA: "発行しないという回答を受けた", EN: "received a refusal"},
	"hand-over-key":         {JA: "鍵を本人に渡した", EN: "handed over the key"},
	"propose-renaming":      {JA: "町名の変更を提案した", EN: "proposed another name of a town"},
	"confirm-renaming":      {JA: "町名の変更を承認した", EN: "confirmed another name of a town"},
	"propose-towns":         {JA: "町字マスターの変更を提案した", EN: "proposed a change of the master of towns"},
	"confirm-towns":         {JA: "町字マスターの変更を承認した", EN: "confirmed a change of the master of towns"},
	"drop-towns":            {JA: "町字マスターの変更を取り下げた", EN: "dropped a change of the master of towns"},
	"found-towns":           {JA: "町字マスターを備えた", EN: "founded the master of towns"},
	"drop-renaming":         {JA: "町名の変更を取り下げた", EN: "dropped another name of a town"},
	"register-seal":         {JA: "印鑑を登録した", EN: "registered a seal"},
	"inquire-seal":          {JA: "印鑑登録の照会書を出した", EN: "inquired about a seal by letter"},
	"end-seal":              {JA: "印鑑登録を廃止した", EN: "ended the registration of a seal"},
	"ask-for-revocation":    {JA: "電子証明書の失効を申請した", EN: "asked for a revocation"},

	// What came by messages.
	"move-close-proposed":            {JA: "転出入を閉じることを提案した", EN: "proposed to close a move"},
	"move-close-dropped":             {JA: "転出入を閉じる提案を取り下げた", EN: "dropped the proposal to close a move"},
	"card-lapsed":                    {JA: "カードによる転入の期限が過ぎた", EN: "the time of moving in by the card is over"},
	"move-closed":                    {JA: "転出入を閉じることを承認した", EN: "approved that a move is closed"},
	"resident.moveout":               {JA: "転出証明書情報を受けた", EN: "took information of a moving out"},
	"resident.movein":                {JA: "転入通知を受けた", EN: "took a notice of a moving in"},
	"resident.change":                {JA: "異動を記録した", EN: "took a change of a resident"},
	"resident.invalidation":          {JA: "異動に伴う失効を記録した", EN: "took what a change invalidates"},
	"resident.snapshot":              {JA: "再送された住民の記録を適用した", EN: "took a resident that was sent again"},
	"resident.invalidation.snapshot": {JA: "再送された失効を適用した", EN: "took an invalidation that was sent again"},
	"cert.issuance":                  {JA: "電子証明書の発行を記録した", EN: "took the issue of a certificate"},
	"cert.revoke":                    {JA: "失効の申請・届出を受けた", EN: "took a holder's request or report"},
	"cert.snapshot":                  {JA: "再送された電子証明書の発行を適用した", EN: "took a certificate that was sent again"},
	"attach.propose":                 {JA: "取り置いた照会に答えることを提案した", EN: "proposed to let a municipality ask about a record code again"},
	"attach.let":                     {JA: "取り置いた照会を認めた", EN: "let a municipality ask about a record code again"},
	"duplicate.compare":              {JA: "重複の件の記録を見比べた", EN: "compared the records of a finding of the duplicate check"},
	"duplicate.propose":              {JA: "重複の件を閉じることを提案した", EN: "proposed to close a finding of the duplicate check"},
	"code.attach":                    {JA: "住民票コードを付けてよいか答えた", EN: "answered whether a record code may be attached"},
	"number.assignment":              {JA: "個人番号を知らせた", EN: "told an individual number"},
	"code.allotment":                 {JA: "住民票コードを割り当てた", EN: "allotted record codes"},
	"snapshot":                       {JA: "再送された内容を適用した", EN: "took what was sent again"},
	"strike":                         {JA: "再送により記録を消した", EN: "struck out what is not held any more"},
	"use.propose":                    {JA: "提供する事務を提案した", EN: "proposed a use"},
	"use.approve":                    {JA: "提供する事務を承認した", EN: "approved a use"},
	"use.refuse":                     {JA: "提供する事務を承認しなかった", EN: "refused a use"},
	"use.end":                        {JA: "提供する事務を終えた", EN: "ended a use"},
	"provide":                        {JA: "本人確認情報を提供した", EN: "gave data under a use"},
	"error.report":                   {JA: "記録の誤りを通知した・された", EN: "reported, or was told of, an error in a record"},
	"error.own":                      {JA: "記録の誤りの調査を引き受けた", EN: "took an error in a record to find out about"},
	"error.answer":                   {JA: "記録の誤りの通知に回答した・回答を受けた", EN: "answered, or was answered about, an error in a record"},
	"search":                         {JA: "住民を検索した", EN: "searched for a resident"},

	// Certificates.
	"settle":             {JA: "旧版が求めなかった失効を求めた", EN: "demanded a revocation that an older program had not"},
	"intend":             {JA: "発行することにした", EN: "decided to issue"},
	"keep-identity-rule": {JA: "市区町村の本人確認の規則を記録した", EN: "kept a municipality's rule of identity checks"},
	"issue":              {JA: "電子証明書を発行した", EN: "issued a certificate"},
	"refuse":             {JA: "発行しないことにした", EN: "refused to issue"},
	"revoke":             {JA: "電子証明書を失効させた", EN: "revoked a certificate"},
	"mend-row":           {JA: "壊れた記録を補って失効させた", EN: "mended a damaged row to revoke it"},
	"mass.propose":       {JA: "一括失効を提案した", EN: "proposed a mass revocation"},
	"mass.confirm":       {JA: "一括失効を承認した", EN: "confirmed a mass revocation"},
	"mass.pause":         {JA: "一括失効を止めた", EN: "paused a mass revocation"},
	"mass.resume":        {JA: "一括失効を再開した", EN: "resumed a mass revocation"},
	"mass.drop":          {JA: "一括失効を取り下げた", EN: "dropped a mass revocation"},
	"mass.done":          {JA: "一括失効が終わった", EN: "ended a mass revocation"},
	"list.make":          {JA: "失効リストを作り直させた", EN: "had a revocation list made anew"},
	"nothing-to-revoke":  {JA: "失効させる電子証明書がなかった", EN: "had nothing to revoke"},
	"certify-responder":  {JA: "応答者証明書を受け取った", EN: "took the responder's certificate"},
	"publish-refused":    {JA: "失効リストを公表しなかった", EN: "did not publish a revocation list"},
	"publish":            {JA: "失効リストを公表した", EN: "published a revocation list"},
	"publish-finding":    {JA: "公表した失効リストに不審な点を見つけた", EN: "found something wrong with a revocation list that was published"},
	"verify-signature":   {JA: "署名を検証した", EN: "verified a signature"},

	// Protected persons.
	"resident.protection":          {JA: "支援措置の知らせを受けた", EN: "took the flag of a protected person"},
	"resident.protection.end":      {JA: "支援措置の終了の知らせを受けた", EN: "took the end of a protection"},
	"resident.protection.snapshot": {JA: "支援措置の現在の状態を受けた", EN: "took the present state of a protection"},
	"protect-person":               {JA: "支援措置の申出を受け付けた", EN: "took an application for protection"},
	"protection-decided":           {JA: "支援措置を決定した", EN: "decided a protection"},
	"protection-renewed":           {JA: "支援措置を延長した", EN: "renewed a protection"},
	"protection-list-made":         {JA: "支援措置を終了する一覧を作った", EN: "made a list of protections to end"},
	"protection-ended":             {JA: "支援措置を終了した", EN: "ended a protection"},
	"release-asked":                {JA: "支援措置の一時解除を依頼した", EN: "asked for a release"},
	"release-granted":              {JA: "支援措置の一時解除を認めた", EN: "granted a release"},
	"release-refused":              {JA: "支援措置の一時解除を認めなかった", EN: "refused a release"},
	"release-opened":               {JA: "一時解除を使い始めた", EN: "began to use a release"},
	"release-locked":               {JA: "一時解除が終わった（自動）", EN: "a release has locked again by itself"},

	// Verifiers.
	"verifier.filing":       {JA: "署名検証者の届出をした・受けた", EN: "filed, or took the filing of, a verifier"},
	"verifier.renumbered":   {JA: "署名検証者の届出に新しい番号を付けた", EN: "gave a verifier's filing a new number"},
	"verifier.propose":      {JA: "署名検証者の届出の扱いを提案した", EN: "proposed what to do about a verifier's filing"},
	"verifier.accepted":     {JA: "署名検証者の届出が受理された", EN: "accepted a verifier's filing"},
	"verifier.refused":      {JA: "署名検証者の届出が受理されなかった", EN: "refused a verifier's filing"},
	"verifier.ended":        {JA: "署名検証者の届出が終わった", EN: "ended a verifier's filing"},
	"verifier.registration": {JA: "署名検証者の登録を受けた", EN: "took whom to serve"},
	"ca.report":             {JA: "認証局の報告を受けた", EN: "took a report of the CA"},
	"ca.report.ask":         {JA: "認証局の報告を求めた・求められた", EN: "asked, or was asked, for a report of the CA"},
	"ca.report.tell":        {JA: "都道府県に状況を報告した", EN: "reported to a prefecture"},
	"answers.expired":       {JA: "保存期間の過ぎた回答の記録を消した", EN: "deleted answers whose time was over"},
	"impact.opened":         {JA: "失効の遅れの影響を記録した", EN: "recorded the impact of a late revocation"},
	"impact.notice":         {JA: "失効の遅れの影響を知らせた・知らされた", EN: "told, or was told, of the impact of a late revocation"},
	"maintenance.plan":      {JA: "計画停止を登録した", EN: "entered planned maintenance"},
	"maintenance.withdraw":  {JA: "計画停止を取り消した", EN: "withdrew planned maintenance"},
	"impact.acknowledged":   {JA: "失効の遅れの影響が確認された", EN: "acknowledged the impact of a late revocation"},

	// The operators.
	"message.inquiry":     {JA: "電文について問い合わせた", EN: "asked about a message"},
	"message.answer":      {JA: "電文について回答した", EN: "answered about a message"},
	"message.propose":     {JA: "電文の解決を提案した", EN: "proposed how to resolve a message"},
	"message.confirm":     {JA: "電文の解決を承認した", EN: "confirmed how to resolve a message"},
	"case.opened":         {JA: "不一致の件を開いた", EN: "opened a case"},
	"case.explained":      {JA: "説明済みの件を開いた", EN: "opened a case as explained"},
	"case.own":            {JA: "件を引き受けた", EN: "took a case"},
	"case.inquiry":        {JA: "件について問い合わせた", EN: "asked about a case"},
	"case.answer":         {JA: "件について回答した", EN: "answered about a case"},
	"case.propose":        {JA: "件の解決を提案した", EN: "proposed how to end a case"},
	"case.confirm":        {JA: "件の解決を承認した", EN: "confirmed how to end a case"},
	"case.resend":         {JA: "件の内容を再送した", EN: "sent again what a case is about"},
	"book.refill":         {JA: "帳簿の送り直しを始めた", EN: "began to send a book anew"},
	"book.refilled":       {JA: "帳簿を送り直した", EN: "sent a book anew"},
	"finding.acknowledge": {JA: "自己監査の所見を閉じた", EN: "closed a finding"},
	"token.retry":         {JA: "鍵の装置を試し直させた", EN: "had a device that holds keys tried again"},
	"due.retry":           {JA: "脇に置いた仕事を再開した", EN: "let work that was set aside try again"},
	"round":               {JA: "日次業務に署名した", EN: "signed the daily round"},
	"drill.begin":         {JA: "警報の訓練を始めた", EN: "began a drill"},
	"drill.held":          {JA: "警報の訓練が終わった（警報は届いた）", EN: "ended a drill: the alarms came through"},
	"drill.failed":        {JA: "警報の訓練が終わった（警報が届かなかった）", EN: "ended a drill: an alarm did not come through"},

	"staff.issue":    {JA: "操作者IDを発行した", EN: "issued authority to a person"},
	"staff.transfer": {JA: "操作者IDを異動した", EN: "transferred a person's authority"},
	"staff.revoke":   {JA: "操作者IDを取り消した", EN: "revoked a person's authority"},
	"staff.review":   {JA: "操作者IDを見直した", EN: "reviewed a person's authority"},
	"staff.invite":   {JA: "パスキーの登録に招いた", EN: "invited a person to register a passkey"},
	"staff.confirm":  {JA: "パスキーの登録の招待を確認した", EN: "confirmed an invitation to register a passkey"},
	"staff.register": {JA: "パスキーを登録した", EN: "registered a passkey"},
	"staff.hold":     {JA: "複製のおそれのあるパスキーを止めた", EN: "held a passkey of which there may be a copy"},
	"staff.lost":     {JA: "パスキーを紛失とした", EN: "took a passkey out of use as lost"},
	"staff.withdraw": {JA: "パスキーの使用をやめた", EN: "took a passkey out of use"},
	"staff.taken":    {JA: "他人のパスキーの登録を断った", EN: "refused a passkey that is another person's"},

	"check.found": {JA: "点検: おかしなものを見つけた", EN: "inspection: found something wrong"},
	"check.ended": {JA: "点検: 正しくなった", EN: "inspection: it was found right"},
	"check.close": {JA: "点検の所見を閉じた", EN: "closed a finding of the inspection"},

	"selfaudit.changed":    {JA: "自己監査: 行が書き換えられていた", EN: "self-audit: a row was changed"},
	"selfaudit.gone":       {JA: "自己監査: 行が消えていた", EN: "self-audit: a row was gone"},
	"selfaudit.appeared":   {JA: "自己監査: 行が現れていた", EN: "self-audit: a row had appeared"},
	"selfaudit.doubled":    {JA: "自己監査: 行が二重にあった", EN: "self-audit: a row was there twice"},
	"selfaudit.unreadable": {JA: "自己監査: 行が読めなかった", EN: "self-audit: a row could not be read"},
	"selfaudit.sums":       {JA: "自己監査: 合計が合わなかった", EN: "self-audit: the sums were wrong"},
}

// actWords is what an act is called.
func actWords(act string) any {
	if words, known := acts[act]; known {
		return words
	}
	return webui.Code(act)
}

// actorWords is who acted: an organisation by its name, the program, or a person by the identifier that stands in every
// record and on every screen.
func actorWords(actor string, at time.Time) any {
	switch {
	case actor == "system":
		return plain.Sentence{JA: "プログラム", EN: "the program"}
	case actor == "command line":
		return plain.Sentence{JA: "コマンド", EN: "the command line"}
	case actor == "drill":
		return plain.Sentence{JA: "警報の訓練", EN: "a drill"}
	case actor == "import":
		return plain.Sentence{JA: "取込み", EN: "an import"}
	}
	if o, err := message.ParseOrg(actor); err == nil {
		return webui.NameOf(o, at)
	}
	return webui.Code(actor)
}
