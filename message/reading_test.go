package message_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/message"
)

func TestOneReading(t *testing.T) {
	for _, text := range []string{`{}`, `[]`, `"a"`, `7`, `{"a":{"a":[{"a":1},{"a":2}]},"b_1":["a","a"]}`, " {\"a\" : null}\n"} {
		if err := message.OneReading([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{``, `{`, `{}{}`, `{"a":1,"a":1}`, `{"a":[],"a":[1]}`, `{"a":{"b":1,"c":[2],"b":3}}`, `[{"a":1,"\u0061":2}]`, `{"A":1}`,
		`{"\u017ftate":1}`, `{"":{"a":1}} x`, strings.Repeat("[", 20_000)} {
		if err := message.OneReading([]byte(text)); err == nil {
			t.Errorf("%.40s passes", text)
		}
	}
}
