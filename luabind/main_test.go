package luabind_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(stubEnv) != "" {
		os.Exit(runStub())
	}
	goleak.VerifyTestMain(m)
}
