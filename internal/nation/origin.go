package nation

import (
	"net"
	"net/netip"
	"net/url"

	"github.com/akashi-id/akashi/internal/plain"
)

// originOf is where people open an organisation's screens, to which their passkeys are bound: the setting origin, else the address
// of the portal. On this machine that is localhost: browsers show passkeys to names, and 127.0.0.1 is none. Empty where there
// is no name that passkeys could be bound to; then nobody but personas signs in.
func (s setting) originOf() (string, error) {
	if s.origin != "" {
		u, err := url.Parse(s.origin)
		if err != nil || u.Host == "" || u.Path != "" || u.Scheme != "https" && !(u.Scheme == "http" && u.Hostname() == "localhost") {
			return "", plain.Bad("origin",
				"画面のアドレス「"+s.origin+"」は使えません。https://juki.example.lg.jp のように、https と名前で書いてください。末尾の「/」は要りません。",
				"the address of the screens cannot be \""+s.origin+"\": write https and a name, like https://juki.example.lg.jp, without a slash at the end")
		}
		return s.origin, nil
	}
	u, err := url.Parse(s.portal)
	if err != nil || u.Host == "" {
		return "", nil
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil {
		if !ip.Unmap().IsLoopback() {
			return "", nil
		}
		host = "localhost"
		if u.Port() != "" {
			host = net.JoinHostPort(host, u.Port())
		}
		return "http://" + host, nil
	}
	if u.Scheme != "https" && host != "localhost" {
		return "", nil
	}
	return u.Scheme + "://" + u.Host, nil
}
