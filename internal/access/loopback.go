package access

import (
	"net"
	"net/netip"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// GuardLoopback returns a *plain.Problem when personas are on and the address to listen on ("127.0.0.1:8600",
// "[::1]:8600", "unix:/path") can be reached from another machine: whoever can reach it could choose to be anybody. A
// host name is refused, localhost too, because what it stands for is decided outside the program.
func GuardLoopback(listenAddr string, personasOn bool) error {
	if !personasOn || strings.HasPrefix(listenAddr, "unix:/") {
		return nil
	}
	host, _, err := net.SplitHostPort(listenAddr)
	if err == nil {
		if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap().IsLoopback() {
			return nil
		}
	}
	return plain.Bad("listen",
		"担当者を選ぶだけで操作できる試験国は、この機械の中だけで動かせます。「"+listenAddr+"」では起動しません。127.0.0.1:8600 または [::1]:8600 を指定してください。",
		"The test country lets anybody choose a persona, so it runs on this machine only and does not start on \""+listenAddr+"\": listen on 127.0.0.1:8600 or [::1]:8600.")
}

// loopbackHost reports whether a request's Host names this machine. A page elsewhere can make its own name resolve to
// 127.0.0.1 and would then be of the same origin as us (DNS rebinding); the Host header keeps its name.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
