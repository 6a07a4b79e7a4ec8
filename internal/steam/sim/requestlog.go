package sim

import "sync"

const keptRequests = 10_000

// request is what the journal of requests keeps: no bodies, no queries, no
// secrets.
type request struct {
	Number   uint64 `json:"number"`
	Time     string `json:"time"` // of the world
	Method   string `json:"method"`
	Path     string `json:"path"`
	Endpoint string `json:"endpoint"`
	Account  string `json:"account,omitempty"`
	Status   int    `json:"status"` // 0: closed without an answer
	EResult  int    `json:"x_eresult,omitempty"`
}

// requestLog is a ring of the last requests.
type requestLog struct {
	mu   sync.Mutex
	ring []request
	next uint64 // number of the next request
}

func (l *requestLog) add(q *call, p reply) {
	one := request{
		Time: q.at.time().Format(timeForm), Method: q.r.Method, Path: q.r.URL.Path, Endpoint: q.route.endpoint,
		Account: accountKey(q.account), Status: p.status, EResult: int(p.eresult),
	}
	if p.drop {
		one.Status = 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next++
	one.Number = l.next
	if len(l.ring) < keptRequests {
		l.ring = append(l.ring, one)
		return
	}
	l.ring[(one.Number-1)%keptRequests] = one
}

// since lists the kept requests after a number, oldest first.
func (l *requestLog) since(number uint64) []request {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := []request{}
	oldest := l.next - uint64(len(l.ring))
	for n := max(number, oldest); n < l.next; n++ {
		list = append(list, l.ring[n%keptRequests])
	}
	return list
}

// timeForm is RFC 3339 with microseconds.
const timeForm = "2006-01-02T15:04:05.000000Z07:00"
