package repl

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// decoded feeds parts to a decoder and returns all keys, runs of text joined. After the last part nothing comes.
func decoded(parts ...string) []keyEvent {
	var d keyDecoder
	var all []keyEvent
	add := func(ev keyEvent) {
		if n := len(all); n > 0 && ev.code == keyText && all[n-1].code == keyText {
			all[n-1].text += ev.text
		} else if ev.code != keyNone {
			all = append(all, ev)
		}
	}
	for _, p := range parts {
		d.feed([]byte(p), 0)
		for {
			ev, ok := d.next()
			if !ok {
				break
			}
			add(ev)
		}
	}
	for d.silence() > 0 {
		ev, ok := d.expire()
		if !ok {
			break
		}
		add(ev)
	}
	return all
}

func text(s string) keyEvent { return keyEvent{keyText, s} }
func codes(c ...keyCode) []keyEvent {
	var out []keyEvent
	for _, k := range c {
		out = append(out, keyEvent{code: k})
	}
	return out
}

var decodeCases = []struct {
	name, in string
	want     []keyEvent
}{
	{"text", "print", []keyEvent{text("print")}},
	{"text and Enter", "a\r", []keyEvent{text("a"), {code: keyEnter}}},
	{"Unicode", "é日👩‍👩‍👧", []keyEvent{text("é日👩‍👩‍👧")}},
	{"no UTF-8", "a\xffb\xe9c", []keyEvent{text("abc")}},
	{"C1 controls", "a\u009bb", []keyEvent{text("ab")}},
	{"our own mark", "a\uE00Ab", []keyEvent{text("ab")}},
	{"controls", "\x01\x05\x7f\x17\x1a", codes(keyHome, keyEnd, keyBackspace, keyKillBlankWordLeft, keySuspend)},
	{"arrows", "\x1b[A\x1bOB\x1b[C\x1bOD", codes(keyUp, keyDown, keyRight, keyLeft)},
	{"word motions", "\x1b[1;5D\x1b[1;3C\x1b[5D\x1bOc\x1b\x1b[D\x1bb\x1bF", codes(keyWordLeft, keyWordRight, keyWordLeft, keyWordRight, keyWordLeft, keyWordLeft, keyWordRight)},
	{"Shift is nothing", "\x1b[1;2D", codes(keyLeft)},
	{"Home and End", "\x1b[H\x1bOH\x1b[1~\x1b[7~\x1b[1;5H\x1b[F\x1bOF\x1b[4~\x1b[8~", codes(keyHome, keyHome, keyHome, keyHome, keyHome, keyEnd, keyEnd, keyEnd, keyEnd)},
	{"Delete", "\x1b[3~\x1b[3;5~\x1b[3^", codes(keyDelete, keyKillWordRight, keyKillWordRight)},
	{"Alt-Backspace, Alt-D, Alt-Enter", "\x1b\x7f\x1bd\x1b\r", codes(keyKillWordLeft, keyKillWordRight, keyNewline)},
	{"Tab and back", "\t\x1b[Z", codes(keyTab, keyBackTab)},
	{"Escape", "\x1b", codes(keyEscape)},
	{"Escape twice", "\x1b\x1b", codes(keyEscape, keyEscape)},
	{"Shift-Enter of some terminals", "\x1b[13;2u\x1b[27;2;13~\x1b[13u", codes(keyNewline, keyNewline, keyEnter)},
	{"unknown", "a\x1bq\x1b[24~\x1b[99~\x1bOP\x1b[[A\x1b[5~\x1b[24;80R\x1b[Ib", []keyEvent{text("ab")}},
	{"mouse", "a\x1b[<0;10;10M\x1b[<0;10;10m\x1b[M !!\x1b[32;10;10Mb", []keyEvent{text("ab")}},
	{"replies", "a\x1b]11;rgb:00/00/00\x07\x1bP1$r0m\x1b\\\x1b_x\x1b\\b", []keyEvent{text("ab")}},
	{"Alt-] is no reply", "\x1b]\ra", []keyEvent{{code: keyEnter}, text("a")}},
	{"broken off", "\x1b[12\ra", []keyEvent{{code: keyEnter}, text("a")}},
	{"half a sequence", "a\x1b[1;", []keyEvent{text("a")}},
	{"paste", "\x1b[200~a\r\x1b[Ab\x1b[201~c", []keyEvent{{keyPaste, "a\r\x1b[Ab"}, text("c")}},
	{"two pastes", "\x1b[200~a\x1b[201~\x1b[200~\x1b[201~", []keyEvent{{keyPaste, "a"}, {code: keyPaste}}},
}

func TestKeyDecoder(t *testing.T) {
	t.Parallel()
	for _, c := range decodeCases {
		if got := decoded(c.in); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: decoded(%q) = %v, want %v", c.name, c.in, got, c.want)
		}
		for i := range len(c.in) {
			if got := decoded(c.in[:i], c.in[i:]); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: decoded(%q, %q) = %v, want %v", c.name, c.in[:i], c.in[i:], got, c.want)
			}
		}
		if got := decoded(strings.Split(string([]byte(c.in)), "")...); utf8.ValidString(c.in) && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: byte by byte = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestKeyDecoderSilence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   string
		want time.Duration
	}{
		{"", 0}, {"\x1b", escapeSilence}, {"\x1b\x1b", escapeSilence}, {"\x1b[", sequenceSilence}, {"\xe6", 0}, {"\x1b[200~a", 0},
	} {
		var d keyDecoder
		d.feed([]byte(c.in), 0)
		for _, ok := d.next(); ok; _, ok = d.next() {
			t.Errorf("%q: a key came too early", c.in)
		}
		if got := d.silence(); got != c.want {
			t.Errorf("silence after %q = %v, want %v", c.in, got, c.want)
		}
	}
}

// A terminal that loses the end of a paste must not lock the person out.
func TestKeyDecoderLostPasteEnd(t *testing.T) {
	t.Parallel()
	var d keyDecoder
	d.feed([]byte("\x1b[200~abc"), 0)
	if ev, ok := d.next(); ok {
		t.Fatalf("key %v before the end of the paste", ev)
	}
	d.feed([]byte("\x03"), 0) // in the middle of the bytes: a part of the paste
	if ev, ok := d.next(); ok {
		t.Fatalf("key %v before the end of the paste", ev)
	}
	d.feed([]byte("\x03"), lostPaste)
	if ev, ok := d.next(); !ok || ev.code != keyInterrupt {
		t.Errorf("next = %v, %v, want Ctrl-C", ev, ok)
	}
	d.feed([]byte("x"), 0)
	if ev, ok := d.next(); !ok || ev != text("x") {
		t.Errorf("next = %v, %v, want x", ev, ok)
	}
}

func FuzzKeyDecoder(f *testing.F) {
	for _, c := range decodeCases {
		f.Add(c.in, 1)
		f.Add(c.in, len(c.in)/2)
	}
	f.Fuzz(func(t *testing.T, in string, at int) {
		whole := decoded(in)
		for _, ev := range whole {
			if ev.code == keyText && (ev.text == "" || !utf8.ValidString(ev.text) || strings.ContainsFunc(ev.text, func(r rune) bool { return !showable(r) })) {
				t.Fatalf("text %q of %q cannot be shown", ev.text, in)
			}
			if clean := cleanText(ev.text); ev.code == keyPaste && strings.ContainsFunc(clean, func(r rune) bool { return r != '\n' && !showable(r) }) {
				t.Fatalf("paste %q of %q cannot be shown", clean, in)
			}
		}
		if at <= 0 || at >= len(in) {
			return
		}
		if parts := decoded(in[:at], in[at:]); !reflect.DeepEqual(parts, whole) {
			t.Fatalf("decoded(%q, %q) = %v, in one piece %v", in[:at], in[at:], parts, whole)
		}
	})
}
