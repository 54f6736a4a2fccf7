//go:build unix

package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

// TestGuardCountsOverProcesses: programs that run at the same time send no more than the plugin guard lets them together.
func TestGuardCountsOverProcesses(t *testing.T) {
	t.Parallel()
	service := sandbox.New()
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	home := t.TempDir()
	shipped, err := filepath.Abs("../../scripts/plugins")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(home, "authysh", "config.yaml")
	if err := os.MkdirAll(filepath.Dir(config), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "key: " + service.Key() + "\nhost: " + server.URL + "\nplugins:\n  dirs: [" + shipped + "]\n  config: { guard: { daily: 7 } }\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program := func(args ...string) error {
		cmd := exec.Command("authysh", args...)
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_STATE_HOME="+home, noRaceSleep)
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		return err
	}
	if err := program("plugin", "enable", "guard", "--yes"); err != nil {
		t.Fatal(err)
	}
	if err := program("user", "create", "911 234 567", "PT", "ana@example.com"); err != nil {
		t.Fatal(err)
	}
	id := strconv.FormatInt(service.Users(0)[0].ID, 10)
	const programs = 4
	var all sync.WaitGroup
	for range programs {
		all.Go(func() {
			if err := program("-e", "for i = 1, 5 do authy.try.request_sms{ authy_id = "+id+", force = true } end"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	sent := 0
	for _, message := range service.Outbox(sandbox.OutboxFilter{}) {
		if message.Code != "" { // and no link for a new user
			sent++
		}
	}
	if sent != 7 {
		t.Errorf("%d texts were sent, want 7", sent)
	}
}
