package journal

// eachField shows the fields of a JSON object that was found valid, each value as it stands there, until visit returns
// false. gjson's own loop also parses what nobody asks for; with it, taking a line apart takes nearly twice as long, and
// resuming a run is mostly that.
func eachField(object string, visit func(name, value string) bool) bool {
	for i := skip(object, 1); object[i] != '}'; i = skip(object, i) {
		end := stringEnd(object, i)
		name := object[i+1 : end-1]
		i = skip(object, end)
		end = valueEnd(object, i)
		if !visit(name, object[i:end]) {
			return false
		}
		i = end
	}
	return true
}

// skip returns where the next name, value or brace begins.
func skip(text string, i int) int {
	for text[i] <= ' ' || text[i] == ',' || text[i] == ':' {
		i++
	}
	return i
}

// stringEnd returns where the string ends that begins at i.
func stringEnd(text string, i int) int {
	for i++; text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// valueEnd returns where the value ends that begins at i.
func valueEnd(text string, i int) int {
	switch text[i] {
	case '"':
		return stringEnd(text, i)
	case '{', '[':
		for depth := 0; ; i++ {
			switch text[i] {
			case '"':
				i = stringEnd(text, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for text[i] > ' ' && text[i] != ',' && text[i] != '}' {
		i++
	}
	return i
}
