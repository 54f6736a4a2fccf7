package luabind

import (
	"bufio"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// readFormats reads by the formats that are the arguments from first on, as file:read does, and pushes the results:
// as many as could be read, then nil; or nil and the error.
func (in *input) readFormats(L *lua.LState, first int) int {
	top := L.GetTop()
	formats := make([]lua.LValue, 0, 1)
	for i := first; i <= top; i++ {
		formats = append(formats, checkFormat(L, i))
	}
	if len(formats) == 0 {
		formats = append(formats, lua.LString("l"))
	}
	var results []lua.LValue
	var err error
	in.use(L, func(r *bufio.Reader) { results, err = readValues(r, formats) })
	switch {
	case isCanceled(err):
		L.RaiseError("canceled")
	case err != nil:
		return pushFailure(L, err)
	}
	for _, v := range results {
		L.Push(v)
	}
	return len(results)
}

// checkFormat is argument i as a number of bytes, or as the letter of a format, which may follow an asterisk.
func checkFormat(L *lua.LState, i int) lua.LValue {
	switch format := L.Get(i).(type) {
	case lua.LNumber:
		if n := float64(format); n >= 0 && n <= math.MaxInt32 && n == math.Trunc(n) {
			return format
		}
	case lua.LString:
		switch letter := strings.TrimPrefix(string(format), "*"); letter {
		case "n", "a", "l", "L":
			return lua.LString(letter)
		case "number", "all", "line": // Lua 5.1 looks at the first letter only
			return lua.LString(letter[:1])
		}
	}
	L.ArgError(i, `invalid format, want "*l", "*n", "*a" or a number of bytes`)
	return nil
}

func readValues(r *bufio.Reader, formats []lua.LValue) (results []lua.LValue, err error) {
	for _, format := range formats {
		var v lua.LValue
		switch format {
		case lua.LString("n"):
			v, err = readNumber(r)
		case lua.LString("a"):
			var all []byte
			all, err = io.ReadAll(r)
			v = lua.LString(all)
		case lua.LString("l"), lua.LString("L"):
			v, err = readLine(r, format == lua.LString("L"))
		default:
			v, err = readBytes(r, int(format.(lua.LNumber)))
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		results = append(results, v)
		if v == lua.LNil {
			break
		}
	}
	return results, nil
}

// readLine is the next line, or nil at the end. As in gopher-lua's files, a CR before the LF goes with it.
func readLine(r *bufio.Reader, keepEnd bool) (lua.LValue, error) {
	line, err := r.ReadString('\n')
	if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
		return lua.LNil, err
	}
	if !keepEnd {
		var ended bool
		if line, ended = strings.CutSuffix(line, "\n"); ended {
			line = strings.TrimSuffix(line, "\r")
		}
	}
	return lua.LString(line), nil
}

// readBytes is up to n bytes, or nil at the end; none are asked for to see whether it is the end.
func readBytes(r *bufio.Reader, n int) (lua.LValue, error) {
	if n == 0 {
		if _, err := r.Peek(1); err != nil {
			return lua.LNil, err
		}
		return lua.LString(""), nil
	}
	var b strings.Builder
	_, err := io.CopyN(&b, r, int64(n))
	if b.Len() == 0 {
		return lua.LNil, err
	}
	return lua.LString(b.String()), err
}

// readNumber reads what looks like a number, as C's scanf would, or gives nil. It stops at the first byte that
// cannot go on with the number, and leaves that one unread.
func readNumber(r *bufio.Reader) (lua.LValue, error) {
	s := numberScan{r: r}
	for s.peek() == ' ' || '\t' <= s.peek() && s.peek() <= '\r' {
		s.skip()
	}
	s.take("+-")
	if s.take("0") && s.take("xX") {
		s.digits("0123456789abcdefABCDEF")
	} else {
		s.digits("0123456789")
		if s.take(".") {
			s.digits("0123456789")
		}
		if strings.ContainsAny(string(s.text), "0123456789") && s.take("eE") {
			s.take("+-")
			s.digits("0123456789")
		}
	}
	if s.err != nil && !errors.Is(s.err, io.EOF) {
		return nil, s.err
	}
	text := string(s.text)
	if n, err := strconv.ParseInt(text, 0, 64); err == nil && strings.ContainsAny(text, "xX") {
		return lua.LNumber(n), nil
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return lua.LNumber(n), nil
	}
	return lua.LNil, nil
}

// numberScan takes bytes as long as they fit; more than 200 are no number.
type numberScan struct {
	r    *bufio.Reader
	text []byte
	err  error
}

// peek is the next byte, or 0 at the end.
func (s *numberScan) peek() byte {
	if s.err != nil || len(s.text) > 200 {
		return 0
	}
	next, err := s.r.Peek(1)
	if err != nil {
		s.err = err
		return 0
	}
	return next[0]
}

func (s *numberScan) skip() { _, _ = s.r.Discard(1) }

func (s *numberScan) take(set string) bool {
	c := s.peek()
	if c == 0 || strings.IndexByte(set, c) < 0 {
		return false
	}
	s.text = append(s.text, c)
	s.skip()
	return true
}

func (s *numberScan) digits(set string) {
	for s.take(set) {
	}
}
