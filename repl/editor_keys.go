package repl

// keyCode names what a key asks for, whatever bytes the terminal sends for it.
type keyCode int

const (
	keyNone    keyCode = iota // known to be no input of ours: it is swallowed
	keyText                   // printable text
	keyPaste                  // the content of a bracketed paste
	keyEnter                  // the line is done
	keyNewline                // a line break inside the line
	keyTab
	keyBackTab
	keyEscape
	keyUp
	keyDown
	keyLeft
	keyRight
	keyHome
	keyEnd
	keyDelete
	keyBackspace
	keyWordLeft
	keyWordRight
	keyKillToEnd
	keyKillToStart
	keyKillBlankWordLeft // Ctrl-W: back to the blank before
	keyKillWordLeft      // Alt-Backspace: letters and digits only
	keyKillWordRight
	keyYank
	keyYankPop
	keySwap
	keyUndo
	keyDeleteOrEOF // Ctrl-D
	keyInterrupt   // Ctrl-C
	keySearch      // Ctrl-R
	keySearchNewer // Ctrl-S
	keyAbort       // Ctrl-G
	keyClear       // Ctrl-L
	keySuspend     // Ctrl-Z
	keyGone        // no key: the terminal is gone, or the editor was closed
	keyRedraw      // no key: the window has a new size
)

// keyEvent is one key, or a run of printable text, as the decoder hands it out.
type keyEvent struct {
	code keyCode
	text string // of keyText and keyPaste
}

// controlKeys are the keys of one byte, as in readline's Emacs mode.
var controlKeys = map[byte]keyCode{
	0x01: keyHome,
	0x02: keyLeft,
	0x03: keyInterrupt,
	0x04: keyDeleteOrEOF,
	0x05: keyEnd,
	0x06: keyRight,
	0x07: keyAbort,
	0x08: keyBackspace,
	'\t': keyTab,
	'\n': keyEnter, // what a cooked terminal made of Enter while a script ran
	0x0b: keyKillToEnd,
	0x0c: keyClear,
	'\r': keyEnter,
	0x0e: keyDown,
	0x10: keyUp,
	0x12: keySearch,
	0x13: keySearchNewer,
	0x14: keySwap,
	0x15: keyKillToStart,
	0x17: keyKillBlankWordLeft,
	0x19: keyYank,
	0x1a: keySuspend,
	0x1f: keyUndo,
	0x7f: keyBackspace,
}

// altKeys are the keys that come as ESC and one rune.
var altKeys = map[rune]keyCode{
	'b': keyWordLeft, 'B': keyWordLeft,
	'f': keyWordRight, 'F': keyWordRight,
	'd': keyKillWordRight, 'D': keyKillWordRight,
	'y': keyYankPop, 'Y': keyYankPop,
	0x08: keyKillWordLeft,
	0x7f: keyKillWordLeft,
	'\r': keyNewline,
	'\n': keyNewline,
}

// letterKeys are the finals of "ESC [ x" and "ESC O x".
var letterKeys = map[byte]keyCode{
	'A': keyUp, 'B': keyDown, 'C': keyRight, 'D': keyLeft,
	'H': keyHome, 'F': keyEnd, 'Z': keyBackTab,
	'M': keyEnter, // the keypad's Enter in application mode, ESC O M only
}

// tildeKeys are the numbers of "ESC [ n ~".
var tildeKeys = map[int]keyCode{1: keyHome, 7: keyHome, 4: keyEnd, 8: keyEnd, 3: keyDelete}

// modified is what a key means with Alt or Control held.
func (k keyCode) modified() keyCode {
	switch k {
	case keyLeft:
		return keyWordLeft
	case keyRight:
		return keyWordRight
	case keyDelete:
		return keyKillWordRight
	case keyEnter:
		return keyNewline
	}
	return k
}

// edits reports whether a key only changes the line, whatever else is on the screen.
func (k keyCode) edits() bool {
	switch k {
	case keyNone, keyText, keyPaste, keyNewline, keyLeft, keyRight, keyHome, keyEnd, keyDelete, keyBackspace,
		keyWordLeft, keyWordRight, keyYank, keyYankPop, keySwap, keyUndo:
		return true
	}
	return k.kills()
}
