package seal

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// ErrKey is returned for what another key has sealed.
var ErrKey = errors.New("seal: sealed under another key")

// ErrBroken is returned for what is cut, changed or sealed for another row.
var ErrBroken = errors.New("seal: does not open")

// An envelope is version, key id, nonce, ciphertext. Version and key id are
// authenticated together with the row.
const (
	version    = 1
	keyIDSize  = 4
	headerSize = 1 + keyIDSize
	nonceSize  = chacha20poly1305.NonceSizeX
)

// Box seals and opens under one key. It may be used concurrently.
type Box struct {
	aead   cipher.AEAD
	header [headerSize]byte
}

// New returns the box of a key.
func New(key [32]byte) *Box {
	aead, err := chacha20poly1305.NewX(key[:])
	if err != nil {
		panic(err) // unreachable: the key has the only size that is allowed
	}
	b := &Box{aead: aead}
	b.header[0] = version
	id := sha256.Sum256(append([]byte("skinrail key id\n"), key[:]...))
	copy(b.header[1:], id[:keyIDSize])
	return b
}

// Seal encrypts plain so that it opens only with the same row, a text that
// names table, key and column such as "project/7/webhook". The same secret
// never looks the same twice.
func (b *Box) Seal(plain []byte, row string) []byte {
	out := make([]byte, headerSize+nonceSize, headerSize+nonceSize+len(plain)+b.aead.Overhead())
	copy(out, b.header[:])
	nonce := out[headerSize:]
	_, _ = rand.Read(nonce) // never fails: the runtime ends the program instead
	return b.aead.Seal(out, nonce, plain, b.bind(row))
}

// Open returns what was sealed for the row, [ErrKey] or [ErrBroken].
func (b *Box) Open(sealed []byte, row string) ([]byte, error) {
	if len(sealed) < headerSize+nonceSize+b.aead.Overhead() || sealed[0] != version {
		return nil, fmt.Errorf("%w: %s", ErrBroken, row)
	}
	if [headerSize]byte(sealed) != b.header {
		return nil, fmt.Errorf("%w: %s", ErrKey, row)
	}
	nonce, text := sealed[headerSize:headerSize+nonceSize], sealed[headerSize+nonceSize:]
	plain, err := b.aead.Open(nil, nonce, text, b.bind(row))
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrBroken, row)
	}
	return plain, nil
}

func (b *Box) bind(row string) []byte {
	return append(append(make([]byte, 0, headerSize+len(row)), b.header[:]...), row...)
}
