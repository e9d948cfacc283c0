package nation

import (
	"regexp"
	"testing"
	"time"

	"github.com/akashi-id/akashi/message"
)

// TestPrefectureSeesItsCA: what was issued at a counter is in the report for which its prefecture's operator asks, and not in
// that of another prefecture, which has delegated to a CA of its own.
func TestPrefectureSeesItsCA(t *testing.T) {
	r := open(t, dataDir(t))
	c := r.clerk("municipality-202029")
	c.apply(c.register("委任 見子", "イニン ミルコ", "長野県松本市丸の内3番7号"), "signature")
	for prefecture, want := range map[string]string{"prefecture-20": "1", "prefecture-13": "0"} {
		o := r.person("operator-ueda", message.Org(prefecture))
		o.must(o.post("/delegation/ask", nil))
		figure := regexp.MustCompile(`<dt>県内で発行した枚数</dt><dd><span class="figure">([0-9]+)</span>.*<dt>この認証局が発行した枚数</dt><dd><span class="figure">([0-9]+)</span>`)
		eventually(t, 90*time.Second, prefecture+" has the report that it asked for", func() (bool, string) {
			p := o.must(o.get("/delegation"))
			m := figure.FindStringSubmatch(p.body)
			return m != nil && m[1] == want && m[2] == want, p.words()
		})
	}
}
