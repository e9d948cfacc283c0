package keys

import "github.com/akashi-id/akashi/cert"

// Issuer is the name under which those who verify keep the certificates of a citizens' CA for a profile. There may be several CAs, and
// none overwrites another's: of "ca" it is "ca-signature", of "ca-13" "ca-13-signature". A CA itself calls its own key
// and certificate ca-signature, whichever it is.
func Issuer(ca string, p cert.Profile) string { return ca + "-" + p.String() }
