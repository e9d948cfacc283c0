package conform

// refusalException are refusals that nobody at a form can bring about.
type refusalException struct {
	why       string
	sentences []string // with … where something is filled in
}

var refusalExceptions = []refusalException{
	{"a fault of the program: every reason of an answer that can be read has a sentence of its own, and a line without a code is refused before",
		[]string{"全国センターが同意していません。運用担当者に知らせてください。", "住民票コードが読めません。"}},
	{"a row of the database that somebody has damaged",
		[]string{"どの団体に尋ねるのか読めません。請求の画面で、答えていない団体に電話で尋ねてください。", "保存した報告（…）が読めません。控えから戻すか、別の日を選んでください。"}},
	{"what the national center's round finds in its own table, and refuses to nobody; its tests name the rules",
		[]string{"住民の住民票コードが、コードではありません（けた数か検査数字）。だれかが表を書き換えたおそれがあります。",
			"住民の個人番号が、番号ではありません（けた数か検査用数字）。だれかが表を書き換えたおそれがあります。",
			"二人の住民が、別の住民票コードで、同じ個人番号を持っています。どちらの番号かを確かめ、もう一人の番号を直してください。",
			"住民の個人番号が、このコードに指定した番号と違います。市区町村に、どこから入力した番号かを確かめてください。",
			"住民の個人番号は、別の住民票コードに指定した番号です。市区町村に、どこから入力した番号かを確かめてください。",
			"住民が、変更されて使われなくなった住民票コードで有効になっています。市区町村に、いまのコードを確かめてください。"}},
}
