package sandbox_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/authysh/authysh/authy/sandbox"
)

var update = flag.Bool("update", false, "write the answers in testdata/clients and testdata/recorded anew")

// What differs between runs or says nothing: identifiers, and of the numbers those as long as an Authy id.
var unstable = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`127\.0\.0\.1:\d+/`), "HOST/"},
	{regexp.MustCompile(`/qr/\d{5}/`), "/qr/APP/"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`\b(SM|EM)?[0-9a-f]{24,32}\b`), "HEX"},
	{regexp.MustCompile(`("(id|_?authy_id|device_id)":)"?\d{8}"?`), `$1"ID"`},
	{regexp.MustCompile(`("(app_id|_app_serial_id)":)\d{5}\b`), `$1"APP"`},
}

// settled is text without what differs between runs.
func settled(text string) string {
	for _, u := range unstable {
		text = u.pattern.ReplaceAllString(text, u.instead)
	}
	return text
}

// recorded is one request of a file in testdata/recorded: what is sent, and what must come back.
type recorded struct {
	title, head, body, answer string
}

func (r recorded) text() string {
	text := "### " + r.title + "\n" + r.head + "\n"
	if r.body != "" {
		text += "\n" + r.body + "\n"
	}
	return text + "\n< " + r.answer + "\n"
}

// parseRecorded gives the comment at the file's head and its requests.
func parseRecorded(t *testing.T, text string) (comment string, requests []recorded) {
	t.Helper()
	comment, rest, _ := strings.Cut(text, "### ")
	for block := range strings.SplitSeq(rest, "\n### ") {
		title, block, _ := strings.Cut(block, "\n")
		block, answer, _ := strings.Cut(block, "\n< ")
		head, body, _ := strings.Cut(strings.TrimSpace(block), "\n\n")
		if title == "" || head == "" {
			t.Fatalf("no title or no request in %q", block)
		}
		requests = append(requests, recorded{title, head, body, strings.TrimSpace(answer)})
	}
	return comment, requests
}

// Each library's requests as bytes on one connection; the libraries themselves would need their languages.
func TestRecordedShapes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "recorded", "*.http"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			comment, requests := parseRecorded(t, string(text))
			anew := comment
			for i, answer := range replayRecorded(t, requests) {
				r := requests[i]
				if answer != r.answer && !*update {
					t.Errorf("%s\n%s\n\n%s\n got %s\nwant %s", r.title, r.head, r.body, answer, r.answer)
				}
				if good, ok := !strings.Contains(r.title, ", bad") && !strings.Contains(r.title, "before"), strings.HasPrefix(answer, "200 "); good != ok {
					t.Errorf("%s: %s", r.title, answer)
				}
				r.answer = answer
				if i > 0 {
					anew += "\n"
				}
				anew += r.text()
			}
			if *update {
				if err := os.WriteFile(file, []byte(anew), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// replayRecorded sends requests to a sandbox of their own and gives the answers.
func replayRecorded(t *testing.T, requests []recorded) []string {
	t.Helper()
	s := start(t, "", sandbox.WithKeys(testKey), sandbox.WithSeed(1),
		sandbox.WithCodes(func(digits int) string { return strings.Repeat("7", digits) }))
	if err := s.FreezeClock(true); err != nil {
		t.Fatal(err)
	}
	if err := s.SetClock(epoch); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	names := map[string]string{"{host}": s.Addr().String(), "{key}": testKey, "{id}": "0", "{uuid}": "0"}
	var answers []string
	for _, r := range requests {
		pairs := make([]string, 0, 2*len(names))
		for name, value := range names {
			pairs = append(pairs, name, value)
		}
		fill := strings.NewReplacer(pairs...).Replace
		head, body := fill(r.head), fill(r.body)
		if body != "" {
			head += "\nContent-Length: " + strconv.Itoa(len(body))
		}
		if _, err := io.WriteString(conn, strings.ReplaceAll(head, "\n", "\r\n")+"\r\n\r\n"+body); err != nil {
			t.Fatalf("%s: %v", r.title, err)
		}
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatalf("%s: %v", r.title, err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatalf("%s: %v", r.title, err)
		}
		var told struct {
			User     struct{ ID json.Number }
			Approval struct{ UUID string } `json:"approval_request"`
		}
		if res.StatusCode == http.StatusOK && json.Unmarshal(text, &told) == nil {
			if told.User.ID != "" {
				names["{id}"] = told.User.ID.String()
			}
			if told.Approval.UUID != "" {
				names["{uuid}"] = told.Approval.UUID
			}
		}
		answers = append(answers, fmt.Sprint(res.StatusCode, " ", settled(string(text))))
	}
	return answers
}
