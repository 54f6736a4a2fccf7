package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	qr "github.com/skip2/go-qrcode"
)

// pictureService answers create_user_secret with the address of a picture, and serves pictures.
type pictureService struct {
	*httptest.Server
	t       *testing.T
	address string
	picture http.HandlerFunc
}

func servePicture(t *testing.T, picture http.HandlerFunc) *pictureService {
	t.Helper()
	s := &pictureService{t: t, picture: picture}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	s.address = s.URL + "/qr/as-good-as-the-secret.png"
	return s
}

func (s *pictureService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/protected/") {
		fmt.Fprintf(w, `{"label":"ana","issuer":"Test","qr_code":%q,"success":true}`, s.address)
		return
	}
	for name, values := range r.Header {
		if strings.Contains(strings.Join(values, " "), "picture-key-0123") {
			s.t.Errorf("the key was sent for a picture, as %s", name)
		}
	}
	s.picture(w, r)
}

// codeOfLength is a picture of a code that holds n letters.
func codeOfLength(t *testing.T, n int) []byte {
	t.Helper()
	picture, err := qr.Encode(strings.Repeat("a", n), qr.Low, -4)
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// onTerminal runs the program as if its output were read by a person, at 80 columns.
func (s *pictureService) onTerminal(args ...string) (code int, stdout, stderr string) {
	s.t.Helper()
	home := s.t.TempDir()
	env := map[string]string{"AUTHYSH_HOST": s.URL, "AUTHY_KEY": "picture-key-0123", "HOME": home, "XDG_CONFIG_HOME": home, "NO_COLOR": "1"}
	var out, problems bytes.Buffer
	code = run(s.t.Context(), args, stdio{
		program: "authysh", stdin: strings.NewReader(""), stdout: &out, stderr: &problems, stdoutTerminal: true, userID: os.Getuid(),
		lookupEnv: func(name string) (string, bool) { value, ok := env[name]; return value, ok },
		exit:      func(code int) { s.t.Errorf("the process was ended with %d", code) },
	})
	return code, out.String(), problems.String()
}

// TestCodeCannotBeDrawn still shows the answer, and warns.
func TestCodeCannotBeDrawn(t *testing.T) {
	t.Parallel()
	small, large := codeOfLength(t, 40), codeOfLength(t, 900)
	send := func(picture []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.Write(picture) }
	}
	for name, tc := range map[string]struct {
		address string
		picture http.HandlerFunc
		said    string // "" is drawn
	}{
		"drawn":     {"", send(small), ""},
		"gone":      {"", http.NotFound, "the QR code cannot be fetched: the answer is 404 Not Found"},
		"no image":  {"", send([]byte("<html>")), "the QR code cannot be drawn: not a picture: "},
		"too large": {"", send(make([]byte, maxPicture+1)), "the QR code cannot be fetched: it has over 1048576 bytes"},
		"too wide":  {"", send(large), "the terminal is too narrow for the QR code: it takes 1"},
		"elsewhere": {"http://example.com/qr.png", nil, "the QR code cannot be fetched: its address is neither https nor at the service"},
		"a file":    {"file:///etc/hostname", nil, "the QR code cannot be fetched: its address is neither https nor at the service"},
		"led away": {"", http.RedirectHandler("http://example.com/qr.png", http.StatusFound).ServeHTTP,
			"the QR code cannot be fetched: its address leads to one that is neither https nor at the service"},
		"in circles": {"", http.RedirectHandler("/qr/again.png", http.StatusFound).ServeHTTP, "the QR code cannot be fetched: its address leads on more than 3 times"},
		"broken off": {"", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "100") }, "the QR code cannot be fetched: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servePicture(t, tc.picture)
			if tc.address != "" {
				s.address = tc.address
			}
			code, out, said := s.onTerminal("user", "create-secret", "1635")
			if code != 0 || !strings.Contains(out, s.address) {
				t.Errorf("exit code %d, printed %q", code, out)
			}
			if drawn := strings.Contains(out, "██ ▄▄▄▄▄ █"); drawn != (tc.said == "") {
				t.Errorf("drawn: %t\n%s", drawn, out)
			}
			if tc.said == "" && said != "" || !strings.Contains(said, tc.said) || tc.said != "" && !strings.Contains(said, "\nhint: ") {
				t.Errorf("said %q, want %q", said, tc.said)
			}
		})
	}
}

// TestCodeIsNotAskedFor fetches no picture that nobody would see.
func TestCodeIsNotAskedFor(t *testing.T) {
	t.Parallel()
	s := servePicture(t, func(http.ResponseWriter, *http.Request) { t.Error("the picture was fetched") })
	for _, flags := range [][]string{{"--output", "json"}, {"--query", "qr_code"}, {"--template", "{{.label}}"}, {"--dry-run"}} {
		if code, out, said := s.onTerminal(append([]string{"user", "get", "qr", "1635"}, flags...)...); code != 0 || said != "" || strings.Contains(out, "█") {
			t.Errorf("%q: exit code %d, printed %q, said %q", flags, code, out, said)
		}
	}
}

// TestCodeIsNotTraced keeps the address of the picture out of what --verbose shows.
func TestCodeIsNotTraced(t *testing.T) {
	t.Parallel()
	picture := codeOfLength(t, 40)
	s := servePicture(t, func(w http.ResponseWriter, _ *http.Request) { w.Write(picture) })
	file := filepath.Join(t.TempDir(), "code.png")
	code, _, said := s.onTerminal("user", "create-secret", "1635", "--verbose", "--out", file)
	if code != 0 || !strings.Contains(said, "> POST ") || strings.Contains(said, "as-good-as-the-secret") {
		t.Errorf("exit code %d, said %q", code, said)
	}
	if written, err := os.ReadFile(file); err != nil || !bytes.Equal(written, picture) {
		t.Errorf("the file has %d bytes, %v", len(written), err)
	}
}

// TestCodeForFile fails where a file was asked for and cannot be had, after showing the answer.
func TestCodeForFile(t *testing.T) {
	t.Parallel()
	s := servePicture(t, http.NotFound)
	file := filepath.Join(t.TempDir(), "code.png")
	code, out, said := s.onTerminal("user", "create-secret", "1635", "--out", file)
	if code == 0 || !strings.Contains(out, s.address) || !strings.Contains(said, "the QR code cannot be fetched, so "+file+" was not written: the answer is 404") {
		t.Errorf("exit code %d, printed %q, said %q", code, out, said)
	}
	if _, err := os.Lstat(file); err == nil {
		t.Error("there is a file")
	}
}
