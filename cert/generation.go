package cert

import "github.com/akashi-id/akashi/internal/plain"

// Algorithm is a kind of key together with the signature made by it. The zero value is refused.
type Algorithm uint8

// The algorithms of certificates. A CA's own key may be of another algorithm than its holders' keys.
const (
	RSA2048SHA256 Algorithm = iota + 1 // RSA, 2048 bits, e=65537, PKCS #1 v1.5 with SHA-256
	P256SHA256                         // ECDSA on P-256 with SHA-256: no card uses it; replays choose it for a CA, for speed
	P384SHA384                         // ECDSA on P-384 with SHA-384
)

// Algorithms lists all.
var Algorithms = []Algorithm{RSA2048SHA256, P256SHA256, P384SHA384}

// Valid reports whether a is known.
func (a Algorithm) Valid() bool { return a >= RSA2048SHA256 && a <= P384SHA384 }

// String gives the word used in configuration: "rsa2048-sha256", "p256-sha256" or "p384-sha384".
func (a Algorithm) String() string {
	switch a {
	case RSA2048SHA256:
		return "rsa2048-sha256"
	case P256SHA256:
		return "p256-sha256"
	case P384SHA384:
		return "p384-sha384"
	}
	return "no algorithm"
}

// ParseAlgorithm reads what String gives. Anything else is a *plain.Problem.
func ParseAlgorithm(s string) (Algorithm, error) {
	for _, a := range Algorithms {
		if s == a.String() {
			return a, nil
		}
	}
	return 0, plain.Bad("algorithm",
		"鍵の方式は rsa2048-sha256、p256-sha256、p384-sha384 のいずれかで指定してください。",
		"The key algorithm must be rsa2048-sha256, p256-sha256 or p384-sha384.")
}

// Generation is a generation of the card, which decides the holder's keys. Nothing else may depend on the length of a
// key. The zero value is refused. The next generation's longer validity (10th birthday) is only reported, so NotAfter does
// not know it yet.
type Generation uint8

// The generations of the card.
const (
	Today Generation = iota + 1 // the card issued since 2016
	Next                        // the next card, as its task force reported in 2024
)

// Algorithm is the algorithm of the holder's keys and of the CA that certifies them.
func (g Generation) Algorithm() Algorithm {
	switch g {
	case Today:
		return RSA2048SHA256
	case Next:
		return P384SHA384
	}
	return 0
}

// CardAlgorithms are the algorithms of the holders' keys, of all generations.
var CardAlgorithms = []Algorithm{Today.Algorithm(), Next.Algorithm()}

// String gives the word used in configuration: "today" or "next".
func (g Generation) String() string {
	switch g {
	case Today:
		return "today"
	case Next:
		return "next"
	}
	return "no generation"
}
