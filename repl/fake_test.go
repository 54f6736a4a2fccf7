package repl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// testPatience is how long a test waits for what must happen at once.
const testPatience = 10 * time.Second

// buffer is a terminal's output: two streams in one place.
type buffer struct {
	mu   sync.Mutex
	data bytes.Buffer
	grew chan struct{}
}

func newBuffer() *buffer { return &buffer{grew: make(chan struct{}, 1)} }

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.grew <- struct{}{}:
	default:
	}
	return b.data.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}

// await waits until the buffer holds a text.
func (b *buffer) await(t *testing.T, text string) {
	t.Helper()
	late := time.After(testPatience)
	for !strings.Contains(b.String(), text) {
		select {
		case <-b.grew:
		case <-late:
			t.Errorf("no %q in %q", text, b.String())
			return
		}
	}
}

// fakeEditor answers with what a test wants typed, and echoes it.
type fakeEditor struct {
	screen        *buffer
	answers       []any // string: entered; ending; func(question) string: entered
	columns, rows int
	questions     []question
	interrupts    chan struct{}
	closing       chan struct{}
	close         func()
	printing      func() // called by Print; nil does nothing
	refreshed     int
}

func newFakeEditor(screen *buffer, answers ...any) *fakeEditor {
	e := &fakeEditor{
		screen: screen, answers: answers, columns: 80, rows: 24,
		interrupts: make(chan struct{}, 1), closing: make(chan struct{}),
	}
	e.close = sync.OnceFunc(func() { close(e.closing) })
	return e
}

func (e *fakeEditor) Read(q question) (string, ending) {
	e.questions = append(e.questions, q)
	select {
	case <-e.interrupts:
	default:
	}
	fmt.Fprint(e.screen, q.Prompt)
	if len(e.answers) == 0 {
		fmt.Fprintln(e.screen)
		return "", endOfFile
	}
	answer := e.answers[0]
	e.answers = e.answers[1:]
	if hook, ok := answer.(func(question) any); ok {
		answer = hook(q)
	}
	text, ok := answer.(string)
	if !ok {
		fmt.Fprintln(e.screen)
		return "", answer.(ending)
	}
	text = q.Initial + text
	fmt.Fprintln(e.screen, text)
	return text, entered
}

func (e *fakeEditor) Size() (columns, rows int)   { return e.columns, e.rows }
func (e *fakeEditor) Refresh()                    { e.refreshed++ }
func (e *fakeEditor) Interrupts() <-chan struct{} { return e.interrupts }
func (e *fakeEditor) Close() error                { e.close(); return nil }

func (e *fakeEditor) Print(text string) {
	if e.printing != nil {
		e.printing()
	}
	fmt.Fprint(e.screen, "^"+text)
}

// luaSession runs Lua, with the repairs that a prompt needs.
type luaSession struct {
	L      *lua.LState
	ran    []string // the chunks, in order
	format string
}

func newLuaSession(t *testing.T, c *Console) *luaSession {
	s, done := openLuaSession(c)
	t.Cleanup(done)
	return s
}

func openLuaSession(c *Console) (s *luaSession, done func()) {
	s = &luaSession{L: lua.NewState(), format: "lua"}
	s.L.SetGlobal("print", s.L.NewFunction(func(L *lua.LState) int {
		fmt.Fprintln(c.Stdout(), L.ToStringMeta(L.Get(1)).String())
		return 0
	}))
	s.L.SetGlobal("write", s.L.NewFunction(func(L *lua.LState) int {
		fmt.Fprint(c.Stdout(), L.CheckString(1))
		return 0
	}))
	return s, s.L.Close
}

var errMore = errors.New("more to come")

func (s *luaSession) compile(src string) (*lua.FunctionProto, error) {
	src = strings.TrimPrefix(strings.TrimLeft(src, " \t"), "=")
	ret, first := parse.Parse(strings.NewReader("return "+src+"\n"), "repl")
	if first == nil {
		return lua.Compile(ret, "repl")
	}
	chunk, err := parse.Parse(strings.NewReader(src+"\n"), "repl")
	if err == nil {
		return lua.Compile(chunk, "repl")
	}
	for _, e := range []error{err, first} {
		if at, ok := errors.AsType[*parse.Error](e); ok && at.Pos.Line == parse.EOF {
			return nil, errMore
		}
	}
	return nil, newFailure(err)
}

// luaFailure is an error with its position.
type luaFailure struct {
	message string
	line    int
	column  int
	remedy  string
	calls   []string
}

func (e *luaFailure) Error() string       { return e.message }
func (e *luaFailure) Line() int           { return e.line }
func (e *luaFailure) Column() int         { return e.column }
func (e *luaFailure) Remedy() string      { return e.remedy }
func (e *luaFailure) Traceback() []string { return e.calls }

var wherePattern = regexp.MustCompile(`^repl:(\d+): `)

func newFailure(err error) error {
	e := &luaFailure{message: err.Error()}
	if at, ok := errors.AsType[*parse.Error](err); ok {
		return &luaFailure{message: strings.TrimSpace(at.Message), line: at.Pos.Line, column: at.Pos.Column}
	}
	if raised, ok := errors.AsType[*lua.ApiError](err); ok {
		e.message = raised.Object.String()
		e.calls = strings.Split(raised.StackTrace, "\n")[1:]
	}
	if match := wherePattern.FindStringSubmatch(e.message); match != nil {
		fmt.Sscan(match[1], &e.line)
		e.message = e.message[len(match[0]):]
	}
	return e
}

func (s *luaSession) Eval(ctx context.Context, src string) (string, error) {
	s.ran = append(s.ran, src)
	s.L.SetContext(ctx)
	s.L.SetTop(0)
	if src == "panic" {
		panic("out of order, on purpose")
	}
	if code, ok := strings.CutPrefix(src, "exit "); ok {
		n := 0
		fmt.Sscan(code, &n)
		return "", &ExitError{n}
	}
	proto, err := s.compile(src)
	if err == errMore {
		return "", &luaFailure{message: "the chunk is unfinished"}
	}
	if err != nil {
		return "", err
	}
	s.L.Push(s.L.NewFunctionFromProto(proto))
	if err := s.L.PCall(0, lua.MultRet, nil); err != nil {
		return "", newFailure(err)
	}
	var values []string
	for i := range s.L.GetTop() {
		if text, ok := s.L.Get(i + 1).(lua.LString); ok {
			values = append(values, fmt.Sprintf("%q", string(text)))
		} else {
			values = append(values, s.L.Get(i+1).String())
		}
	}
	return strings.Join(values, "\n"), nil
}

func (s *luaSession) Incomplete(src string) bool {
	_, err := s.compile(src)
	return err == errMore
}

func (s *luaSession) Complete(text string, pos int) Completions {
	from := strings.LastIndexAny(text[:pos], " .(\n") + 1
	return Completions{From: from, Candidates: []Candidate{{"name", text}}, Hint: "hint"}
}

func (s *luaSession) Help(topic string) (string, string, bool) {
	switch topic {
	case "":
		return "Modules\n  authy", "", true
	case "authy.user":
		return "authy.user explains itself", "", true
	case "auhty":
		return "", "authy", false
	}
	return "", "", false
}

// strictSession can check, and has formats.
type strictSession struct{ *luaSession }

func (s strictSession) Check(src string) error {
	_, err := s.compile(src)
	if err == errMore {
		return nil
	}
	return err
}

func (s strictSession) Formats() []string { return []string{"lua", "json"} }
func (s strictSession) Format() string    { return s.format }
func (s strictSession) SetFormat(name string) error {
	s.format = name
	return nil
}

// play is a prompt with a fake editor, standard output and error on one screen.
type play struct {
	screen  *buffer
	editor  *fakeEditor
	console *Console
	session *luaSession
	options Options
	code    int
	err     error
}

// stage prepares a prompt at which answers are typed.
func stage(t *testing.T, answers ...any) *play {
	screen := newBuffer()
	p := &play{screen: screen, editor: newFakeEditor(screen, answers...)}
	p.console = NewConsole(strings.NewReader(""), screen, screen)
	p.session = newLuaSession(t, p.console)
	p.options = Options{
		Console: p.console, NoColor: true, editor: p.editor,
		Prompt:    func() Prompt { return Prompt{Text: "lua"} },
		LookupEnv: func(string) (string, bool) { return "", false },
	}
	return p
}

// run plays it to the end and returns what the screen shows.
func (p *play) run(t *testing.T) string {
	t.Helper()
	return p.runWith(t, p.session)
}

func (p *play) runWith(t *testing.T, s Session) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testPatience)
	defer cancel()
	p.code, p.err = Run(ctx, s, p.options)
	if ctx.Err() != nil {
		t.Fatalf("the prompt did not end in time; the screen:\n%s", p.screen)
	}
	return seen(p.screen.String())
}

var freshMark = regexp.MustCompile(`\x1b\[7m%\x1b\[0m *\r\x1b\[J`)

// seen is what a terminal would show.
func seen(raw string) string {
	var b strings.Builder
	for _, text := range freshMark.Split(raw, -1) {
		if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
			b.WriteString("%\n")
		}
		b.WriteString(text)
	}
	return b.String()
}
