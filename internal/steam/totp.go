package steam

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

// codeOptions are Steam's variant of TOTP: five characters of its own alphabet.
var codeOptions = hotp.ValidateOpts{Digits: 5, Algorithm: otp.AlgorithmSHA1, Encoder: otp.EncoderSteam}

// Code is the five-character Steam Guard code at t for a base64 shared secret.
func Code(sharedSecret string, t time.Time) (string, error) {
	key, err := secretKey(sharedSecret)
	if err != nil {
		return "", err
	}
	return hotp.GenerateCodeCustom(base32.StdEncoding.EncodeToString(key), uint64(t.Unix()/30), codeOptions)
}

// ConfirmationKey signs one mobile confirmation request for a time and tag.
func ConfirmationKey(identitySecret string, t time.Time, tag string) (string, error) {
	key, err := secretKey(identitySecret)
	if err != nil {
		return "", err
	}
	if len(tag) > 32 {
		tag = tag[:32]
	}
	msg := append(binary.BigEndian.AppendUint64(nil, uint64(t.Unix())), tag...)
	return base64.StdEncoding.EncodeToString(mac(key, msg)), nil
}

// DeviceID is the stable device id that belongs to an account.
func DeviceID(id ID64) string {
	sum := sha1.Sum([]byte(id.String()))
	h := hex.EncodeToString(sum[:])
	return "android:" + h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

func secretKey(s string) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(key) != 20 {
		if k, err := hex.DecodeString(s); err == nil && len(k) == 20 {
			return k, nil
		}
		return nil, errors.New("steam secret: want 20 bytes in base64")
	}
	return key, nil
}

func mac(key, msg []byte) []byte {
	h := hmac.New(sha1.New, key)
	h.Write(msg)
	return h.Sum(nil)
}
