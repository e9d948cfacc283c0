package municipality

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/resident"
)

// TestNamesAsTyped: what a slip of the hand makes of a name is asked for again at the counter; a message and a file bring it as it is.
func TestNamesAsTyped(t *testing.T) {
	for name, says := range map[string]string{
		"髙𠮷 葛󠄂子": "", "MARIA-ANNE DE SOUZA": "", "O'BRIEN PATRICK": "", "松本　花子": "",
		"=1+1": "先頭に記号「=」があります", "＝松本": "先頭に記号「＝」", "@松本": "先頭に記号「@」", "-松本": "先頭に記号「-」", "＋松本": "先頭に記号「＋」",
		"松本  花子": "空白が続いています", "松本　 花子": "空白が続いています", "松本　　花子": "空白が続いています",
	} {
		n, err := typedName("name", name)
		if err == nil && says == "" && n.Reveal() == name {
			continue
		}
		if says == "" || err == nil || !strings.Contains(err.Error(), says) || n.Valid() {
			t.Errorf("%q: %v, want %q", name, err, says)
		}
		if _, err := resident.ParseName("name", name); err != nil {
			t.Errorf("%q cannot come with a message: %v", name, err)
		}
	}
}
