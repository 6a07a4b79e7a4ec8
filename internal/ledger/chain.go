package ledger

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"
)

// record is a transaction as it stands in the books. The accounts of its lines
// are ids; what is sealed are their paths.
type record struct {
	id        int64
	ref, kind string
	at        int64
	reverses  int64 // 0: nothing
	lines     []line
}

type line struct{ n, account, amount int64 }

// sum is what the lines of a record sum to.
func (r record) sum() (total int64) {
	for _, l := range r.lines {
		total += l.amount
	}
	return total
}

// digest is the SHA-256 of everything a record says.
type digest [sha256.Size]byte

// digester makes digests; it is not for concurrent use.
type digester struct{ buf []byte }

func (d *digester) of(r record, path func(id int64) string) digest {
	b := d.buf[:0]
	b = binary.AppendVarint(b, r.id)
	b = appendText(b, r.ref)
	b = appendText(b, r.kind)
	b = binary.AppendVarint(b, r.at)
	b = binary.AppendVarint(b, r.reverses)
	b = binary.AppendVarint(b, int64(len(r.lines)))
	for _, l := range r.lines {
		b = binary.AppendVarint(b, l.n)
		b = appendText(b, path(l.account))
		b = binary.AppendVarint(b, l.amount)
	}
	d.buf = b
	return sha256.Sum256(b)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendVarint(b, int64(len(s))), s...)
}

// short is the part of a digest that is kept for each transaction.
const shortSize = 8

type short [shortSize]byte

// member is a transaction as a seal knows it.
type member struct {
	id    int64
	short short
}

// seal is one link of the chain.
type seal struct {
	n, at, high int64
	members     []member // by id
	hash        []byte
}

// link continues the chain: the hash of seal n over the hash before and the
// digests of its transactions, in the order of their ids.
type link struct{ h hash.Hash }

func newLink(before []byte, n int64) link {
	l := link{sha256.New()}
	l.h.Write(before)
	l.h.Write(binary.AppendVarint(nil, n))
	return l
}

func (l link) add(d digest) { l.h.Write(d[:]) }

func (l link) sum() []byte { return l.h.Sum(nil) }

// encode packs members: the difference to the id before, and the short digest.
func encode(members []member) []byte {
	b := make([]byte, 0, len(members)*(shortSize+1)+8)
	var before int64
	for _, m := range members {
		b = binary.AppendVarint(b, m.id-before)
		b = append(b, m.short[:]...)
		before = m.id
	}
	return b
}

// decode reads what encode packed; the ids rise.
func decode(b []byte) ([]member, error) {
	members := make([]member, 0, len(b)/(shortSize+1))
	var id int64
	for len(b) > 0 {
		step, n := binary.Varint(b)
		if n <= 0 || step <= 0 || len(b) < n+shortSize {
			return nil, fmt.Errorf("member %d cannot be read", len(members)+1)
		}
		id += step
		members = append(members, member{id: id, short: short(b[n : n+shortSize])})
		b = b[n+shortSize:]
	}
	return members, nil
}

// forge seals records, which it sorts by their ids.
func forge(before []byte, n int64, records []record, path func(int64) string) seal {
	slices.SortFunc(records, func(a, b record) int { return cmp.Compare(a.id, b.id) })
	s := seal{n: n, members: make([]member, len(records))}
	chain := newLink(before, n)
	var d digester
	for i, r := range records {
		sum := d.of(r, path)
		chain.add(sum)
		s.members[i] = member{r.id, short(sum[:shortSize])}
		s.high = r.id
	}
	s.hash = chain.sum()
	return s
}

func same(a, b []byte) bool { return bytes.Equal(a, b) }
