package luabind

import (
	"strconv"
	"strings"

	"github.com/authysh/authysh/luabind/internal/luavalue"
	lua "github.com/yuin/gopher-lua"
)

// knowledge is a table of which some is not known.
type knowledge struct {
	table *lua.LTable     // without the keys that say that there is more
	open  bool            // there may be further entries
	given map[string]bool // the places that have a value, such as "logos[1].url"
	vague []string        // the places whose value is not known
}

func newKnowledge(t *lua.LTable) *knowledge {
	k := &knowledge{given: map[string]bool{}}
	k.table, k.open = k.read(t, "", 0)
	return k
}

// read copies a table. One inside it that may have further entries is not known as a whole.
func (k *knowledge) read(t *lua.LTable, at string, depth int) (table *lua.LTable, open bool) {
	table = &lua.LTable{}
	t.ForEach(func(key, value lua.LValue) {
		if key == Unknown {
			open = true
			return
		}
		place := placeOf(at, key)
		k.given[place] = true
		if inner, ok := value.(*lua.LTable); ok {
			copied, vague := k.read(inner, place, depth+1)
			if value = copied; vague || depth > luavalue.MaxDepth {
				value = Unknown
			}
		}
		if value == Unknown {
			k.vague = append(k.vague, place)
		}
		table.RawSet(key, value)
	})
	return table, open
}

// placeOf is where an entry of a table is, in the words of [authy.Problem].
func placeOf(at string, key lua.LValue) string {
	if name, ok := key.(lua.LString); ok {
		return strings.TrimPrefix(at+"."+string(name), ".")
	}
	return at + "[" + key.String() + "]"
}

// isVague reports that a problem might not be there if all were known. A name that does not exist is wrong with any value.
func (k *knowledge) isVague(place string, slots []slot) bool {
	s, found := slotAt(slots, place)
	if !found && place != "" {
		return false
	}
	for _, vague := range k.vague {
		if within(place, vague) || within(vague, place) {
			return true
		}
	}
	if k.given[place] || !k.open && len(k.vague) == 0 {
		return false
	}
	nested := strings.ContainsAny(place, ".[")
	return k.open && !nested || s.Optional
}

// within reports whether a place is another one or a part of it.
func within(part, whole string) bool {
	rest, ok := strings.CutPrefix(part, whole)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func (k *knowledge) kindOf(place string, slots []slot) FaultKind {
	switch _, found := slotAt(slots, place); {
	case !found:
		return UnknownParameter
	case !k.given[place]:
		return MissingParameter
	}
	return InvalidValue
}

// slotAt finds what a place such as "logos[1].url" is for. Tables whose entries have any names have a slot for each.
func slotAt(slots []slot, place string) (slot, bool) {
	for i, s := range slots {
		rest, ok := strings.CutPrefix(place, s.Name)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
			if key := "[" + strconv.Itoa(s.Place) + "]"; s.Place > 0 && place == key {
				return slots[i], true
			}
			continue
		}
		if strings.HasPrefix(rest, "[") && s.list {
			_, rest, _ = strings.Cut(rest, "]")
		}
		if rest == "" || len(s.inner) == 0 {
			return slots[i], true
		}
		return slotAt(s.inner, strings.TrimPrefix(rest, "."))
	}
	if strings.HasPrefix(place, "[") { // an element of a list of tables
		if _, rest, ok := strings.Cut(place, "]"); ok && rest != "" {
			return slotAt(slots, strings.TrimPrefix(rest, "."))
		}
	}
	return slot{}, false
}
