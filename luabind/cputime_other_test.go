//go:build !unix

package luabind_test

import "time"

// cpuTime is 0 where the system has no getrusage.
func cpuTime() time.Duration { return 0 }
