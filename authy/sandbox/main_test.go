package sandbox_test

import (
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain also is the sandbox that a test kills, when it is started as that.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SANDBOX_TEST_DATA"); dir != "" {
		serveUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(hangingUp{m})
}

// hangingUp ends the connections that the tests' own client keeps.
type hangingUp struct{ *testing.M }

func (m hangingUp) Run() int {
	code := m.M.Run()
	http.DefaultClient.CloseIdleConnections()
	return code
}
