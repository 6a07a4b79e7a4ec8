package sim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// stamp is microseconds since 1970, UTC.
type stamp int64

func stampOf(t time.Time) stamp { return stamp(t.UnixMicro()) }

func (s stamp) time() time.Time        { return time.UnixMicro(int64(s)).UTC() }
func (s stamp) seconds() int64         { return s.time().Unix() }
func (s stamp) add(d Duration) stamp   { return s + stamp(time.Duration(d).Microseconds()) }
func (s stamp) addDays(days int) stamp { return s.add(Duration(time.Duration(days) * 24 * time.Hour)) }
func (s stamp) ceilHour() stamp        { return (s + hour - 1) / hour * hour }

const hour = stamp(time.Hour / time.Microsecond)

// counters number what the world makes. Ids start in the ranges Steam's are in
// today; asset, offer and confirmation ids rise, trade ids do not.
type counters struct {
	Asset, Offer, Trade, Confirmation, Login, Nonce, Token uint64
}

func (st *state) nextAsset() uint64 {
	st.Count.Asset++
	return 30_000_000_000 + st.rising(1, st.Count.Asset, 11)
}

func (st *state) nextOffer() uint64 {
	st.Count.Offer++
	return 7_000_000_000 + st.rising(2, st.Count.Offer, 17)
}

func (st *state) nextConfirmation() (id, nonce uint64) {
	st.Count.Confirmation++
	n := st.Count.Confirmation
	return 14_000_000_000 + st.rising(3, n, 13), st.mix(4, n)
}

func (st *state) nextTrade() uint64 {
	for {
		st.Count.Trade++
		id := 100_000_000_000_000_000 + st.mix(5, st.Count.Trade)%8_900_000_000_000_000_000
		if st.trades[id] == nil {
			return id
		}
	}
}

// rising spreads n over steps with a pseudo-random place inside each step.
func (st *state) rising(kind, n, step uint64) uint64 { return n*step + st.mix(kind, n)%step }

// mix is a splitmix64 of the world's seed, a kind and a number.
func (st *state) mix(kind, n uint64) uint64 {
	z := uint64(st.Seed)*0x9e3779b97f4a7c15 ^ kind<<56 ^ n
	for range 2 {
		z += 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

// sign is the HMAC of texts under the world's key; the texts cannot run together.
func (st *state) sign(texts ...string) []byte {
	h := hmac.New(sha256.New, st.Key)
	for _, t := range texts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(t))))
		h.Write([]byte(t))
	}
	return h.Sum(nil)
}

const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// tradeToken is a token for trade URLs made from the seed and a number.
func (st *state) tradeToken(n uint64) string {
	v := st.mix(6, n)
	b := make([]byte, 8)
	for i := range b {
		b[i] = tokenAlphabet[v%64]
		v /= 64
	}
	return string(b)
}
