package repl

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// escapeSilence makes a lone ESC the Escape key: terminals send a sequence in one piece.
	escapeSilence = 40 * time.Millisecond
	// sequenceSilence ends a sequence that never came to its end.
	sequenceSilence = 250 * time.Millisecond
	// lostPaste is the time after which a lone Ctrl-C ends a paste.
	lostPaste = time.Second
	// maxSequence bounds a sequence, so that noise cannot swallow input without end.
	maxSequence = 4096
)

var (
	pasteBegin = []byte("\x1b[200~")
	pasteEnd   = []byte("\x1b[201~")
)

// keyDecoder cuts the bytes of a terminal into keys. Sequences that mean nothing to the editor come out as
// keyNone, so that they are never taken for text. The zero value is ready; it is not safe for concurrent use.
type keyDecoder struct {
	pending []byte
	pasting bool
	scanned int // bytes of pending known to hold no end of the paste
}

// feed adds what was read from the terminal in one read, after a time without any bytes.
func (d *keyDecoder) feed(b []byte, quiet time.Duration) {
	// The end mark of a paste may be lost, and the prompt would then swallow all keys. A Ctrl-C that comes by
	// itself, after a while, is no part of a paste but a person who wants out.
	if d.pasting && quiet >= lostPaste && len(b) == 1 && b[0] == 0x03 {
		d.reset()
	}
	d.pending = append(d.pending, b...)
}

// reset forgets all that was not handed out.
func (d *keyDecoder) reset() { *d = keyDecoder{} }

// next returns the next complete key. It is false when more bytes, or silence, must come first.
func (d *keyDecoder) next() (keyEvent, bool) { return d.take(false) }

// expire returns the next key when nothing has come for the time that silence told.
func (d *keyDecoder) expire() (keyEvent, bool) { return d.take(true) }

// silence is how long nothing may come before expire applies. It is 0 when time decides nothing.
func (d *keyDecoder) silence() time.Duration {
	switch {
	case d.pasting || len(d.pending) == 0 || d.pending[0] != 0x1b:
		return 0
	case len(bytes.Trim(d.pending, "\x1b")) == 0:
		return escapeSilence
	}
	return sequenceSilence
}

func (d *keyDecoder) take(silent bool) (keyEvent, bool) {
	for {
		if d.pasting {
			return d.takePaste()
		}
		if len(d.pending) == 0 {
			return keyEvent{}, false
		}
		if bytes.HasPrefix(d.pending, pasteBegin) {
			d.drop(len(pasteBegin))
			d.pasting = true
			continue
		}
		ev, n := decodeKey(d.pending, silent)
		if n == 0 {
			return keyEvent{}, false
		}
		d.drop(n)
		if ev.code == keyText && ev.text == "" {
			ev.code = keyNone
		}
		return ev, true
	}
}

func (d *keyDecoder) takePaste() (keyEvent, bool) {
	from := max(0, d.scanned-len(pasteEnd)+1)
	i := bytes.Index(d.pending[from:], pasteEnd)
	if i < 0 {
		d.scanned = len(d.pending)
		return keyEvent{}, false
	}
	text := string(d.pending[:from+i])
	d.drop(from + i + len(pasteEnd))
	d.pasting, d.scanned = false, 0
	return keyEvent{code: keyPaste, text: text}, true
}

func (d *keyDecoder) drop(n int) {
	d.pending = d.pending[n:]
	if len(d.pending) == 0 {
		d.pending = nil // let go of what a large paste needed
	}
}

// decodeKey decodes the key at the start of b and tells its length, 0 if b holds only a part of it.
// silent says that no more bytes are to be expected.
func decodeKey(b []byte, silent bool) (keyEvent, int) {
	switch c := b[0]; {
	case c == 0x1b:
		return decodeEscape(b, silent)
	case c < 0x20 || c == 0x7f:
		return keyEvent{code: controlKeys[c]}, 1
	}
	return decodeText(b)
}

// decodeText takes the longest run of complete runes. Bytes that are no UTF-8 are left out, and so are
// the controls of ISO 6429's second set, which some terminals obey.
func decodeText(b []byte) (keyEvent, int) {
	var text strings.Builder
	i := 0
	for i < len(b) && b[i] >= 0x20 && b[i] != 0x7f {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size <= 1 {
			if !utf8.FullRune(b[i:]) {
				break
			}
			i++
			continue
		}
		if showable(r) {
			text.WriteRune(r)
		}
		i += size
	}
	return keyEvent{code: keyText, text: text.String()}, i
}

// decodeEscape decodes what begins with ESC.
func decodeEscape(b []byte, silent bool) (keyEvent, int) {
	if len(b) == 1 {
		return partial(b, silent, keyEscape)
	}
	switch c := b[1]; c {
	case '[':
		return decodeCSI(b, silent)
	case 'O':
		return decodeSS3(b, silent)
	case ']', 'P', '_', '^', 'X':
		return decodeString(b, silent)
	case 0x1b:
		return decodeDoubleEscape(b, silent)
	default:
		if !utf8.FullRune(b[1:]) {
			return partial(b, silent, keyNone)
		}
		r, size := utf8.DecodeRune(b[1:])
		return keyEvent{code: altKeys[r]}, 1 + size
	}
}

// partial takes all of b as code once nothing more will come, and nothing before.
func partial(b []byte, silent bool, code keyCode) (keyEvent, int) {
	if silent {
		return keyEvent{code: code}, len(b)
	}
	return keyEvent{}, 0
}

// decodeDoubleEscape tells Escape twice from "ESC ESC [ D", which is Alt-Left in rxvt.
func decodeDoubleEscape(b []byte, silent bool) (keyEvent, int) {
	if len(b) == 2 && !silent {
		return keyEvent{}, 0
	}
	if len(b) > 2 && (b[2] == '[' || b[2] == 'O') && !bytes.HasPrefix(b[1:], pasteBegin) {
		ev, n := decodeEscape(b[1:], silent)
		if n == 0 {
			return keyEvent{}, 0
		}
		return keyEvent{code: ev.code.modified()}, n + 1
	}
	return keyEvent{code: keyEscape}, 1
}

// decodeSS3 decodes "ESC O", perhaps parameters, and a final byte.
func decodeSS3(b []byte, silent bool) (keyEvent, int) {
	i := 2
	for i < len(b) && (b[i] >= '0' && b[i] <= '9' || b[i] == ';') {
		i++
	}
	switch {
	case i > maxSequence:
		return keyEvent{}, i
	case i == len(b):
		return partial(b, silent, keyNone)
	case b[i] < 0x20 || b[i] >= 0x7f:
		return keyEvent{}, i // Alt-O, then a key of its own
	case b[i] == 'c':
		return keyEvent{code: keyWordRight}, i + 1 // rxvt, Control held
	case b[i] == 'd':
		return keyEvent{code: keyWordLeft}, i + 1
	}
	return keyEvent{code: withModifier(letterKeys[b[i]], string(b[2:i]))}, i + 1
}

// decodeString swallows replies of the terminal: OSC, DCS and their like, up to BEL or ESC \.
// A control character inside shows that it was Alt and a letter instead.
func decodeString(b []byte, silent bool) (keyEvent, int) {
	for i := 2; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x07:
			return keyEvent{}, i + 1
		case c == 0x1b && i+1 < len(b) && b[i+1] == '\\':
			return keyEvent{}, i + 2
		case c == 0x1b && i+1 == len(b):
			return partial(b, silent, keyNone)
		case c < 0x20 || c == 0x7f || i > maxSequence:
			return keyEvent{}, 2
		}
	}
	return partial(b, silent, keyNone)
}

// decodeCSI decodes "ESC [", parameters, intermediates and a final byte (ECMA-48, 5.4).
func decodeCSI(b []byte, silent bool) (keyEvent, int) {
	if len(b) > 2 && b[2] == '[' { // F1 to F5 of the Linux console: ESC [ [ A
		if len(b) == 3 {
			return partial(b, silent, keyNone)
		}
		return keyEvent{}, 4
	}
	i := 2
	for i < len(b) && b[i] >= 0x20 && b[i] < 0x40 {
		i++
	}
	switch {
	case i > maxSequence:
		return keyEvent{}, i
	case i == len(b):
		return partial(b, silent, keyNone)
	case b[i] < 0x40 || b[i] >= 0x7f:
		return keyEvent{}, i // broken off: what follows is a key of its own
	case b[i] == 'M' && i == 2: // a mouse report of X10: three bytes more
		if len(b) < 6 {
			return partial(b, silent, keyNone)
		}
		return keyEvent{}, 6
	}
	return keyEvent{code: csiKey(string(b[2:i]), b[i])}, i + 1
}

// csiKey is the key of a complete CSI sequence.
func csiKey(params string, final byte) keyCode {
	number, modifier, _ := strings.Cut(params, ";")
	n, err := strconv.Atoi(number)
	switch {
	case final == '~' && strings.HasPrefix(params, "27;"): // xterm's modifyOtherKeys: 27;modifier;code
		modifier, code, _ := strings.Cut(strings.TrimPrefix(params, "27;"), ";")
		return otherKey(code, modifier)
	case final == '~' && err == nil:
		return withModifier(tildeKeys[n], modifier)
	case final == '^' && err == nil: // rxvt, Control held
		return tildeKeys[n].modified()
	case final == 'u':
		return otherKey(number, modifier)
	case final == 'M': // ESC [ … M is the mouse
		return keyNone
	case modifier == "" && n == 5 && (final == 'C' || final == 'D'): // Control held, in older terminals
		return letterKeys[final].modified()
	case params == "" || modifier != "" && number == "1":
		return withModifier(letterKeys[final], modifier)
	}
	return keyNone
}

// otherKey is a key given by its code point, as terminals send Shift-Enter when told to.
func otherKey(code, modifier string) keyCode {
	held := modifier != "" && modifier != "1"
	switch code {
	case "13":
		if held {
			return keyNewline
		}
		return keyEnter
	case "9":
		if held {
			return keyBackTab
		}
		return keyTab
	case "27":
		return keyEscape
	case "127":
		if held {
			return keyKillWordLeft
		}
		return keyBackspace
	}
	return keyNone
}

// withModifier applies xterm's modifier parameter: one more than the sum of Shift 1, Alt 2, Control 4, Meta 8.
func withModifier(k keyCode, modifier string) keyCode {
	if m, err := strconv.Atoi(modifier); err == nil && (m-1)&^1 > 0 {
		return k.modified()
	}
	return k
}
