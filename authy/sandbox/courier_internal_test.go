package sandbox

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

type accepting struct{}

func (accepting) RoundTrip(rq *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("")), Request: rq, Header: http.Header{}}, nil
}

// approved is a service whose one approval request was answered.
func approved(t *testing.T, prepare func(*Service)) *Service {
	t.Helper()
	s := New(WithSeed(1), WithDelivery(Delivery{Transport: accepting{}}), WithCallback("https://app.example/", ""),
		WithUsers(SeedUser{AuthyID: 1635, Phone: "911234567", CountryCode: "351", Email: "a@b.example"}))
	prepare(s)
	p := &approval{uuid: "u", authyID: 1635, status: statusPending}
	s.apps[0].approvals.put(p.uuid, p)
	if _, err := s.Approve("u"); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return s
}

// What there is no room for is not left pending for ever.
func TestTooManyDeliveries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := approved(t, func(s *Service) {
			for i := range maxWaiting {
				s.courier.active["other "+strconv.Itoa(i)] = true
			}
		})
		defer s.Close(t.Context())
		sent := s.Callbacks(1)[0]
		if sent.State != DeliveryFailed || len(sent.Attempts) != 1 || sent.Attempts[0].Error != "was not tried: 10000 deliveries wait already" {
			t.Errorf("%+v", sent)
		}
	})
}

// As many retries as the option lets through are made.
func TestMostRetries(t *testing.T) {
	t.Parallel()
	if _, err := Open(WithDelivery(Delivery{Retries: maxAttempts})); err == nil || !strings.Contains(err.Error(), "delivery: retries must be at most 19, got 20") {
		t.Error(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := approved(t, func(s *Service) { s.courier.how.Retries, s.courier.client.Transport = maxAttempts-1, refusing{} })
		defer s.Close(t.Context())
		time.Sleep(time.Hour)
		if sent := s.Callbacks(1)[0]; sent.State != DeliveryFailed || len(sent.Attempts) != maxAttempts {
			t.Errorf("%s, %d attempts", sent.State, len(sent.Attempts))
		}
	})
}

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no") }

// Duplicates are remembered as far as other attempts are.
func TestManyDuplicates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := approved(t, func(s *Service) {
			if _, err := s.AddFault(fault.Rule{On: fault.OnCallback, Effect: fault.Effect{Duplicate: 100}}); err != nil {
				t.Fatal(err)
			}
		})
		defer s.Close(t.Context())
		if sent := s.Callbacks(1)[0]; sent.State != DeliveryDelivered || len(sent.Attempts) != maxAttempts {
			t.Errorf("%s, %d attempts", sent.State, len(sent.Attempts))
		}
	})
}
