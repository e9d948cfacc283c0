package inspect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
)

// small is the product of the odd primes below 752: a modulus that shares one with it was not made as it must be.
var small = func() *big.Int {
	product := big.NewInt(1)
	for n := int64(3); n < 752; n += 2 {
		if big.NewInt(n).ProbablyPrime(0) { // exact below 2^64
			product.Mul(product, big.NewInt(n))
		}
	}
	return product
}()

// strong holds a key against the policy: RSA of 2048 to 4096 bits with the exponent 65537, or ECDSA on P-256 or P-384. That a point lies
// on its curve the reader has checked.
func (b *bench) strong(public any) {
	ok := false
	switch k := public.(type) {
	case *rsa.PublicKey:
		ok = k.E == 65537 && k.N.BitLen() >= 2048 && k.N.BitLen() <= 4096 && k.N.Bit(0) == 1 && new(big.Int).GCD(nil, nil, k.N, small).IsInt64() &&
			new(big.Int).GCD(nil, nil, k.N, small).Int64() == 1
	case *ecdsa.PublicKey:
		ok = k.Curve == elliptic.P256() || k.Curve == elliptic.P384()
	}
	if !ok {
		b.find(Key, "鍵が弱いか、使われない種類です。失効させ、新しい鍵で発行してください。", "Its key is weak, or of a kind that is not used: revoke it, and issue for a new key.")
	}
}
