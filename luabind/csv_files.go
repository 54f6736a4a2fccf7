package luabind

import (
	"errors"
	"os"
	"slices"
	"weak"

	lua "github.com/yuin/gopher-lua"
)

// openFiles are the CSV files that a state has open: writers, to be flushed when it ends, and readers, to keep a
// script from overwriting what it reads.
type openFiles struct {
	writers []*csvWriter
	readers []weak.Pointer[csvReader] // weak, as a reader that a script dropped is closed by the garbage collector
}

const openFilesType = "authysh.files"

func openFilesOf(L *lua.LState) *openFiles {
	if known, ok := L.G.Registry.RawGetString(openFilesType).(*lua.LUserData); ok {
		return known.Value.(*openFiles)
	}
	files := &openFiles{}
	L.G.Registry.RawSetString(openFilesType, &lua.LUserData{Value: files})
	return files
}

func (o *openFiles) reading(reader *csvReader) {
	open := o.readers[:0]
	for _, p := range o.readers {
		if other := p.Value(); other != nil && other.file != nil {
			open = append(open, p)
		}
	}
	o.readers = append(open, weak.Make(reader))
}

// isRead reports whether the file at path is being read.
func (o *openFiles) isRead(path string) bool {
	info, err := os.Stat(path)
	if err != nil {
		return false
	}
	for _, p := range o.readers {
		if reader := p.Value(); reader != nil && reader.file != nil {
			if other, err := reader.file.Stat(); err == nil && os.SameFile(info, other) {
				return true
			}
		}
	}
	return false
}

// forget drops a writer that the script closed.
func (o *openFiles) forget(w *csvWriter) {
	o.writers = slices.DeleteFunc(o.writers, func(other *csvWriter) bool { return other == w })
}

// closeFiles writes out what the CSV writers of a state still hold, and closes them: to be called when a state ends.
func closeFiles(L *lua.LState) error {
	files := openFilesOf(L)
	var failures []error
	for _, w := range files.writers {
		if err := w.finish(); !w.reported { // what the script was told is the script's to judge
			failures = append(failures, err)
		}
	}
	files.writers = nil
	for _, p := range files.readers {
		if reader := p.Value(); reader != nil {
			reader.release()
		}
	}
	files.readers = nil
	return errors.Join(failures...)
}
