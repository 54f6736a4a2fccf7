package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

func formRequest(query, contentType, body string) *http.Request {
	r := &http.Request{Method: "POST", URL: &url.URL{RawQuery: query}, Header: http.Header{}}
	r.Header.Set("Content-Type", contentType)
	if body != "" {
		r.Body = readCloser{strings.NewReader(body)}
	}
	return r
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func TestFormParsing(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{
		"a=1&b=2":                               `{"a":"1","b":"2"}`,
		"a=1&a=2":                               `{"a":"2"}`,
		"user%5Bemail%5D=a%40b":                 `{"user":{"email":"a@b"}}`,
		"d[Account Number]=98+12&d[x]=a%2Bb":    `{"d":{"Account Number":"98 12","x":"a+b"}}`,
		"e[]=b&e[]=a":                           `{"e":["b","a"]}`,
		"l[][r]=1&l[][u]=2&l[][r]=3":            `{"l":[{"r":"1","u":"2"},{"r":"3"}]}`,
		"l[][r]=1&l[][r]=2":                     `{"l":[{"r":"1"},{"r":"2"}]}`,
		"l[][d][a]=1&l[][d][b]=2&l[][d][a]=3":   `{"l":[{"d":{"a":"1","b":"2"}},{"d":{"a":"3"}}]}`,
		"l[][t][]=1&l[][t][]=2":                 `{"l":[{"t":["1","2"]}]}`,
		"l[0][r]=1&l[1][r]=2":                   `{"l":{"0":{"r":"1"},"1":{"r":"2"}}}`,
		"a=1&a[b]=2":                            `{"a":{"b":"2"}}`,
		"a[b]=2&a=1":                            `{"a":"1"}`,
		"a[]=1&a[b]=2":                          `{"a":{"b":"2"}}`,
		"":                                      `{}`,
		"&&a&=x&b=":                             `{"a":"","b":""}`,
		"a[=1&b]=2&[c]=3&d[e]f=4&g[h=5&i[]j[]=": `{"[c]":"3","a[":"1","b]":"2","d[e]f":"4","g[h":"5","i[]j[]":""}`,
	} {
		p, err := readParams(formRequest(strings.ReplaceAll(form, " ", "%20"), "", ""), 1000)
		if err != nil {
			t.Errorf("%s: %v", form, err)
			continue
		}
		if got, _ := json.Marshal(p); string(got) != want {
			t.Errorf("%s: %s, want %s", form, got, want)
		}
	}
}

func TestMergeOrder(t *testing.T) {
	t.Parallel()
	p, err := readParams(formRequest("a=query&b=query&u[x]=query&u[y]=query&n=query", "application/json",
		` {"b":"body","u":{"y":"body"},"n":null,"i":1.50,"t":true,"l":[1]} `), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"a", p.text("a"), "query"},
		{"b", p.text("b"), "body"},
		{"u[x]", p.text("u", "x"), "query"},
		{"u[y]", p.text("u", "y"), "body"},
		{"n", p.text("n"), "query"}, // null replaces nothing
		{"i", p.text("i"), "1.50"},
		{"t", p.text("t"), "true"},
		{"l", p.text("l"), ""},
		{"a[b]", p.text("a", "b"), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

// The vectors are those that package authy is held to.
func TestCanonical(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"real.json", "synthetic.json"} {
		text, err := os.ReadFile(filepath.Join("..", "testdata", "callbacks", name))
		if err != nil {
			t.Fatal(err)
		}
		var vectors []struct{ Name, Key, Method, URL, Nonce, Signature, Body, Query, Params string }
		if err := json.Unmarshal(text, &vectors); err != nil {
			t.Fatal(err)
		}
		for _, v := range vectors {
			params := v.Query
			if v.Method == "POST" {
				p, err := readParams(formRequest("", "application/json", v.Body), len(v.Body))
				if err != nil {
					t.Errorf("%s: %v", v.Name, err)
				}
				params = canonical(p)
			}
			if v.Params != "" && params != v.Params {
				t.Errorf("%s\n got %s\nwant %s", v.Name, params, v.Params)
			}
			if got := sign(v.Key, v.Nonce, v.Method, v.URL, params); got != v.Signature {
				t.Errorf("%s: signature %s, want %s", v.Name, got, v.Signature)
			}
		}
	}
	if got := canonical(params{"": map[string]any{"a": "1"}}); got != "%5Ba%5D=1" {
		t.Errorf("in an empty key: %s", got)
	}
	const nonce, target = "1427849783.886085", "https://api.authy.com/dashboard/json/application/webhooks"
	for _, c := range []struct{ method, params, want string }{
		{"POST", "a=value1&b=val%7Cue%262", "4f9676D/+BzsEq8NzF0fXpv7qETnzJUW/4YGe7p0EPM="},
		{"GET", "a=value1&b=val%7Cue%262", "W+RlOV+lGi1EA9jaT1X5hL1aJFAuTRwnHuQhCp2tAxI="},
		{"POST", "", "UJRjviTdXFA0xu4duxW9BWVDRZGsmSUDd4RglmzcX4o="},
		{"get", "", "yjA/tsM6Rkxgww9wmZLxRWaouw21ZRsi7QIOdm7cEmA="},
	} {
		if got := sign("foobar123", nonce, c.method, target, c.params); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.method, c.params, got, c.want)
		}
	}
}

// Whatever comes in, reading does not panic, and what it lets through is bounded, valid text of the
// promised types. A form means the same in the query and in the body.
func FuzzReadParams(f *testing.F) {
	for _, seed := range [][3]string{
		{"user%5Bemail%5D=a%40b.com&user[cellphone]=1", "application/x-www-form-urlencoded", ""},
		{"", "application/json", `{"user":{"email":"a","n":1.5e3,"b":true,"z":null,"l":[{},[]]}}`},
		{"api_key=k&logos[][res]=a&logos[][url]=b&logos[][res]=c", "", "logos[0][res]=x&logos[1][url]=y&logos[x]=z"},
		{"a=%ff&%zz", "application/json", "[1]"},
		{"a[b][c][]=1&a[b]=2&a[][b]=3&=&[]=&[", "text/plain", `{"a":{"b":{"c":1}}} {}`},
		{"", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"l[][r]\"\r\n\r\nx\r\n--b--"},
		{"l[9999999999999999999999]=1&l[1]=2", "application/JSON; charset=utf-8", "\xff{"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, query, contentType, body string) {
		const limit = 4096
		p, err := readParams(formRequest(query, contentType, body), limit)
		if len(body) > limit && err == nil {
			t.Error("the limit was passed over")
		}
		checkValue(t, map[string]any(p), 0)
		for name := range p {
			p.text(name)
			p.flag(name)
			p.list(name)
			p.texts(name)
			p.integer(name, 0, 0, 10)
		}
		if again := canonical(p); again != canonical(p) {
			t.Error("canonical text depends on map order")
		}
		inQuery, err1 := readParams(formRequest(body, "", ""), 1<<20)
		inBody, err2 := readParams(formRequest("", "application/x-www-form-urlencoded", body), 1<<20)
		if trimmed := strings.TrimSpace(body); trimmed == "" || trimmed[0] == '{' || trimmed[0] == '[' {
			return
		}
		if (err1 == nil) != (err2 == nil) && utf8.ValidString(body) {
			t.Errorf("query: %v, body: %v", err1, err2)
		}
		if err1 == nil && err2 == nil && !reflect.DeepEqual(inQuery, inBody) {
			t.Errorf("query: %v, body: %v", inQuery, inBody)
		}
	})
}

func checkValue(t *testing.T, v any, depth int) {
	if depth > maxDepth {
		t.Fatal("too deep")
	}
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			if !utf8.ValidString(name) {
				t.Errorf("name %q is not UTF-8", name)
			}
			checkValue(t, child, depth+1)
		}
	case []any:
		for _, child := range v {
			checkValue(t, child, depth+1)
		}
	case string:
		if !utf8.ValidString(v) {
			t.Errorf("value %q is not UTF-8", v)
		}
	case json.Number, bool, nil:
	default:
		t.Errorf("value of type %T", v)
	}
}

// The store's two bounded collections keep what is newest.
func TestBounded(t *testing.T) {
	t.Parallel()
	r, tb := newRing[int](3), newTable[int, int](3)
	for i := range 1000 {
		r.add(i)
		tb.put(i, i)
		if i >= 3 && len(tb.byKey) != 3 || len(tb.order) > 8 {
			t.Fatalf("after %d: %d entries, order %d", i, len(tb.byKey), len(tb.order))
		}
	}
	var fromRing, fromTable []int
	for v := range r.newest() {
		fromRing = append(fromRing, v)
	}
	for v := range tb.newest() {
		fromTable = append(fromTable, v)
	}
	want := []int{999, 998, 997}
	if !reflect.DeepEqual(fromRing, want) || !reflect.DeepEqual(fromTable, want) {
		t.Errorf("ring %v, table %v, want %v", fromRing, fromTable, want)
	}
	var gone []int
	tb.purge(func(v int) bool { return v < 999 }, func(v int) { gone = append(gone, v) })
	if _, ok := tb.get(999); !ok || !reflect.DeepEqual(gone, []int{997, 998}) {
		t.Errorf("purged %v", gone)
	}
}

// Each code that handlers can answer has a status and words; each route has one handler.
func TestTables(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("respond.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := regexp.MustCompile(`(?m)^\tcode\w+ +code = (\d+)$`).FindAllSubmatch(source, -1)
	if len(codes) < 40 {
		t.Errorf("%d codes", len(codes))
	}
	for _, match := range codes {
		n, _ := strconv.Atoi(string(match[1]))
		if _, ok := errorTable[code(n)]; !ok {
			t.Errorf("code %d is not in the table", n)
		}
	}
	own := map[code]bool{}
	for _, match := range codes {
		n, _ := strconv.Atoi(string(match[1]))
		own[code(n)] = true
	}
	for c, info := range errorTable {
		if forced := info.why != ""; forced == own[c] && c != codeInternal && c != codeQRFailed { // those two guard what cannot be
			t.Errorf("code %d: handlers can answer it: %v, but it is forced only: %q", c, own[c], info.why)
		}
		if info.status < 400 || info.message == "" || c < 60000 || c > 60999 {
			t.Errorf("code %d: %+v", c, info)
		}
	}
	seen := map[string]bool{}
	for _, r := range routes {
		name := r.method + " " + r.pattern
		if seen[name] || (r.handle == nil) == (r.service == nil) {
			t.Errorf("route %s: double, or not exactly one handler", name)
		}
		seen[name] = true
	}
}
