package nation

import (
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"strconv"
)

// The ports of the processes. Linux and the BSDs take those of outgoing connections from above: one of these could
// otherwise have the port of a process that died, for as long as it lasts, and the process could not be started again.
const firstPort, lastPort = 20000, 32767

// freeAddresses finds loopback addresses that nobody listens on now, all different.
func freeAddresses(n int) (addresses []string, err error) {
	// Those that were found stay taken until all are.
	for tries := 0; len(addresses) < n; tries++ {
		ln, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+mathrand.IntN(lastPort-firstPort+1))))
		if err != nil && tries > 100*n {
			return nil, fmt.Errorf("couldn't find a free port: %w", err)
		}
		if err != nil {
			continue
		}
		defer ln.Close()
		addresses = append(addresses, ln.Addr().String())
	}
	return addresses, nil
}
