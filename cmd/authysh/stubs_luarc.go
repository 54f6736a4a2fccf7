package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// luarcName is where lua-language-server looks for the settings of a folder.
const luarcName = ".luarc.json"

// luaVersion is what scripts are written in, in the words of lua-language-server.
const luaVersion = "Lua 5.1"

// jsonMember is a name and its value in a JSON object whose order is kept.
type jsonMember struct {
	name  string
	value json.RawMessage
}

// mergedLuarc is the settings file with the directory in its library. All else that it holds stays as it is.
func (a *app) mergedLuarc(dir string) ([]byte, error) {
	text, err := os.ReadFile(luarcName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		text = []byte("{}")
	case err != nil:
		return nil, &usageError{message: fmt.Sprintf("cannot read %s: %v", luarcName, err)}
	}
	library := filepath.ToSlash(filepath.Clean(dir))
	merged, version, err := mergeLuarc(text, library)
	if err != nil {
		return nil, &usageError{
			message: fmt.Sprintf("cannot add to %s: %v", luarcName, err),
			hint:    fmt.Sprintf(`add it by hand: "runtime.version": %q, "workspace.library": [%q]`, luaVersion, library),
		}
	}
	if version != luaVersion {
		a.warn(fmt.Sprintf("%s says that scripts are %s, but authysh runs %s", luarcName, version, luaVersion), "")
	}
	return merged, nil
}

// mergeLuarc adds the library, and the version unless there is one, which is returned.
func mergeLuarc(text []byte, library string) (merged []byte, version string, err error) {
	root, err := readObject(text)
	if err != nil {
		return nil, "", err
	}
	version = luaVersion
	root, err = withSetting(root, "runtime", "version", func(old json.RawMessage) (any, error) {
		if old == nil {
			return luaVersion, nil
		}
		if json.Unmarshal(old, &version) != nil {
			return nil, errors.New("runtime.version is not a text")
		}
		return old, nil
	})
	if err != nil {
		return nil, "", err
	}
	root, err = withSetting(root, "workspace", "library", func(old json.RawMessage) (any, error) {
		var list []json.RawMessage
		if old != nil && json.Unmarshal(old, &list) != nil {
			return nil, errors.New("workspace.library is not a list")
		}
		for _, entry := range list {
			var path string
			if json.Unmarshal(entry, &path) == nil && filepath.ToSlash(filepath.Clean(path)) == library {
				return old, nil
			}
		}
		added, err := json.Marshal(library)
		return append(list, added), err
	})
	if err != nil {
		return nil, "", err
	}
	return writeObject(root), version, nil
}

// withSetting changes a setting where it is: under its whole name, with or without "Lua.", or inside an object. A new one
// gets its whole name.
func withSetting(root []jsonMember, group, name string, change func(old json.RawMessage) (any, error)) ([]jsonMember, error) {
	for i, m := range root {
		switch strings.TrimPrefix(m.name, "Lua.") {
		case group + "." + name:
			return root, setMember(&root[i], change)
		case group:
			inner, err := readObject(m.value)
			if err != nil {
				return nil, fmt.Errorf("%s is not an object", m.name)
			}
			at := -1
			for j := range inner {
				if inner[j].name == name {
					at = j
				}
			}
			if at < 0 {
				at = len(inner)
				inner = append(inner, jsonMember{name: name})
			}
			if err := setMember(&inner[at], change); err != nil {
				return nil, err
			}
			root[i].value = writeObject(inner)
			return root, nil
		}
	}
	added := jsonMember{name: group + "." + name}
	err := setMember(&added, change)
	return append(root, added), err
}

func setMember(m *jsonMember, change func(old json.RawMessage) (any, error)) error {
	value, err := change(m.value)
	if err != nil {
		return err
	}
	m.value, err = json.Marshal(value)
	return err
}

// readObject reads the members of a JSON object in their order.
func readObject(text []byte) ([]jsonMember, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if begin, err := decoder.Token(); err != nil || begin != json.Delim('{') || !json.Valid(text) {
		return nil, errors.New("it is not a JSON object, or has comments")
	}
	var members []jsonMember
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		members = append(members, jsonMember{name.(string), value})
	}
	return members, nil
}

// writeObject writes an object with an indent of two blanks.
func writeObject(members []jsonMember) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(m.name) // a string always can
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	var indented bytes.Buffer
	if json.Indent(&indented, b.Bytes(), "", "  ") != nil {
		return b.Bytes()
	}
	indented.WriteByte('\n')
	return indented.Bytes()
}
