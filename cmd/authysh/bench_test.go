package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authysh/authysh/authy/sandbox"
)

const helloSource = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(\"hello\") }\n"

// BenchmarkStart measures whole processes: what authysh -e ” takes, and as x-hello, how many times that of a Go program
// that only says hello, run in turn.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	source := filepath.Join(dir, "hello.go")
	if err := os.WriteFile(source, []byte(helloSource), 0o600); err != nil {
		b.Fatal(err)
	}
	hello, authysh := compiled(b, filepath.Join(dir, "hello"), source), compiled(b, filepath.Join(dir, "authysh"), ".")
	for name, args := range map[string][]string{"script": {"-e", ""}, "sandbox": {"--sandbox", "-e", ""}, "version": {"--version"}} {
		b.Run(name, func(b *testing.B) {
			start := func(program string, args ...string) time.Duration {
				cmd := exec.Command(program, args...)
				cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir}
				began := time.Now()
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				return time.Since(began)
			}
			start(hello)
			start(authysh, args...)
			var ours, theirs time.Duration
			for b.Loop() {
				ours += start(authysh, args...)
				theirs += start(hello)
			}
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/start")
			b.ReportMetric(float64(ours)/float64(theirs), "x-hello")
		})
	}
}

// compiled builds a program as a release is built: without the dynamic linker's part.
func compiled(b *testing.B, program string, args ...string) string {
	b.Helper()
	compile := exec.Command("go", append([]string{"build", "-o", program}, args...)...)
	compile.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := compile.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, said)
	}
	return program
}

// rawSource is a program that makes one request with net/http, and links all that authysh links.
const rawSource = `package main

import (
	"io"
	"net/http"
	"os"
%s)

func main() {
	request, err := http.NewRequest("GET", os.Args[1]+"/protected/json/app/details", nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("X-Authy-API-Key", os.Args[2])
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	if _, err := io.Copy(os.Stdout, response.Body); err != nil {
		panic(err)
	}
}
`

// BenchmarkOneShot measures one call of the API as a whole process against a sandbox on loopback: x-raw is how many
// times that of a program that links the same packages and makes the request with net/http.
func BenchmarkOneShot(b *testing.B) {
	dir := b.TempDir()
	const key = "bench-key-0123456789"
	server, err := sandbox.Start(b.Context(), "127.0.0.1:0", sandbox.WithKeys(key))
	if err != nil {
		b.Fatal(err)
	}
	imports, err := exec.Command("go", "list", "-f", `{{range .Imports}}{{printf "\t_ %q\n" .}}{{end}}`, ".").Output()
	if err != nil {
		b.Fatalf("go list: %v", err)
	}
	source := filepath.Join(dir, "raw.go")
	if err := os.WriteFile(source, fmt.Appendf(nil, rawSource, imports), 0o600); err != nil {
		b.Fatal(err)
	}
	here, err := filepath.Abs("internal/raw/main.go") // a file that is not there: only there it may import our own packages
	if err != nil {
		b.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	listed, _ := json.Marshal(map[string]map[string]string{"Replace": {here: source}})
	if err := os.WriteFile(overlay, listed, 0o600); err != nil {
		b.Fatal(err)
	}
	raw := compiled(b, filepath.Join(dir, "raw"), "-overlay", overlay, "./internal/raw")
	authysh := compiled(b, filepath.Join(dir, "authysh"), ".")
	run := func(program string, args ...string) time.Duration {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "AUTHY_KEY=" + key, "AUTHYSH_HOST=" + server.URL()}
		var said strings.Builder
		cmd.Stdout, cmd.Stderr = io.Discard, &said
		began := time.Now()
		if err := cmd.Run(); err != nil {
			b.Fatalf("%v: %s", err, said.String())
		}
		return time.Since(began)
	}
	var ours, theirs time.Duration
	for b.Loop() {
		ours += run(authysh, "application", "get", "details")
		theirs += run(raw, server.URL(), key)
	}
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/call")
	b.ReportMetric(float64(ours)/float64(theirs), "x-raw")
}
