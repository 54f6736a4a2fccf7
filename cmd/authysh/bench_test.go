package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
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
	build := func(name, from string) string {
		program := filepath.Join(dir, name)
		compile := exec.Command("go", "build", "-o", program, from)
		compile.Env = append(os.Environ(), "CGO_ENABLED=0") // as a release is built: without the dynamic linker's part
		if said, err := compile.CombinedOutput(); err != nil {
			b.Fatalf("go build: %v\n%s", err, said)
		}
		return program
	}
	hello, authysh := build("hello", source), build("authysh", ".")
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
