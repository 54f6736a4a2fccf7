package lua51

// Character classes are those of the C locale.
const (
	alpha = 1 << iota
	control
	digit
	lower
	punctuation
	space
	upper
	hexadecimal
	zero
)

var (
	classes      = classTable()
	classLetters = [256]uint16{
		'a': alpha, 'c': control, 'd': digit, 'l': lower, 'p': punctuation, 's': space, 'u': upper, 'w': alpha | digit,
		'x': hexadecimal, 'z': zero,
	}
)

// classTable has the classes that each byte is in.
func classTable() (table [256]uint16) {
	for i := range table {
		c := byte(i)
		for class, in := range map[uint16]bool{
			alpha:       'a' <= c|0x20 && c|0x20 <= 'z',
			control:     c < ' ' || c == 0x7f,
			digit:       '0' <= c && c <= '9',
			lower:       'a' <= c && c <= 'z',
			punctuation: '!' <= c && c <= '/' || ':' <= c && c <= '@' || '[' <= c && c <= '`' || '{' <= c && c <= '~',
			space:       isSpace(c),
			upper:       'A' <= c && c <= 'Z',
			hexadecimal: '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f',
			zero:        c == 0,
		} {
			if in {
				table[i] |= class
			}
		}
	}
	return table
}

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// inClass reports whether c is in the class of a letter, or, if that names none, is that character.
func inClass(c, letter byte) bool {
	class := classLetters[letter|0x20]
	if class == 0 {
		return letter == c
	}
	return (classes[c]&class != 0) == (letter&0x20 != 0)
}
