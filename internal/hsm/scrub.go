package hsm

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// scrub takes a secret out of a text in the forms in which a careless module prints it. What a process says of itself is
// not ours to trust.
func scrub(text string, secret []byte) string {
	if len(secret) == 0 {
		return text
	}
	plain := hex.EncodeToString(secret)
	for _, form := range []string{
		string(secret),
		plain, strings.ToUpper(plain),
		base64.StdEncoding.EncodeToString(secret), base64.RawStdEncoding.EncodeToString(secret),
	} {
		text = strings.ReplaceAll(text, form, "[PIN]")
	}
	return text
}
