package authpb

import (
	"errors"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrMalformed is returned by Unmarshal for bytes that are not a message.
var ErrMalformed = errors.New("authpb: malformed message")

// field ties a field number to the member it fills. The member's type decides
// the wire type: integers and bools are varints, fixed is eight bytes, float32
// four, the rest length-delimited.
type field struct {
	num protowire.Number
	to  any
}

// fixed marks a uint64 that travels as fixed64.
type fixed uint64

type message interface{ fields() []field }

func marshal(m message) []byte {
	var b []byte
	for _, f := range m.fields() {
		b = appendField(b, f)
	}
	return b
}

func appendField(b []byte, f field) []byte {
	switch v := f.to.(type) {
	case *uint64:
		return appendVarint(b, f.num, *v)
	case *uint32:
		return appendVarint(b, f.num, uint64(*v))
	case *int32:
		return appendVarint(b, f.num, uint64(int64(*v)))
	case *bool:
		return appendVarint(b, f.num, protowire.EncodeBool(*v))
	case *fixed:
		if *v != 0 {
			b = protowire.AppendFixed64(protowire.AppendTag(b, f.num, protowire.Fixed64Type), uint64(*v))
		}
	case *float32:
		if *v != 0 {
			b = protowire.AppendFixed32(protowire.AppendTag(b, f.num, protowire.Fixed32Type), math.Float32bits(*v))
		}
	case *string:
		return appendBytes(b, f.num, []byte(*v), *v != "")
	case *[]byte:
		return appendBytes(b, f.num, *v, len(*v) > 0)
	case *[]AllowedConfirmation:
		for i := range *v {
			b = appendBytes(b, f.num, marshal(&(*v)[i]), true)
		}
	case message:
		body := marshal(v)
		return appendBytes(b, f.num, body, len(body) > 0)
	}
	return b
}

func appendVarint(b []byte, num protowire.Number, v uint64) []byte {
	if v == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, num, protowire.VarintType), v)
}

func appendBytes(b []byte, num protowire.Number, v []byte, present bool) []byte {
	if !present {
		return b
	}
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

func unmarshal(b []byte, m message) error {
	fields := m.fields()
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return ErrMalformed
		}
		b = b[n:]
		size := protowire.ConsumeFieldValue(num, typ, b)
		if size < 0 {
			return ErrMalformed
		}
		for _, f := range fields {
			if f.num != num {
				continue
			}
			if err := setField(f.to, typ, b[:size]); err != nil {
				return err
			}
		}
		b = b[size:]
	}
	return nil
}

func setField(to any, typ protowire.Type, raw []byte) error {
	switch typ {
	case protowire.VarintType:
		v, _ := protowire.ConsumeVarint(raw)
		setVarint(to, v)
	case protowire.Fixed64Type:
		if p, ok := to.(*fixed); ok {
			v, _ := protowire.ConsumeFixed64(raw)
			*p = fixed(v)
		}
	case protowire.Fixed32Type:
		if p, ok := to.(*float32); ok {
			v, _ := protowire.ConsumeFixed32(raw)
			*p = math.Float32frombits(v)
		}
	case protowire.BytesType:
		v, _ := protowire.ConsumeBytes(raw)
		return setBytes(to, v)
	}
	return nil
}

func setVarint(to any, v uint64) {
	switch p := to.(type) {
	case *uint64:
		*p = v
	case *uint32:
		*p = uint32(v)
	case *int32:
		*p = int32(v)
	case *bool:
		*p = protowire.DecodeBool(v)
	}
}

func setBytes(to any, v []byte) error {
	switch p := to.(type) {
	case *string:
		*p = string(v)
	case *[]byte:
		*p = append([]byte(nil), v...)
	case *[]AllowedConfirmation:
		var one AllowedConfirmation
		if err := unmarshal(v, &one); err != nil {
			return err
		}
		*p = append(*p, one)
	case message:
		return unmarshal(v, p)
	}
	return nil
}
