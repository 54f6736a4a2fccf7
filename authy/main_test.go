package authy

import (
	"net/http"
	"testing"

	"go.uber.org/goleak"
)

// idleFree closes the connections that clients share before the leak check: they outlive tests on purpose.
type idleFree struct{ m *testing.M }

func (i idleFree) Run() int {
	code := i.m.Run()
	defaultHTTPClient().CloseIdleConnections()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(idleFree{m}) }
