package luabind_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"
)

// programPercent is the growth of the heap between collections that the program sets while a batch runs.
const programPercent = 400

// BenchmarkBatch registers users and texts each: by goroutines of raw net/http, by batch.run, and by batch.run with a
// journal on the disk that holds the temporary folder. With a delay each worker has 120 users, so that neither the first
// requests, which all come at once, nor the last, when workers have nothing left to do, decide the result.
func BenchmarkBatch(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(programPercent)) // for all that are compared
	for _, c := range []struct {
		delay          time.Duration
		users, workers int
	}{{0, 4000, 64}, {50 * time.Millisecond, 120 * 64, 64}, {50 * time.Millisecond, 120 * 256, 256}} {
		b.Run(fmt.Sprintf("%v/%d", c.delay, c.workers), func(b *testing.B) {
			host := startStub(b, c.delay)
			raw := newRawClient(b, host, c.workers)
			journal := filepath.Join(b.TempDir(), "bench.journal")
			batch := `
				local summary = batch.run{ source = users, key = "phone", workers = %d, %s each = function(u)
					local new = authy.register_user{ country_code = "PT", phone = u.phone, email = u.email }
					return authy.request_sms{ authy_id = new.user.id }.message
				end }
				assert(summary.done == #users)`
			plain := enrolByLua(b, host, c.users, fmt.Sprintf(batch, c.workers, ""))
			journalled := enrolByLua(b, host, c.users, fmt.Sprintf(batch, c.workers, fmt.Sprintf("journal = %q,", journal)))
			compareBatches(b, c.delay, c.users, c.workers, func() error { return raw.enrol(c.users, c.workers) }, plain, func() error {
				if err := os.Remove(journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
				return journalled()
			})
		})
	}
}

// compareBatches runs the three turn by turn, so that a noisy machine slows all alike.
func compareBatches(b *testing.B, delay time.Duration, users, workers int, sides ...func() error) {
	b.Helper()
	for _, side := range sides { // connections, caches
		if err := side(); err != nil {
			b.Fatal(err)
		}
	}
	var wall, cpu [3]time.Duration
	rounds := 0
	for b.Loop() {
		for i, side := range sides {
			start, used := time.Now(), cpuTime()
			if err := side(); err != nil {
				b.Fatal(err)
			}
			wall[i] += time.Since(start)
			cpu[i] += cpuTime() - used
		}
		rounds++
	}
	calls := float64(rounds * users * callsOfUser)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(cpu[0].Microseconds())/calls, "µs-cpu-raw")
	b.ReportMetric(100*(1-float64(wall[1])/float64(wall[2])), "%-journal-costs")
	for i, name := range []string{"raw", "plain", "journal"} {
		if i > 0 {
			b.ReportMetric(float64(wall[0])/float64(wall[i]), name+"/raw")
			b.ReportMetric(float64(cpu[i])/float64(cpu[0]), "cpu-"+name+"/raw")
		}
		if delay > 0 {
			b.ReportMetric(100*calls*float64(delay)/float64(workers)/float64(wall[i]), "%-of-ideal-"+name)
		}
	}
}
