package nation

import "testing"

// TestOriginOf: passkeys are bound to names, so an address of the test country stands for localhost, and another one for nothing.
func TestOriginOf(t *testing.T) {
	for _, c := range []struct{ origin, portal, want string }{
		{"", "http://127.0.0.1:8600", "http://localhost:8600"}, {"", "http://[::1]:8600", "http://localhost:8600"},
		{"", "https://akashi.example", "https://akashi.example"}, {"", "https://akashi.example:8443", "https://akashi.example:8443"},
		{"", "http://akashi.example", ""}, {"", "https://192.0.2.1", ""}, {"", "", ""},
		{"https://juki.example.lg.jp", "http://127.0.0.1:8600", "https://juki.example.lg.jp"}, {"http://localhost:8600", "", "http://localhost:8600"},
	} {
		if got, err := (setting{origin: c.origin, portal: c.portal}).originOf(); err != nil || got != c.want {
			t.Errorf("%+v: %q %v", c, got, err)
		}
	}
	for _, bad := range []string{"http://juki.example.lg.jp", "juki.example.lg.jp", "https://juki.example.lg.jp/", "ftp://x"} {
		if _, err := (setting{origin: bad}).originOf(); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
