package fault_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authysh/authysh/authy/sandbox/fault"
)

const ms = fault.Duration(time.Millisecond)

func TestParse(t *testing.T) {
	t.Parallel()
	text := "it, broke"
	for line, want := range map[string]fault.Rule{
		"request_sms: latency=200ms±50ms, every=3": {On: "request_sms", Every: 3, Effect: fault.Effect{Latency: fault.Spread{Base: 200 * ms, Jitter: 50 * ms}}},
		"request_sms: latency=200ms+-50ms,every=3": {On: "request_sms", Every: 3, Effect: fault.Effect{Latency: fault.Spread{Base: 200 * ms, Jitter: 50 * ms}}},
		"status=503":                               {Effect: fault.Effect{Status: 503}},
		"*: code=60017, user=+351 911 234 567":     {On: "*", User: "+351 911 234 567", Effect: fault.Effect{Code: 60017}},
		"/onetouch/*: reset=before, first=2":       {On: "/onetouch/*", First: 2, Effect: fault.Effect{Reset: "before"}},
		`verify_token: body="it, broke", nth=1`:    {On: "verify_token", Nth: 1, Effect: fault.Effect{Body: &text}},
		"callback: drop, times=1":                  {On: "callback", Times: 1, Effect: fault.Effect{Drop: true}},
		"webhook: duplicate=2, delay=5s":           {On: "webhook", Effect: fault.Effect{Duplicate: 2, Delay: 5000 * ms}},
		"*: retry_after=3s, probability=10%":       {On: "*", Probability: 0.1, Effect: fault.Effect{RetryAfter: 3000 * ms}},
		"*: skew=-5m, key=abc, app=Other, off":     {On: "*", Key: "abc", App: "Other", Off: true, Effect: fault.Effect{Skew: -300_000 * ms}},
		"*: json=html, drip=1ms, slow_headers=2ms": {On: "*", Effect: fault.Effect{JSON: "html", Drip: ms, SlowHeaders: 2 * ms}},
	} {
		got, err := fault.Parse(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"request_smss: status=503":               `on: must be an operation, a path such as /protected/json/sms/*, callback, webhook or *, got "request_smss", did you mean request_sms?`,
		"request_sms: latencyy=1s":               `"latencyy": is unknown, did you mean latency?`,
		"request_sms: qqq=1s":                    `"qqq": is unknown: the fields are app, body,`,
		"request_sms: latency=1 s":               `latency: must be a duration such as 250ms, 5s or 2m, got "1 s"`,
		"request_sms: latency=1h":                `latency: must be from 0s to 10m0s, got 1h0m0s`,
		"request_sms: latency=1s±x":              `latency: the tolerance must be a duration`,
		"request_sms: every=0, status=500":       `every: must be a whole number from 1 to 1000000000, got "0"`,
		"request_sms: probability=2, status=500": `probability: must be above 0 and at most 1`,
		"request_sms: status=500, status=503":    `status: is given twice`,
		"callback: drop, drop=true":              `drop: is given twice`,
		"request_sms: every=3":                   `does nothing: give it an effect`,
		"request_sms: body=\xb7":                 `must be text in UTF-8`,
		"request_sms":                            `does nothing: give it an effect`,
		"request_sms: latency":                   `"latency": must have a value, such as latency=200ms, did you mean latency?`,
		"request_sms: duplicate=1":               `its target must be callback or webhook`,
		"callback: status=500":                   `only skew, duplicate, delay and drop can happen to what the sandbox sends`,
		"*: reset=befor":                         `reset: must be request, before, after, got "befor", did you mean before?`,
		`*: body="abc`:                           `body: its quoted value is not a JSON string`,
		`*: body="abc" x`:                        `body: a comma must follow`,
		"*: status=99":                           `status: must be a whole number from 200 to 599`,
		"*: user=ana, status=500":                `user: must be an Authy id, or a phone with country code, got "ana"`,
	} {
		if _, err := fault.Parse(line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant ...%s...", line, err, want)
		}
	}
}

func TestScenario(t *testing.T) {
	t.Parallel()
	if e, err := fault.ParseScenario("60017"); err != nil || e.Code != 60017 {
		t.Errorf("%+v, %v", e, err)
	}
	if e, err := fault.ParseScenario("latency=2s, json=truncated"); err != nil || e.Latency.Base != 2000*ms || e.JSON != fault.JSONTruncated {
		t.Errorf("%+v, %v", e, err)
	}
	for _, bad := range []string{"", "every=2, status=500", "on=request_sms, status=500", "nonsense"} {
		if e, err := fault.ParseScenario(bad); err == nil {
			t.Errorf("%q: %+v", bad, e)
		}
	}
}

func TestYAML(t *testing.T) {
	t.Parallel()
	rules, err := fault.ParseYAML([]byte(`
# a comment
- "request_sms: latency=200ms±50ms, every=3"
- on: verify_token
  code: 60017
  user: 12345678
  probability: 0.5
  app: null
- {on: callback, drop: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []fault.Rule{
		{On: "request_sms", Every: 3, Effect: fault.Effect{Latency: fault.Spread{Base: 200 * ms, Jitter: 50 * ms}}},
		{On: "verify_token", User: "12345678", Probability: 0.5, Effect: fault.Effect{Code: 60017}},
		{On: "callback", Effect: fault.Effect{Drop: true}},
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Error(diff)
	}
	for text, want := range map[string]string{
		"- on: request_sms\n  statuss: 3\n":       `line 2: fault rule 1: "statuss": is unknown, did you mean status?`,
		"- status: 503\n- on: x\n  status: 500\n": `line 2: fault rule 2: on: must be an operation`,
		"- status: 503\n- on: callback\n":         `line 2: fault rule 2 "callback": does nothing`,
		"- latency: [1]\n":                        `line 1: fault rule 1: latency: must be a plain value`,
		"- status: 500\n  status: 501\n":          `line 2: fault rule 1: status: is given twice`,
		"a: b\n":                                  `line 1: fault rule: the file must be a list of rules`,
		"- 'nope: status=1'\n":                    `line 1: fault rule 1 "nope: status=1": on: must be`,
		"- a: [\n":                                `faults: line `,
		"- [a]\n":                                 `line 1: fault rule 1: must be an object or a text`,
	} {
		if _, err := fault.ParseYAML([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant ...%s...", text, err, want)
		}
	}
	if rules, err := fault.ParseYAML(nil); err != nil || rules != nil {
		t.Errorf("empty: %v, %v", rules, err)
	}
}

// What the JSON form of a rule says, reading it back makes the same rule; but for the key, which it never says.
func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	rule, err := fault.Parse("request_sms: latency=200ms±50ms, every=3, status=503, retry_after=2s, key=secret, body=x, skew=-1m")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(rule)
	if err != nil || strings.Contains(string(text), "secret") {
		t.Fatalf("%s, %v", text, err)
	}
	var back fault.Rule
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	rule.Key = ""
	if diff := cmp.Diff(rule, back); diff != "" {
		t.Error(diff)
	}
	if err := json.Unmarshal([]byte(`"request_sms: status=503"`), &back); err != nil || back.Status != 503 {
		t.Errorf("%+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"on":"request_sms","status":503,"nht":3}`), &back); err == nil || !strings.Contains(err.Error(), "did you mean nth?") {
		t.Error(err)
	}
}

// fires tells on which of n requests a rule fires.
func fires(t *testing.T, line string, n int, rq fault.Request) string {
	t.Helper()
	s := fault.NewSet(1)
	rule, err := fault.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(rule); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for range n {
		if _, fired := s.Match(rq); fired != nil {
			b.WriteByte('x')
		} else {
			b.WriteByte('.')
		}
	}
	st := s.List()[0]
	if got := strings.Count(b.String(), "x"); int64(got) != st.Fired {
		t.Errorf("%s: fired %d, counted %d", line, got, st.Fired)
	}
	return b.String()
}

func TestWhenRulesFire(t *testing.T) {
	t.Parallel()
	rq := fault.Request{
		Operation: "request_sms", Path: "/protected/json/sms/1234", App: "Main", AppID: "77", Key: "k",
		User: "1234", Phone: "+351911234567",
	}
	for line, want := range map[string]string{
		"status=500":                           "xxxxxx",
		"nth=3, status=500":                    "..x...",
		"every=2, status=500":                  ".x.x.x",
		"first=2, status=500":                  "xx....",
		"every=2, times=2, status=500":         ".x.x..",
		"every=2, first=3, status=500":         ".x....",
		"probability=1, status=500":            "xxxxxx",
		"off, status=500":                      "......",
		"request_sms: status=500":              "xxxxxx",
		"request_call: status=500":             "......",
		"/protected/json/sms/*: status=500":    "xxxxxx",
		"/protected/*/sms/*4: status=500":      "xxxxxx",
		"/protected/json/sms/1234: status=500": "xxxxxx",
		"/protected/json/sms: status=500":      "......",
		"/protected/*/sms/*5: status=500":      "......",
		"callback: drop":                       "......",
		"app=main, status=500":                 "xxxxxx",
		"app=77, status=500":                   "xxxxxx",
		"app=78, status=500":                   "......",
		"key=k, status=500":                    "xxxxxx",
		"key=l, status=500":                    "......",
		"user=1234, status=500":                "xxxxxx",
		"user=+351 911-234-567, status=500":    "xxxxxx",
		"user=12, status=500":                  "......",
	} {
		if got := fires(t, line, 6, rq); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
	if got := strings.Count(fires(t, "probability=0.3, status=500", 1000, rq), "x"); got < 250 || got > 350 {
		t.Errorf("a probability of 0.3 fired %d times in 1000", got)
	}
	if a, b := fires(t, "probability=0.3, status=500", 50, rq), fires(t, "probability=0.3, status=500", 50, rq); a != b {
		t.Error("one seed gave two sequences")
	}
	if got := fires(t, "callback: drop", 2, fault.Request{Operation: fault.OnCallback}); got != "xx" {
		t.Error(got)
	}
	if got := fires(t, "status=500", 2, fault.Request{Operation: fault.OnCallback}); got != ".." {
		t.Error("a rule for requests was about a callback")
	}
}

func TestSet(t *testing.T) {
	t.Parallel()
	s := fault.NewSet(1)
	if !s.Empty() {
		t.Error("not empty")
	}
	for _, line := range []string{"status=503", "latency=1s±1ms, status=500", "code=60003"} {
		rule, err := fault.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Add(rule); err != nil {
			t.Fatal(err)
		}
	}
	e, fired := s.Match(fault.Request{})
	if e.Status != 503 || e.Code != 0 || e.Latency.Jitter != 0 || e.Latency.Base < 999*ms || e.Latency.Base > 1001*ms || len(fired) != 3 {
		t.Errorf("%+v, %v", e, fired)
	}
	if !s.Delete(1) || s.Delete(1) {
		t.Error("Delete")
	}
	if st, ok := s.Switch(3, false); !ok || !st.Off {
		t.Error("Switch")
	}
	if _, ok := s.Switch(9, false); ok {
		t.Error("switched a rule that is not there")
	}
	if e, fired := s.Match(fault.Request{}); e.Status != 500 || len(fired) != 1 {
		t.Errorf("%+v, %v", e, fired)
	}
	if list := s.List(); len(list) != 2 || list[0].Fired != 2 || list[1].Seen != 1 {
		t.Errorf("%+v", list)
	}
	s.Clear()
	if !s.Empty() || len(s.List()) != 0 {
		t.Error("Clear")
	}
	if _, err := s.Add(fault.Rule{On: "request_sms"}); err == nil {
		t.Error("added a rule that does nothing")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("request_sms: latency=200ms±50ms, every=3")
	f.Add(`/a*: body="x,y", drop`)
	f.Add("60017")
	f.Fuzz(func(t *testing.T, line string) {
		rule, err := fault.Parse(line)
		if err != nil {
			return
		}
		text, err := json.Marshal(rule)
		if err != nil {
			t.Fatal(err)
		}
		var back fault.Rule
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %s: %v", line, text, err)
		}
		again, err := json.Marshal(back)
		if err != nil || string(again) != string(text) {
			t.Fatalf("%s became %s", text, again)
		}
		fault.ParseScenario(line)
		fault.ParseYAML([]byte(line))
	})
}
