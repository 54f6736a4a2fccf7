package luatext_test

import (
	"fmt"
	"testing"

	"github.com/authysh/authysh/luabind/internal/luatext"
)

func TestScan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`f(a.b, 0x1F)`:           `[f ( a . b , 0x1F )] open [] pair of ( 7`,
		`x = 1..2 -- why ( `:     `[x = 1 .. 2] in a comment`,
		`t = { "a\"b", [[c`:      `[t = { a\"b ,] open [2] in a string at 14 [[`,
		`--[=[ ]] ]=] goto 1e-5`: `[goto 1e-5]`,
	} {
		s := luatext.NewScan(text)
		words := make([]string, len(s.Tokens))
		for i, token := range s.Tokens {
			words[i] = token.Text
		}
		got := fmt.Sprint(words)
		if len(s.Open) > 0 || len(s.Tokens) > 1 && s.Is(1, "(") {
			got += fmt.Sprintf(" open %v", s.Open)
		}
		if len(s.Tokens) > 1 && s.Is(1, "(") {
			got += fmt.Sprintf(" pair of ( %d", s.Pair[1])
		}
		if s.Comment {
			got += " in a comment"
		}
		if s.Quoted {
			got += fmt.Sprintf(" in a string at %d %s", s.Quote, s.Opening)
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// FuzzScan has tokens stand in the text in their order, and brackets point at each other.
func FuzzScan(f *testing.F) {
	f.Add(`local t = { [=[a]=], "b\z", 'c', 1e+5, ... } -- d`)
	f.Fuzz(func(t *testing.T, text string) {
		s, end := luatext.NewScan(text), 0
		for i, token := range s.Tokens {
			if token.Start < end || token.End < token.Start+len(token.Text) || token.End > len(text) {
				t.Fatalf("token %d of %q: %+v after %d", i, text, token, end)
			}
			end = token.End
			if other := s.Pair[i]; other >= 0 && s.Pair[other] != i {
				t.Fatalf("token %d of %q is paired with %d, which is with %d", i, text, other, s.Pair[other])
			}
		}
	})
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\n\"b\"\\":      `"a\n\"b\"\\"`,
		"\x00\xffé\u202e": `"\000\255é\226\128\174"`,
	} {
		if got := luatext.Quote(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestMeasures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{luatext.Clip("äöü", 3), "äöü"},
		{luatext.Clip("äöüß", 3), "äö…"},
		{luatext.Padded("ä", 3), "ä  "},
		{luatext.Thousands(99950), "99950"},
		{luatext.Thousands(1234567), "1,234,567"},
		{luatext.Number(1e15), "1000000000000000"},
		{luatext.InComment("a]]]\nb"), "a] ] ] b"},
		{luatext.Comment("a]"), "--[[a] ]]"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
