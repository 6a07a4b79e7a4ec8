package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"time"
)

// Amount is an exact decimal as it stood on the wire, such as "21.35". It is
// read from a number or a text; empty means that there was none.
type Amount string

// UnmarshalJSON keeps the text of a number or string.
func (a *Amount) UnmarshalJSON(raw []byte) error {
	s, err := scalar(raw)
	if err != nil {
		return err
	}
	if s != "" {
		if _, ok := new(big.Rat).SetString(s); !ok {
			return fmt.Errorf("amount %q is not a number", s)
		}
	}
	*a = Amount(s)
	return nil
}

// Rat is the amount as an exact fraction; zero when there is none.
func (a Amount) Rat() *big.Rat {
	r, ok := new(big.Rat).SetString(string(a))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// Cmp compares two amounts: -1, 0 or 1.
func (a Amount) Cmp(b Amount) int { return a.Rat().Cmp(b.Rat()) }

// ID is one of the gateway's ids. On the wire it is a number in some answers
// and a text in others.
type ID int64

// UnmarshalJSON reads a number or a text.
func (i *ID) UnmarshalJSON(raw []byte) error {
	s, err := scalar(raw)
	if err != nil || s == "" {
		return err
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("id %q: %w", s, err)
	}
	*i = ID(n)
	return nil
}

func (i ID) String() string { return strconv.FormatInt(int64(i), 10) }

// count is an int that some answers carry as text.
type count int64

func (c *count) UnmarshalJSON(raw []byte) error { return (*ID)(c).UnmarshalJSON(raw) }

// Time is a moment in Unix seconds on the wire, as a number or a text; zero
// when there is none.
type Time struct{ time.Time }

// UnmarshalJSON reads Unix seconds.
func (t *Time) UnmarshalJSON(raw []byte) error {
	var n ID
	if err := n.UnmarshalJSON(raw); err != nil {
		return err
	}
	if n != 0 {
		t.Time = time.Unix(int64(n), 0).UTC()
	}
	return nil
}

// scalar is the text of a JSON number or string, empty for null.
func scalar(raw []byte) (string, error) {
	if bytes.Equal(raw, []byte("null")) {
		return "", nil
	}
	if len(raw) > 0 && raw[0] != '"' {
		return string(raw), nil
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err
}
