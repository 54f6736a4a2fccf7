package sandbox_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

// Many clients at once: a token is spent once, ids are unique, counts add up, and readers see whole states.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const workers, rounds = 8, 20
	b := newBox(t)
	shared := b.register()
	b.get("/protected/json/sms/%d", shared)
	token := b.lastCode()
	var spent atomic.Int32
	ids := make(chan int64, workers*rounds)

	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				id := b.registerPhone("1", fmt.Sprintf("775461%02d%02d", w, i))
				ids <- id
				b.get("/protected/json/sms/%d", id).wants(200)
				code := b.Outbox(sandbox.OutboxFilter{AuthyID: id, Limit: 1})[0].Code
				b.get("/protected/json/verify/%s/%d?force=true", code, id).wants(200)
				if b.get("/protected/json/verify/%s/%d?force=true", token, shared).status == 200 {
					spent.Add(1)
				}
				uuid := b.ask(id, "details[a]=b&logos[][res]=low&logos[][url]=u")
				b.post("/sandbox/approvals/" + uuid + "/approve").wants(200)
				b.post("/protected/json/users/" + itoa(id) + "/secret").wants(200)
				b.get("/sandbox/users").wants(200)
				b.get("/sandbox/approvals").wants(200)
				b.get("/protected/json/app/stats").wants(200)
				b.post("/sandbox/clock", "advance=1ms").wants(200)
				if i%2 == 0 {
					b.post("/protected/json/users/" + itoa(id) + "/remove").wants(200)
				}
			}
		})
	}
	wg.Wait()
	close(ids)
	seen := map[int64]bool{}
	for id := range ids {
		if seen[id] {
			t.Errorf("id %d was given twice", id)
		}
		seen[id] = true
	}
	if n := spent.Load(); n != 1 {
		t.Errorf("one token was valid %d times", n)
	}
	if got := len(b.Users(10_000)); got != 1+workers*rounds/2 {
		t.Errorf("%d users", got)
	}
	if a := b.get("/protected/json/app/stats"); a.text("total_users") != fmt.Sprint(1+workers*rounds/2) {
		t.Errorf("stats %s", a.body)
	}
}
