//go:build unix

package repl

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestEditorKeys(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	for _, c := range []struct{ name, keys, want string }{
		{"plain", "40+2", "40+2"},
		{"empty", "", ""},
		{"backspace in one write", "ab\x7fc", "ac"},
		{"Home in all ways", "x\x1b[Ha\x1bOHb\x1b[1~c\x1b[7~d\x01e", "edcbax"},
		{"End in all ways", "x\x01\x1b[Fa\x01\x1bOFb\x01\x1b[4~c\x01\x1b[8~d\x01\x05e", "xabcde"},
		{"arrows", "ab\x1b[D\x1bODx\x1b[C\x1bOCy", "xaby"},
		{"Ctrl-B, Ctrl-F", "ab\x02\x02x\x06\x06y", "xaby"},
		{"words", "one two-three\x1bb\x1bbx\x01\x1bf\x1bfy", "one xtwoy-three"},
		{"Ctrl-Left, Ctrl-Right", "one two\x1b[1;5Dx\x01\x1b[1;5Cy", "oney xtwo"},
		{"Alt-Left, Alt-Right", "one two\x1b[1;3Dx\x01\x1b\x1b[Cy", "oney xtwo"},
		{"kill to end and yank", "one two\x1bb\x0bx\x19\x19", "one xtwotwo"},
		{"kill to start and yank", "one two\x1bb\x15x\x05\x19", "xtwoone "},
		{"kill words in a row", "a b c d\x17\x17x\x19", "a b xc d"},
		{"Ctrl-W to blanks", "f(a.b c.d\x17x", "f(a.b x"},
		{"Alt-Backspace to letters", "f(a.b c.d\x1b\x7fx", "f(a.b c.x"},
		{"Alt-D", "one two\x01\x1bdx\x05\x19", "x twoone"},
		{"Alt-Y", "aa bb\x17\x02\x06\x17\x19\x1by", "bb"},
		{"Ctrl-T", "bacd\x01\x06\x14\x05e\x02\x02\x14", "abdce"},
		{"Ctrl-T at the end", "ab\x14", "ba"},
		{"Ctrl-D deletes", "abc\x01\x04", "bc"},
		{"Delete", "abc\x01\x1b[3~", "bc"},
		{"undo", "abc\x17\x1f", "abc"},
		{"CJK words", "日本語 二つ\x1bbx\x17y\x1bfz", "日本語 y二つz"},
		{"CJK kill", "日本語 x\x17\x17", ""},
		{"CJK swap", "日本\x14", "本日"},
		{"CJK deletes", "日本語\x02\x02\x04\x08", "語"},
		{"emoji family as one", "a👩‍👩‍👧b\x02\x02x", "ax👩‍👩‍👧b"},
		{"emoji deleted as one", "a👍🏽🇵🇹\x7f\x7fb", "ab"},
		{"nothing inserted", "a\x1bq\x1b[24~\x1b[<0;10;10M\x1b[<0;10;10m\x1b[M !!\x1b[99~\x1b[12;40R\x1b]11;rgb:0/0/0\x07\x1c\x00b", "ab"},
		{"Alt-Enter breaks the line", "a\x1b\rb", "a\nb"},
		{"no UTF-8", "a\xffb\xc3(c\xc2\x9bd", "ab(cd"},
		{"500 characters", strings.Repeat("0123456789", 50) + "\x01<\x05>", "<" + strings.Repeat("0123456789", 50) + ">"},
	} {
		t.Log(c.name)
		v.enters(c.keys, c.want)
	}
	v.types("\x04")
	v.got(endOfFile, "")
	v.ended(0)
}

func TestEditorCancelsLine(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types("some text")
	v.line("> some text", 11)
	v.types("\x03")
	v.got(canceled, "")
	v.shows(`^> some text\^C$`)
	for range 6 {
		v.again()
		v.types("\x03")
		v.got(canceled, "")
	}
	v.again()
	v.signal(unix.SIGINT) // from outside: nothing happens
	v.enters("x", "x")
	v.types("ab\x01\x04")
	v.line("> b", 2)
	v.types("\x04\x04")
	v.got(endOfFile, "")
	v.ended(0)
}

func TestEditorTypeAhead(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types("a\rb\nc\x7fd\r")
	v.got(entered, "a")
	v.got(entered, "b")
	v.got(entered, "d")
}

func TestEditorInterrupts(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types(":wait\r")
	v.got(entered, ":wait")
	v.shows(`^waiting$`)
	v.types("typed\n") // the terminal is cooked: it shows this
	v.shows(`^typed$`)
	v.types("\x03")
	v.shows(`interrupted$`)
	v.enters("x", "x")
	v.types(":wait\rdropped\r") // the second line has been read already when the wait begins
	v.got(entered, ":wait")
	v.until("second wait", func(s *vtScreen) bool { return strings.Count(v.raw.String(), "waiting") == 2 })
	v.types("\x03")
	v.until("interrupted", func(*vtScreen) bool { return strings.Count(v.raw.String(), "^Cinterrupted") == 2 })
	v.enters("y", "y")
}

func TestEditorPaste(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 60, 12).ready()
	v.until("bracketed paste", func(s *vtScreen) bool { return s.pasting })
	v.types("\x1b[200~function f()\r\treturn 41\r\nend\n\x1b[201~")
	v.line("> function f()⏎    return 41⏎end⏎", 33)
	v.types("\r")
	v.got(entered, "function f()\n    return 41\nend")
	v.again()

	v.types("\x1b[200~a\x1b[31mb\x1b[0m\x07\x03c") // colours and controls are dropped, the end comes later
	v.types("d\x1b[20")
	v.types("1~")
	v.enters("", "abcd")

	var table strings.Builder
	for i := range 200 {
		fmt.Fprintf(&table, "  row%d = %d,\n", i, i)
	}
	want := "x = {\n" + table.String() + "}"
	v.types("\x1b[200~" + want + "\x1b[201~")
	v.line("> «paste 1: 202 lines»", 22)
	v.types("\x02\x06; y = 1")
	v.line("> «paste 1: 202 lines»; y = 1", 29)
	v.types("\r")
	v.got(entered, want+"; y = 1")
	v.again()
	v.types("\x1b[200~" + want + "\x1b[201~\x7f") // a placeholder goes as a whole
	v.enters("", "")
}

func TestEditorHistory(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types("\x1b[A")
	v.line("> print('new')", 14)
	v.types("\x1b[A") // the same entry twice is shown once
	v.line("> function f()⏎  return 1⏎end", 29)
	v.types("\r")
	v.got(entered, "function f()\n  return 1\nend")
	v.again()
	v.types("print\x1b[A")
	v.line("> print('new')", 14)
	v.types("\x10") // Ctrl-P, only entries that begin with the text
	v.line("> print('old')", 14)
	v.types("\x1b[A")
	v.types("\x1b[B\x0e")
	v.line("> print", 7)
	v.types("\x03")
	v.got(canceled, "")
}

func TestEditorSearch(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types("typed\x12")
	v.line("search> typed", 13)
	v.types("PRI\x7f\x7f\x7fpri")
	v.line("search 'pri'> print('new')", 26)
	v.types("\x12")
	v.line("search 'pri'> print('old')", 26)
	v.types("\x12")
	v.shows(`^no match 'pri'> print\('old'\)$`)
	v.types("\x13")
	v.line("search 'pri'> print('new')", 26)
	v.types("\x1b")
	v.line("> typed", 7)
	v.types("\x12return\r") // Enter takes the match and does not run it
	v.line("> function f()⏎  return 1⏎end", 29)
	v.types("\r")
	v.got(entered, "function f()\n  return 1\nend")
	v.again()
	v.types("\x12first\x01x") // any other key takes the match and goes on
	v.line("> xauthy.first()", 3)
	v.types("\r")
	v.got(entered, "xauthy.first()")
	v.again()
	v.types("\x12first\x07")
	v.line(">", 2)
	v.types("\x12first\x03")
	v.got(canceled, "")
	v.again()
	v.enters("x", "x")
}

func TestEditorCompletes(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types("1+authy.")
	v.shows(`register_user +Enrol a phone number\.`)
	v.types("re\t")
	v.line("> 1+authy.register_user", 23)
	v.types("\x1b[B")
	v.line("> 1+authy.request_sms", 21)
	v.types("\x1b[A")
	v.line("> 1+authy.register_user", 23)
	v.types("\t\x1b[Z\x1b[Z\t")
	v.line("> 1+authy.register_user", 23)
	v.types("\r") // accepts only
	v.line("> 1+authy.register_user", 23)
	v.hides("Enrol")
	v.types("(be\t)") // any other key accepts and goes on
	v.line("> 1+authy.register_user(beta)", 29)
	v.shows(`^call\(first, second\)$`)
	v.types("\r")
	v.got(entered, "1+authy.register_user(beta)")
	v.hides(`^call\(first`)
	v.types("f{x.al\t\t")
	v.line("> f{x.alphabet", 14)
	v.types("\x1b") // Escape closes and gives the text back
	v.line("> f{x.al", 8)
	v.hides("letter")
	v.types("p")
	v.shows("The first letter")
	v.types("\x02\x02\x02") // inside a word: no menu
	v.hides("letter")
	v.types("\x05ha\r")
	v.got(entered, "f{x.alpha")
}

func TestEditorSecret(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.enters(":secret", ":secret")
	v.types("al\t日\x12\x1b[A")
	v.line("> ****", 6)
	v.types("\x15\x1b[200~s3cret\n\x1b[201~\r")
	v.got(entered, "s3cret")
	v.again()
	v.enters("\x19", "") // what was killed there is nowhere else
	v.enters(":secret", ":secret")
	v.types("abc\x03")
	v.got(canceled, "")
	v.mu.Lock()
	shown := v.screen.text()
	v.mu.Unlock()
	if strings.Contains(shown, "> s3cret") || strings.Contains(shown, "> al") {
		t.Errorf("the secret is on the screen:\n%s", shown)
	}
}

func TestEditorPrintsAbove(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 20, 8).ready()
	v.types("0123456789012345678901234\x02\x02") // on the second row
	v.line("8901234", 5)
	for i := range 10 { // to the bottom of the screen and beyond
		v.signal(unix.SIGUSR1)
		v.until("printed", func(s *vtScreen) bool {
			return strings.Count(v.raw.String(), "printed above") == i+1 && s.y > 0 &&
				rowString(s.cells[s.y]) == "8901234" && rowString(s.cells[s.y-1]) == "> 012345678901234567" && s.x == 5
		})
	}
	v.until("nothing torn", func(s *vtScreen) bool { return strings.Count(s.text(), "> 0") == 1 })
	v.enters("x", "01234567890123456789012x34")
}

// At the bottom of the window the menu and the hint make room for themselves, and leave nothing behind.
func TestEditorMenuAtBottom(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 50, 8).ready()
	for i := range 5 {
		v.enters(fmt.Sprint("noise", i), fmt.Sprint("noise", i))
	}
	v.line(">", 2)
	v.types("f(al\t")
	v.until("menu and hint", func(s *vtScreen) bool {
		rows := strings.Split(s.text(), "\n")
		return len(rows) == 8 && s.y == 4 && s.x == 9 && rows[4] == "> f(alpha" &&
			strings.Contains(rows[5], "first") && strings.Contains(rows[6], "All") && rows[7] == "call(first, second)"
	})
	v.types("\t\x7f\x7f")
	v.line("> f(alphab", 10)
	v.until("one prompt", func(s *vtScreen) bool { return strings.Count(s.text(), "> f(") == 1 })
	v.types(strings.Repeat("x", 44)) // over the edge
	v.until("second row", func(s *vtScreen) bool {
		return strings.Count(s.text(), "> f(") == 1 && rowString(s.cells[s.y]) == "xxxx" && s.x == 4
	})
	v.enters("", "f(alphab"+strings.Repeat("x", 44))
	v.until("nothing left", func(s *vtScreen) bool { return rowString(s.cells[s.y]) == ">" && strings.Count(s.text(), "call(") == 0 })
}

// TestEditorMenuLeavesTheLine has more completions than a small window has rows.
func TestEditorMenuLeavesTheLine(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{20, 5}, {40, 10}, {30, 3}} {
		v := openTerminal(t, size[0], size[1]).ready()
		for range size[1] {
			v.enters("x", "x")
		}
		v.types("x.")
		v.shows("alpha")
		v.line("> x.", 4)
		v.types("\x15\x04")
		v.got(endOfFile, "")
		v.ended(0)
	}
}

func TestEditorClears(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.enters("noise", "noise")
	v.types("kept\x02\x0c")
	v.until("empty screen", func(s *vtScreen) bool { return s.text() == "> kept" && s.x == 5 && s.y == 0 })
	v.enters("x", "kepxt")
}

func TestEditorInitial(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.enters(":initial   return|x", ":initial   return|x")
	v.line(">   return⏎x", 12)
	v.enters("y", "  return\nxy")
	v.enters(":prompt authy| long> ", ":prompt authy| long> ")
	v.line("authy| long>", 13)
}

func TestEditorNoColor(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24, "NO_COLOR=1").ready()
	v.types("f(al\t\r")
	v.line("> f(alpha", 9)
	v.enters("", "f(alpha")
	for _, seq := range []string{"\x1b[36m", "\x1b[1m", "\x1b[32m", "\x1b[2m", ";"} {
		if strings.Contains(v.output(), seq) {
			t.Errorf("output holds %q", seq)
		}
	}
	if !strings.Contains(v.output(), "\x1b[7m") {
		t.Error("the selected row is not reversed")
	}
}

func TestEditorResize(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	v.types("0123456789012345678901234567890123456789\x02\x02")
	v.line("> 0123456789012345678901234567890123456789", 40)
	v.resize(30, 24)
	v.until("narrow", func(s *vtScreen) bool {
		return s.y == 1 && s.x == 10 && s.text() == "> 0123456789012345678901234567\n890123456789"
	})
	v.types("al\t")
	v.until("typed", func(s *vtScreen) bool { // what is on its way when the width changes is laid out for the old one
		return s.y == 1 && s.x == 12 && strings.HasPrefix(s.text(), "> 0123456789012345678901234567\n8901234567al89")
	})
	v.resize(60, 10)
	v.until("wide", func(s *vtScreen) bool {
		return s.y == 0 && strings.HasPrefix(s.text(), "> 01234567890123456789012345678901234567al89")
	})
	v.types("\x05!\r")
	v.got(entered, "01234567890123456789012345678901234567al89!")
}

func TestEditorResizeStorm(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				v.resize(60+i%40, 10+i%20)
			}
		}
	}()
	for i := range 25 {
		v.enters(fmt.Sprint("line ", i), fmt.Sprint("line ", i))
	}
	close(stop)
	<-stopped
	v.types("al\t\r")
	v.line("> alpha", 7)
	v.enters("", "alpha")
}

func TestEditorSizes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ columns, rows int }{
		{0, 0}, {1, 1}, {2, 3}, {4, 24}, {5, 3}, {8, 24}, {9, 24}, {10, 24}, {12, 24}, {16, 2}, {16, 24}, {20, 24},
	} {
		t.Run(fmt.Sprintf("%dx%d", c.columns, c.rows), func(t *testing.T) {
			t.Parallel()
			v := openTerminal(t, c.columns, c.rows)
			v.until("prompt", func(*vtScreen) bool { return strings.Contains(v.raw.String(), ">") })
			v.types("x.")
			v.types(strings.Repeat("\t", 10))
			v.types("\x1b[A\x1b[B\x15plain\r")
			v.got(entered, "plain")
			v.again()
			v.types("half")
			v.resize(1, 1)
			v.resize(80, 24)
			v.types(" done")
			v.until("usable again", func(s *vtScreen) bool { return rowString(s.cells[s.y]) == "> half done" && s.x == 11 })
			v.enters("", "half done")
			v.types("\x04")
			v.got(endOfFile, "")
			v.ended(0)
		})
	}
}

func TestEditorWideText(t *testing.T) {
	t.Parallel()
	v := openTerminal(t, 80, 24).ready()
	for _, text := range []string{"日本語", "na👍ive", "x👩‍👩‍👧y", "🇵🇹👍🏽e\u0301"} {
		v.types(text + "\x1b[D\x1b[D\x1b[C\x1b[C\x05!")
		v.until("prompt in its place", func(s *vtScreen) bool {
			row := rowString(s.cells[s.y])
			return strings.HasPrefix(row, "> ") && strings.HasSuffix(row, "!") && strings.Count(row, ">") == 1
		})
		v.enters("", text+"!")
	}
}
