package main_test

import (
	"fmt"
	"net/http"
	"testing"
)

// BenchmarkRestart is the time from starting the program on an existing folder
// until it is ready: listeners, sessions, inventories, prices.
func BenchmarkRestart(b *testing.B) {
	s := start(b)
	for i := range 20 {
		d := s.ok(answer{"method": "create", "order_id": fmt.Sprint("r-", i)})
		s.control(http.StatusOK, http.MethodPost, fmt.Sprintf("/deposits/%v/in_hold", d["transaction_id"]), nil)
	}
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		s.kill()
		b.StartTimer()
		s.start()
	}
}
