package fare

import (
	"testing"
	"time"
)

func TestPrice(t *testing.T) {
	for _, c := range []struct {
		r    rider
		at   time.Duration
		want int
	}{
		{rider{age: 0}, 0, 55}, {rider{age: 5}, 0, 55}, {rider{age: 6}, 21 * time.Hour, 105},
		{rider{age: 30, member: true}, 20 * time.Hour, 55}, {rider{age: 30, member: true}, 19 * time.Hour, 105},
	} {
		if got, err := price(c.r, c.at); got != c.want || err != nil {
			t.Errorf("%+v: %d, %v", c.r, got, err)
		}
	}
	if _, err := price(rider{age: -1}, 0); err == nil {
		t.Error("no error")
	}
}

func TestLoose(t *testing.T) { loose(2, 1) }

func TestEndless(t *testing.T) { endless(3) }
