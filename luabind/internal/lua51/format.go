package lua51

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// A directive is what stands between the % and the letter of a format.
type directive struct {
	minus, plus, space, alternate, zero bool
	width                               int
	precision                           int // -1 is none
}

// strFormat is string.format(format, ...).
func (v *vm) strFormat(L *lua.LState) int {
	const function = "format"
	var room [128]byte
	out, text, arg, top := room[:0], v.checkString(L, function, 1), 1, L.GetTop()
	for {
		i := strings.IndexByte(text, '%')
		if i < 0 {
			break
		}
		out = append(out, text[:i]...)
		text = text[i+1:]
		if text != "" && text[0] == '%' {
			out = append(out, '%')
			text = text[1:]
			continue
		}
		if arg++; arg > top {
			v.argFault(L, function, arg, "no value")
		}
		var d directive
		d, text = v.directive(L, text)
		if text == "" {
			v.fail(L, "invalid option '%' to 'format'")
		}
		out = v.formatArgument(L, out, d, text[0], arg)
		text = text[1:]
		if len(out) > v.maxString {
			v.fail(L, "resulting string too large")
		}
	}
	L.Push(lua.LString(append(out, text...)))
	return 1
}

// directive reads what stands before the letter, and returns the text from the letter on.
func (v *vm) directive(L *lua.LState, text string) (directive, string) {
	d := directive{precision: -1}
	i := 0
flags:
	for ; i < len(text); i++ {
		switch text[i] {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '#':
			d.alternate = true
		case '0':
			d.zero = true
		default:
			break flags
		}
	}
	if i > 5 {
		v.fail(L, "invalid format (repeated flags)")
	}
	number := func() (n int) {
		for first := i; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
			if i-first == 2 {
				v.fail(L, "invalid format (width or precision too long)")
			}
			n = n*10 + int(text[i]-'0')
		}
		return n
	}
	d.width = number()
	if i < len(text) && text[i] == '.' {
		i++
		d.precision = number()
	}
	return d, text[i:]
}

// formatArgument appends an argument by a letter.
func (v *vm) formatArgument(L *lua.LState, out []byte, d directive, letter byte, arg int) []byte {
	const function = "format"
	switch letter {
	case 'd', 'i':
		return d.integer(out, v.checkNumber(L, function, arg))
	case 'o', 'u', 'x', 'X':
		return d.unsigned(out, letter, v.checkNumber(L, function, arg))
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(out, letter, v.checkNumber(L, function, arg))
	case 'c':
		return d.pad(out, string([]byte{byte(v.checkInt(L, function, arg))}))
	case 'q':
		return appendQuoted(out, v.checkString(L, function, arg))
	case 's':
		s := v.displayed(L, arg)
		if d.precision >= 0 && d.precision < len(s) {
			s = s[:d.precision]
		}
		return d.pad(out, s)
	}
	v.fail(L, "invalid option '%"+string([]byte{letter})+"' to 'format'")
	return nil
}

// displayed is an argument as tostring shows it. Lua 5.1 takes only strings and numbers; Lua 5.2 and many scripts take
// any value.
func (v *vm) displayed(L *lua.LState, arg int) string {
	switch value := L.Get(arg).(type) {
	case lua.LString:
		return string(value)
	default:
		text := L.ToStringMeta(value)
		if !lua.LVCanConvToString(text) {
			v.fail(L, "'tostring' must return a string to 'format'")
		}
		return text.String()
	}
}

// pad appends a text that is not a number.
func (d directive) pad(out []byte, s string) []byte {
	blanks := d.width - len(s)
	if !d.minus {
		out = appendRepeated(out, ' ', blanks)
	}
	out = append(out, s...)
	if d.minus {
		out = appendRepeated(out, ' ', blanks)
	}
	return out
}

func appendRepeated(out []byte, c byte, n int) []byte {
	for range n {
		out = append(out, c)
	}
	return out
}

// number appends a sign or prefix and digits; zeros go between them if wanted.
func (d directive) number(out []byte, prefix string, digits []byte, zeros bool) []byte {
	blanks := d.width - len(prefix) - len(digits)
	if !d.minus && !zeros {
		out = appendRepeated(out, ' ', blanks)
	}
	out = append(out, prefix...)
	if zeros && !d.minus {
		out = appendRepeated(out, '0', blanks)
	}
	out = append(out, digits...)
	if d.minus {
		out = appendRepeated(out, ' ', blanks)
	}
	return out
}

// sign is what stands before a number.
func (d directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

// integer appends the whole part of a number. Where C is undefined, beyond 64 bits, it is the number all the same.
func (d directive) integer(out []byte, n float64) []byte {
	var room [32]byte
	digits := room[:0]
	switch whole := math.Trunc(n); {
	case whole != whole || math.IsInf(whole, 0):
		return d.float(out, 'f', n)
	case math.Abs(whole) < 1<<63:
		digits = strconv.AppendUint(digits, uint64(math.Abs(whole)), 10)
		n = whole
	default:
		digits = strconv.AppendFloat(digits, math.Abs(whole), 'f', 0, 64)
	}
	return d.number(out, d.sign(n < 0), d.leastDigits(digits), d.zero && d.precision < 0)
}

// leastDigits puts zeros before digits for the precision. With precision 0, zero has no digits.
func (d directive) leastDigits(digits []byte) []byte {
	if d.precision == 0 && len(digits) == 1 && digits[0] == '0' {
		return nil
	}
	if missing := d.precision - len(digits); missing > 0 {
		digits = append(appendRepeated(nil, '0', missing), digits...)
	}
	return digits
}

// unsigned appends the whole part of a number as 64 bits without sign.
func (d directive) unsigned(out []byte, letter byte, n float64) []byte {
	var bits uint64
	switch {
	case n >= 1<<64:
		bits = math.MaxUint64
	case n >= 1<<63:
		bits = uint64(n)
	default:
		bits = uint64(toInt(n))
	}
	base, prefix := 10, ""
	switch letter {
	case 'o':
		base = 8
	case 'x', 'X':
		base = 16
		if d.alternate && bits != 0 {
			prefix = "0x"
		}
	}
	var room [32]byte
	digits := d.leastDigits(strconv.AppendUint(room[:0], bits, base))
	if letter == 'o' && d.alternate && (len(digits) == 0 || digits[0] != '0') {
		digits = append([]byte{'0'}, digits...)
	}
	if letter == 'X' {
		prefix, digits = strings.ToUpper(prefix), bytes.ToUpper(digits)
	}
	return d.number(out, prefix, digits, d.zero && d.precision < 0)
}

// float appends a number by e, f or g.
func (d directive) float(out []byte, letter byte, n float64) []byte {
	var room [128]byte
	digits, magnitude := room[:0], math.Abs(n)
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	switch {
	case n != n:
		digits, d.zero = append(digits, "nan"...), false
	case math.IsInf(n, 0):
		digits, d.zero = append(digits, "inf"...), false
	case letter|0x20 == 'g':
		precision = max(precision, 1)
		if d.alternate {
			digits = appendAllDigits(digits, magnitude, precision)
		} else {
			digits = strconv.AppendFloat(digits, magnitude, 'g', precision, 64)
		}
	default:
		digits = strconv.AppendFloat(digits, magnitude, letter|0x20, precision, 64)
		if d.alternate && precision == 0 {
			digits = withPoint(digits)
		}
	}
	if letter < 'a' {
		digits = bytes.ToUpper(digits)
	}
	return d.number(out, d.sign(math.Signbit(n) && n == n), digits, d.zero)
}

// appendAllDigits is %#g: zeros at the end stay, and so does the point.
func appendAllDigits(digits []byte, n float64, precision int) []byte {
	digits = strconv.AppendFloat(digits, n, 'e', precision-1, 64)
	exponent, _ := strconv.Atoi(string(digits[bytes.IndexByte(digits, 'e')+1:]))
	if -4 <= exponent && exponent < precision {
		digits = strconv.AppendFloat(digits[:0], n, 'f', precision-1-exponent, 64)
	}
	return withPoint(digits)
}

// withPoint puts a point after digits that have none.
func withPoint(digits []byte) []byte {
	if bytes.IndexByte(digits, '.') >= 0 {
		return digits
	}
	i := bytes.IndexByte(digits, 'e')
	if i < 0 {
		return append(digits, '.')
	}
	return append(append(bytes.Clone(digits[:i]), '.'), digits[i:]...)
}

// appendQuoted appends a string literal that Lua reads back as s.
func appendQuoted(out []byte, s string) []byte {
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out = append(out, '\\', c)
		case '\r':
			out = append(out, `\r`...)
		case 0:
			out = append(out, `\000`...)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
