package printing

import (
	"regexp"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// Severity is how much a reason matters (RFC 8011 section 5.4.12).
type Severity int

// The severities. Error stops the printing until somebody does something.
const (
	Report Severity = iota + 1
	Warning
	Error
)

// Reason is something that a printer says about itself or a job, in words: what, and what to do.
type Reason struct {
	Keyword  string // as in IPP, without the suffix of its severity; "" when it is no keyword
	Severity Severity
	plain.Sentence
}

// reasonWords has the reasons of printers (RFC 8011 section 5.4.12) and of jobs (section 5.3.8) that somebody at a counter can do something about or
// should know of. The severity is that of a reason that comes without a suffix.
var reasonWords = map[string]struct {
	severity Severity
	ja, en   string
}{
	"media-jam":                        {Error, "紙が詰まっています。詰まった紙を取り除いてください。途中の紙は破棄してください。", "Paper is jammed. Take it out, and destroy what is half-printed."},
	"media-empty":                      {Error, "用紙がありません。用紙を入れてください。", "There is no paper. Put some in."},
	"media-needed":                     {Error, "必要な種類の用紙が入っていません。用紙を入れてください。", "The kind of paper that is needed is not there. Put it in."},
	"media-low":                        {Warning, "用紙が残り少なくなっています。", "There is little paper left."},
	"door-open":                        {Error, "ドアが開いています。閉めてください。", "A door is open. Close it."},
	"cover-open":                       {Error, "カバーが開いています。閉めてください。", "A cover is open. Close it."},
	"interlock-open":                   {Error, "安全装置が外れています。ドアとカバーを確かめてください。", "An interlock is open. Check doors and covers."},
	"input-tray-missing":               {Error, "給紙トレイが外れています。取り付けてください。", "An input tray is missing. Put it in."},
	"output-tray-missing":              {Error, "排紙トレイが外れています。取り付けてください。", "An output tray is missing. Put it in."},
	"output-area-almost-full":          {Warning, "排紙トレイがもうすぐいっぱいです。", "The output tray is nearly full."},
	"output-area-full":                 {Error, "排紙トレイがいっぱいです。出ている紙を取り出してください。", "The output tray is full. Take out what is there."},
	"toner-low":                        {Warning, "トナーが残り少なくなっています。", "There is little toner left."},
	"toner-empty":                      {Error, "トナーがありません。交換してください。", "There is no toner. Replace it."},
	"marker-supply-low":                {Warning, "インクまたはトナーが残り少なくなっています。", "There is little ink or toner left."},
	"marker-supply-empty":              {Error, "インクまたはトナーがありません。交換してください。", "There is no ink or toner. Replace it."},
	"marker-waste-almost-full":         {Warning, "廃トナー容器がもうすぐいっぱいです。", "The waste container is nearly full."},
	"marker-waste-full":                {Error, "廃トナー容器がいっぱいです。交換してください。", "The waste container is full. Replace it."},
	"developer-low":                    {Warning, "現像剤が残り少なくなっています。", "There is little developer left."},
	"developer-empty":                  {Error, "現像剤がありません。保守の担当者に連絡してください。", "There is no developer. Call whoever maintains the printer."},
	"opc-near-eol":                     {Warning, "感光体の交換時期が近づいています。", "The photoconductor is near its end."},
	"opc-life-over":                    {Error, "感光体の寿命です。保守の担当者に連絡してください。", "The photoconductor is at its end. Call whoever maintains the printer."},
	"fuser-over-temp":                  {Error, "定着器の温度が高すぎます。冷めるまで待ってください。", "The fuser is too hot. Wait until it has cooled."},
	"fuser-under-temp":                 {Warning, "定着器が温まるのを待っています。", "The fuser is warming up."},
	"interpreter-resource-unavailable": {Error, "文書に必要な資源がプリンターにありません。保守の担当者に連絡してください。", "The printer lacks something that the document needs. Call whoever maintains it."},
	"paused":                           {Error, "プリンターかキューが一時停止しています。再開してください。", "The printer or the queue is paused. Resume it."},
	"moving-to-paused":                 {Warning, "プリンターが一時停止するところです。", "The printer is about to pause."},
	"stopping":                         {Warning, "プリンターが停止するところです。", "The printer is stopping."},
	"stopped-partly":                   {Warning, "キューの機器の一部が止まっています。", "Some of the devices of the queue have stopped."},
	"shutdown":                         {Error, "プリンターの電源が切れているか、停止しています。電源を入れてください。", "The printer is switched off or shut down. Switch it on."},
	"deactivated":                      {Error, "プリンターが使用停止にされています。管理者に確かめてください。", "The printer has been taken out of use. Ask whoever runs it."},
	"offline":                          {Error, "プリンターが接続されていません。電源とケーブルを確かめてください。", "The printer is not connected. Check its power and cable."},
	"timed-out":                        {Error, "プリンターの応答がありません。電源とネットワークを確かめてください。", "The printer does not answer. Check its power and network."},
	"connecting-to-device":             {Report, "機器に接続しています。", "The queue is connecting to the device."},
	"spool-area-full":                  {Error, "プリンターの記憶域がいっぱいです。ほかのジョブが終わるのを待つか、管理者に連絡してください。", "The printer's memory is full. Wait for other jobs or call whoever runs it."},
	"other":                            {Error, "プリンターに障害があります。プリンターの表示を見てください。", "Something is wrong with the printer. Look at its display."},

	"printer-stopped":            {Error, "プリンターが止まっています。", "The printer has stopped."},
	"printer-stopped-partly":     {Warning, "キューの機器の一部が止まっています。", "Some of the devices of the queue have stopped."},
	"job-hold-until-specified":   {Error, "ジョブが保留されています。保留を解除してください。", "The job is held. Release it."},
	"job-held-for-review":        {Error, "ジョブが確認待ちで保留されています。管理者に確かめてください。", "The job is held for review. Ask whoever runs the printer."},
	"resources-are-not-ready":    {Error, "用紙など、ジョブに必要なものが揃っていません。プリンターを確かめてください。", "Something that the job needs, such as its paper, is not ready. Look at the printer."},
	"service-off-line":           {Error, "印刷サービスが停止しています。管理者に連絡してください。", "The print service is off. Call whoever runs it."},
	"account-info-needed":        {Error, "プリンターが利用者の情報を求めています。プリンターの設定を確かめてください。", "The printer wants account information. Check its settings."},
	"document-format-error":      {Error, "プリンターが文書を読み取れませんでした。保守の担当者に連絡してください。", "The printer could not read the document. Call whoever maintains it."},
	"document-unprintable-error": {Error, "プリンターが文書を印刷できませんでした。保守の担当者に連絡してください。", "The printer could not print the document. Call whoever maintains it."},
	"unsupported-document-format": {Error, "プリンターがこの形式の文書に対応していません。別のプリンターを使ってください。",
		"The printer does not take this kind of document. Use another one."},
	"submission-interrupted":      {Error, "文書が途中までしか届きませんでした。", "Only a part of the document arrived."},
	"aborted-by-system":           {Error, "プリンターがジョブを中止しました。", "The printer gave the job up."},
	"job-canceled-by-user":        {Report, "利用者がジョブを取り消しました。", "The job was canceled by its user."},
	"job-canceled-by-operator":    {Report, "管理者がジョブを取り消しました。", "The job was canceled by whoever runs the printer."},
	"job-canceled-at-device":      {Report, "プリンターの操作パネルでジョブが取り消されました。", "The job was canceled at the printer's panel."},
	"queued-in-device":            {Report, "ジョブは機器に渡されました。", "The job was forwarded to a device."},
	"job-completed-with-errors":   {Warning, "エラーがありました。", "There were errors."},
	"job-completed-with-warnings": {Warning, "警告がありました。", "There were warnings."},
}

// silent are reasons that say no more than the state does.
var silent = []string{"none", "job-incoming", "job-data-insufficient", "job-outgoing", "job-queued", "job-spooling", "job-streaming", "job-interpreting",
	"job-transforming", "job-queued-for-marker", "job-printing", "job-completed-successfully", "job-restartable", "job-saving",
	"processing-to-stop-point", "identify-printer-requested"}

var keyword = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,62}$`)

// mostReasons is how many reasons of a printer are told.
const mostReasons = 32

// reasonsOf puts keywords into words, each once, the gravest first. One that is not known is told as it stands: of a printer it counts as the
// suffix says, an error where it has none; of a job, which has no suffixes, it is a report.
func reasonsOf(ofJob, ofPrinter []string) (told []Reason) {
	add := func(raw string, fallback Severity) {
		word, severity := raw, Severity(0)
		for suffix, s := range map[string]Severity{"-report": Report, "-warning": Warning, "-error": Error} {
			if cut, ok := strings.CutSuffix(raw, suffix); ok && cut != "document-format" && cut != "document-unprintable" {
				word, severity = cut, s
			}
		}
		if slices.Contains(silent, word) || len(told) >= mostReasons {
			return
		}
		w, known := reasonWords[word]
		r := Reason{word, severity, plain.Sentence{JA: w.ja, EN: w.en}}
		switch {
		case known && severity == 0:
			r.Severity = w.severity
		case known:
		case !keyword.MatchString(word):
			r = Reason{"", fallback, plain.Sentence{JA: "プリンターが、読み取れない理由を答えています。プリンターの表示を見てください。", EN: "The printer gives a reason that cannot be read. Look at its display."}}
		default:
			if severity == 0 && !strings.HasPrefix(word, "cups-") { // CUPS tells of its own work by these
				r.Severity = fallback
			} else if severity == 0 {
				r.Severity = Report
			}
			r.JA = "プリンターが「" + word + "」と答えています。プリンターの表示を見てください。"
			r.EN = "The printer says " + word + ". Look at its display."
		}
		if !slices.ContainsFunc(told, func(t Reason) bool { return t.Keyword == r.Keyword }) {
			told = append(told, r)
		}
	}
	for _, raw := range ofPrinter {
		add(raw, Error)
	}
	for _, raw := range ofJob {
		add(raw, Report)
	}
	slices.SortStableFunc(told, func(a, b Reason) int { return int(b.Severity - a.Severity) })
	return told
}
