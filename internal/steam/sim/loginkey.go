package sim

import (
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"math/rand/v2"
	"sync"
)

// loginKeys holds the key of each seed that was asked for, made once.
var loginKeys sync.Map

// loginKey is the key that encrypts passwords on their way to worlds of a seed.
// It guards nothing: whoever knows the seed has it.
func loginKey(seed int64) (*rsa.PrivateKey, error) {
	made, _ := loginKeys.LoadOrStore(seed, sync.OnceValues(func() (*rsa.PrivateKey, error) { return makeLoginKey(seed) }))
	make, ok := made.(func() (*rsa.PrivateKey, error))
	if !ok {
		return nil, errors.New("login key of another type") // unreachable: nothing else is stored
	}
	return make()
}

// makeLoginKey finds two primes by the seed: crypto/rsa takes its randomness
// from nobody.
func makeLoginKey(seed int64) (*rsa.PrivateKey, error) {
	bytes := rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64([]byte("simulated steam login key "), uint64(seed))))
	const exponent = 65537
	p, err := seededPrime(bytes, exponent)
	if err != nil {
		return nil, err
	}
	q, err := seededPrime(bytes, exponent)
	if err != nil {
		return nil, err
	}
	one := big.NewInt(1)
	order := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: exponent},
		D:         new(big.Int).ModInverse(big.NewInt(exponent), order),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	return key, key.Validate()
}

// seededPrime is the first fitting prime of 1024 bits from where the bytes say.
// Its two highest bits are set, so that the product of two has 2048.
func seededPrime(bytes io.Reader, exponent int64) (*big.Int, error) {
	b := make([]byte, 128)
	if _, err := io.ReadFull(bytes, b); err != nil {
		return nil, err
	}
	b[0] |= 0xc0
	b[127] |= 1
	p, e, rest := new(big.Int).SetBytes(b), big.NewInt(exponent), new(big.Int)
	for two := big.NewInt(2); ; p.Add(p, two) {
		if rest.Mod(p, e).Cmp(big.NewInt(1)) != 0 && p.ProbablyPrime(20) {
			return p, nil
		}
	}
}
