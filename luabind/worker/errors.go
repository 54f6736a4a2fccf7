package worker

import "fmt"

// Reason is why a child was killed.
type Reason string

// The reasons.
const (
	ReasonTime     Reason = "time"     // a run took too long
	ReasonMemory   Reason = "memory"   // it held too much memory
	ReasonOutput   Reason = "output"   // it wrote more than Limits.Output, or the host's writer panicked
	ReasonRequests Reason = "requests" // it made more requests than allowed, or one that is none of the API
	ReasonProtocol Reason = "protocol" // what it sent is no message, or too large, or out of turn
	ReasonDied     Reason = "died"     // it ended by itself
	ReasonClosed   Reason = "closed"   // by Worker.Close
)

// KilledError is a run whose child process was killed, or died. The next run starts another.
type KilledError struct {
	Reason Reason
	// Text says more: which limit, what was wrong.
	Text string
}

// Error names the reason.
func (e *KilledError) Error() string {
	return fmt.Sprintf("the script's process was ended: %s (%s)", e.Text, e.Reason)
}
