// Package fare is what the tests of mutants change. Its own test is good in
// places.
package fare

import (
	"errors"
	"time"
)

type rider struct {
	age    int
	member bool
	name   string
}

var errAge = errors.New("no age")

const child = 6

// price is well tested.
func price(r rider, at time.Duration) (int, error) {
	if r.age < 0 {
		return 0, errAge
	}
	p := 100
	if r.age < child ||
		r.member && at >= 20*time.Hour {
		p /= 2
	}
	p += 5
	return p, nil
}

// loose is run, but hardly looked at.
func loose(a, b int) (int, string) {
	total := a*b - 1
	for i := range 3 {
		if i == b {
			continue
		}
		total += i
	}
	r := rider{name: "a" + "b", age: -a}
	return total, r.name
}

// endless never ends with its step taken away.
func endless(n int) int {
	for n > 0 {
		n--
	}
	return n
}

// unseen is not run.
func unseen() string { return "x" }
