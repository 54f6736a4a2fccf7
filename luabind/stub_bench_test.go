package luabind_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// stubEnv makes the test binary a service that answers every call after the duration that it holds.
const stubEnv = "AUTHYSH_TEST_STUB"

const stubKey = "a-key-to-measure"

// runStub serves until standard input ends. It answers registrations and requests for text messages.
func runStub() int {
	delay, err := time.ParseDuration(os.Getenv(stubEnv))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	registered := []byte(`{"message":"User created successfully.","user":{"id":48213977},"success":true}`)
	texted := []byte(`{"success":true,"message":"SMS token was sent","cellphone":"+351-XXX-XXX-XX67"}`)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if delay > 0 {
			select {
			case <-time.After(delay):
			case <-r.Context().Done():
			}
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(r.URL.Path, "/sms/") {
			_, _ = w.Write(texted)
			return
		}
		_, _ = w.Write(registered)
	}))
	defer server.Close()
	fmt.Println(server.URL)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// startStub starts the service in a process of its own, so that its work does not count as ours, and returns its URL.
func startStub(b *testing.B, delay time.Duration) string {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), stubEnv+"="+delay.String())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.Fatalf("the stub says nothing: %v", err)
	}
	return strings.TrimSpace(url)
}

// rawClient makes calls with nothing but the standard library.
type rawClient struct {
	http      *http.Client
	host, key string
}

// newRawClient keeps a connection for each of the workers.
func newRawClient(b *testing.B, host string, workers int) *rawClient {
	transport := &http.Transport{MaxIdleConnsPerHost: workers}
	b.Cleanup(transport.CloseIdleConnections)
	return &rawClient{&http.Client{Transport: transport}, host, stubKey}
}

func (c *rawClient) do(method, path string, body io.Reader, result any) error {
	request, err := http.NewRequestWithContext(context.Background(), method, c.host+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("X-Authy-API-Key", c.key)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, result)
}

func (c *rawClient) register(phone, email string) (id int64, err error) {
	type user struct {
		CountryCode int    `json:"country_code"`
		Cellphone   string `json:"cellphone"`
		Email       string `json:"email"`
	}
	body, err := json.Marshal(map[string]user{"user": {351, phone, email}})
	if err != nil {
		return 0, err
	}
	var result struct {
		Message string `json:"message"`
		Success bool   `json:"success"`
		User    struct {
			ID int64 `json:"id"`
		} `json:"user"`
	}
	err = c.do("POST", "/protected/json/users/new", bytes.NewReader(body), &result)
	return result.User.ID, err
}

func (c *rawClient) text(id int64) error {
	var result struct {
		Message   string `json:"message"`
		Success   bool   `json:"success"`
		Cellphone string `json:"cellphone"`
	}
	return c.do("GET", "/protected/json/sms/"+strconv.FormatInt(id, 10), nil, &result)
}

// enrol registers users and texts each, with workers that take them one after the other.
func (c *rawClient) enrol(users, workers int) error {
	var next atomic.Int64
	failures := make(chan error, workers)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)); i <= users; i = int(next.Add(1)) {
				id, err := c.register(strconv.Itoa(910_000_000+i), "ana"+strconv.Itoa(i)+"@example.com")
				if err == nil {
					err = c.text(id)
				}
				if err != nil {
					failures <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(failures)
	return <-failures
}

// callsOfUser is how many calls enrol makes for one user.
const callsOfUser = 2

// besideRaw runs the two sides turn by turn, so that a noisy machine slows both alike, and reports how fast ours is as a
// share of the raw one, and the processor time of a call on both. Where the service takes a while for each answer, it
// also reports how fast they are as a share of what that allows.
func besideRaw(b *testing.B, delay time.Duration, users, workers int, raw, ours func() error) {
	b.Helper()
	sides := []func() error{raw, ours}
	for _, side := range sides { // connections, caches
		if err := side(); err != nil {
			b.Fatal(err)
		}
	}
	var wall, cpu [2]time.Duration
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
	b.ReportMetric(float64(wall[0])/float64(wall[1]), "ours/raw")
	b.ReportMetric(float64(cpu[0].Microseconds())/calls, "µs-cpu-raw")
	b.ReportMetric(float64(cpu[1].Microseconds())/calls, "µs-cpu-ours")
	b.ReportMetric(float64(cpu[1])/float64(cpu[0]), "cpu-ours/raw")
	if delay > 0 {
		ideal := calls * float64(delay) / float64(workers)
		b.ReportMetric(100*ideal/float64(wall[0]), "%-of-ideal-raw")
		b.ReportMetric(100*ideal/float64(wall[1]), "%-of-ideal-ours")
	}
}
