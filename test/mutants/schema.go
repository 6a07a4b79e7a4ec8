package main

import (
	"fmt"
	"go/types"
	"strings"
)

// schema is the file that the rewritten ones lean on: it knows which mutant is
// awake, and writes down which are reached.
func schema(name string, pkg *types.Package, count int) []byte {
	var aliases strings.Builder
	for _, n := range pkg.Scope().Names() {
		t, ok := pkg.Scope().Lookup(n).(*types.TypeName)
		if !ok || n == "_" {
			continue
		}
		if named, ok := t.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
			continue
		}
		fmt.Fprintf(&aliases, "type mutantT_%s = %s\n", n, n)
	}
	return fmt.Appendf(nil, runtimeText, name, aliases.String(), count+1)
}

const runtimeText = `package %s

import (
	mutantOS "os"
	mutantConv "strconv"
	mutantAtomic "sync/atomic"
)

%s

var (
	mutantSeen    [%d]mutantAtomic.Bool
	mutantAwake   = mutantNumber()
	mutantReached = mutantFile()
)

func mutantNumber() int {
	n, _ := mutantConv.Atoi(mutantOS.Getenv("SKINRAIL_MUTANT"))
	return n
}

func mutantFile() *mutantOS.File {
	name := mutantOS.Getenv("SKINRAIL_MUTANTS_REACHED")
	if name == "" {
		return nil
	}
	f, err := mutantOS.OpenFile(name, mutantOS.O_APPEND|mutantOS.O_CREATE|mutantOS.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

func mutantOn(id int) bool {
	if mutantReached != nil && !mutantSeen[id].Swap(true) {
		_, _ = mutantReached.WriteString(mutantConv.Itoa(id) + "\n")
	}
	return mutantAwake == id
}

type mutantInteger interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

type mutantOrdered interface{ mutantInteger | ~float32 | ~float64 | ~string }

type mutantReal interface{ mutantInteger | ~float32 | ~float64 }

func mutantInt[T mutantInteger](id int, v T) T {
	switch {
	case mutantOn(id):
		return v + 1
	case mutantOn(id + 1):
		return v - 1
	}
	return v
}

func mutantSpan[T mutantInteger](id int, v T) T {
	switch {
	case mutantOn(id):
		return 2 * v
	case mutantOn(id + 1):
		return v / 2
	}
	return v
}

func mutantText[T ~string](id int, v T) T {
	if !mutantOn(id) {
		return v
	}
	if v == "" {
		return "mutant"
	}
	return ""
}

func mutantAnd(id int, a bool, b func() bool) bool {
	switch {
	case mutantOn(id):
		return a || b()
	case mutantOn(id + 1):
		return a
	case mutantOn(id + 2):
		return b()
	}
	return a && b()
}

func mutantOr(id int, a bool, b func() bool) bool {
	switch {
	case mutantOn(id):
		return a && b()
	case mutantOn(id + 1):
		return a
	case mutantOn(id + 2):
		return b()
	}
	return a || b()
}

func mutantLess[T mutantOrdered](id int, a, b T) bool { return a < b || mutantOn(id) && a == b }

func mutantMore[T mutantOrdered](id int, a, b T) bool { return a > b || mutantOn(id) && a == b }

func mutantLessOrEqual[T mutantOrdered](id int, a, b T) bool { return a < b || !mutantOn(id) && a == b }

func mutantMoreOrEqual[T mutantOrdered](id int, a, b T) bool { return a > b || !mutantOn(id) && a == b }

func mutantAdd[T mutantReal](id int, a, b T) T {
	if mutantOn(id) {
		return a - b
	}
	return a + b
}

func mutantSub[T mutantReal](id int, a, b T) T {
	if mutantOn(id) {
		return a + b
	}
	return a - b
}

func mutantMul[T mutantReal](id int, a, b T) T {
	if mutantOn(id) {
		return a / b
	}
	return a * b
}

func mutantQuo[T mutantReal](id int, a, b T) T {
	if mutantOn(id) {
		return a * b
	}
	return a / b
}

func mutantRem[T mutantInteger](id int, a, b T) T {
	if mutantOn(id) {
		return a * b
	}
	return a %% b
}

func mutantBits[T mutantInteger](id int, a, b T) T {
	if mutantOn(id) {
		return a | b
	}
	return a & b
}

func mutantBitsOr[T mutantInteger](id int, a, b T) T {
	if mutantOn(id) {
		return a & b
	}
	return a | b
}

func mutantXor[T mutantInteger](id int, a, b T) T {
	if mutantOn(id) {
		return a & b
	}
	return a ^ b
}

func mutantLeft[T, N mutantInteger](id int, a T, n N) T {
	if mutantOn(id) {
		return a >> n
	}
	return a << n
}

func mutantRight[T, N mutantInteger](id int, a T, n N) T {
	if mutantOn(id) {
		return a << n
	}
	return a >> n
}

func mutantJoin[T ~string](id int, a, b T) T {
	if mutantOn(id) {
		return a
	}
	return a + b
}

func mutantSign[T mutantReal](id int, v T) T {
	if mutantOn(id) {
		return -v
	}
	return v
}

func mutantZero[T any](id int, v T) T {
	if mutantOn(id) {
		var zero T
		return zero
	}
	return v
}
`
