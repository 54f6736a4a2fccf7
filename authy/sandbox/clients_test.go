//go:build !heavy

package sandbox_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/authy/sandbox"
)

// clientsEnv names the directory whose node_modules has the client libraries. .ci/run sets it after it has
// installed them with "npm ci" in .ci/clients, which is where they are looked for without it. With it they
// must be there; without it, or without node, the tests of the libraries are skipped.
const clientsEnv = "SANDBOX_TEST_CLIENTS"

// clientLibraries gives the program that runs scripts and the directory with the libraries.
func clientLibraries(t *testing.T) (node, modules string) {
	t.Helper()
	dir, demanded := os.LookupEnv(clientsEnv)
	miss := t.Skipf
	if demanded {
		miss = t.Fatalf
	} else {
		dir = filepath.Join("..", "..", ".ci", "clients")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		miss("node is not installed")
	}
	modules, err = filepath.Abs(filepath.Join(dir, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	for _, library := range []string{"authy", "authy-client"} {
		if _, err := os.Stat(filepath.Join(modules, library, "package.json")); err != nil {
			miss("npm %s is not installed: run npm ci --ignore-scripts in .ci/clients, or set %s", library, clientsEnv)
		}
	}
	return node, modules
}

// report is one line of a script's report.
type report struct {
	Method  string          `json:"method"`
	Input   string          `json:"input"`
	Style   string          `json:"style"`
	Outcome json.RawMessage `json:"outcome"`
}

// The libraries' own code, unmodified: every method with good and with bad input, in every style that it
// knows. Expected is what testdata/clients has for the library, line by line. It is not among the heavy tests,
// which the race detector makes slow: most of its time is node's.
func TestClientLibraries(t *testing.T) {
	t.Parallel()
	node, modules := clientLibraries(t)
	for library, styles := range map[string][]string{"authy-client": {"promise", "callback"}, "authy": {"callback"}} {
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			got := runClient(t, node, modules, library)
			checkMethods(t, got, styles)
			golden := filepath.Join("testdata", "clients", library+".jsonl")
			if *update {
				if err := os.WriteFile(golden, got, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			gotLines, wantLines := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
			for i := range max(len(gotLines), len(wantLines)) {
				g, w := nth(gotLines, i), nth(wantLines, i)
				if g != w {
					t.Errorf("%s line %d\n got %s\nwant %s", golden, i+1, g, w)
				}
			}
		})
	}
}

func nth(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

// runClient runs the script of a library against a sandbox of its own.
func runClient(t *testing.T, node, modules, library string) []byte {
	t.Helper()
	s := start(t, "", sandbox.WithKeys(testKey), sandbox.WithSeed(1), sandbox.WithInstallLink(false),
		sandbox.WithCodes(func(digits int) string { return strings.Repeat("7", digits) }))
	if err := s.FreezeClock(true); err != nil {
		t.Fatal(err)
	}
	if err := s.SetClock(epoch); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]any{
		"host": s.URL(), "key": s.Key(), "token": "7777777", "code": "7777", "signed": signedForClients(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, filepath.Join("testdata", "clients", library+".js"))
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules, "NODE_NO_WARNINGS=1", "LOG_LEVEL=fatal")
	cmd.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, stderr.String())
	}
	return []byte(settled(string(out)))
}

// signedForClients is a callback that our signer has signed, in the parts that a server sees.
func signedForClients(t *testing.T) map[string]any {
	t.Helper()
	signed, err := authy.SignCallback(testKey, authy.CallbackRequest{
		Method: "POST", URL: "http://foo.bar/callback/onetouch",
		Body: []byte(`{"approval_request":{"expiration_timestamp":1455911778,"logos":[{"res":"default","url":"https://a.example/l.png"}],` +
			`"transaction":{"details":{"amount":"10 %"},"hidden_details":{},"message":"Olá?","reason":null,"status":"approved"}},` +
			`"authy_id":1234567,"callback_action":"approval_request_status","device_uuid":"4d89c320-a9bb-0133-7c02-0e67b818e6fb",` +
			`"signature":"BObh+/==","status":"approved","uuid":"996221c0-b7a7-0133-7c06-0e67b818e6fb"}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	headers := map[string]string{"host": "foo.bar"}
	for name := range signed.Header {
		headers[strings.ToLower(name)] = signed.Header.Get(name)
	}
	return map[string]any{"method": "POST", "url": "/callback/onetouch", "headers": headers, "body": string(signed.Body)}
}

// checkMethods sees to it that no method was left out.
func checkMethods(t *testing.T, lines []byte, styles []string) {
	t.Helper()
	var methods []string
	tried := map[string]bool{}
	for line := range bytes.Lines(lines) {
		var r report
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if r.Input == "methods" {
			if err := json.Unmarshal(r.Outcome, &methods); err != nil {
				t.Fatal(err)
			}
		}
		kind, _, _ := strings.Cut(r.Input, " ")
		tried[fmt.Sprint(r.Method, " ", strings.Trim(kind, ",:"), " ", r.Style)] = true
	}
	if len(methods) < 10 {
		t.Fatalf("methods %v", methods)
	}
	for _, method := range methods {
		for _, kind := range []string{"good", "bad"} {
			for _, style := range styles {
				if name := method + " " + kind + " " + style; !tried[name] {
					t.Errorf("nobody has tried %s", name)
				}
			}
		}
	}
}
