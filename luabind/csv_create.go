package luabind

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

type csvCreateOptions struct {
	Header    []string `json:"header" doc:"the columns in their order; written as the first line"`
	Separator *string  `json:"separator" doc:"between fields; a comma when left out"`
	Append    bool     `json:"append" doc:"keep what the file has, and add to it"`
}

// csvCreate is csv.create. A new file is for its owner alone (0600): results hold phone numbers and ids.
func csvCreate(h *Host) lua.LGFunction {
	return func(L *lua.LState) int {
		const op = "csv.create"
		path := textAt(L, 1, op, "path")
		var options csvCreateOptions
		optionsAt(L, 2, op, &options)
		separator := separatorOf(L, op, options.Separator)
		checkHeaderOption(L, op, options.Header)
		w := &csvWriter{h: h, name: path, flushed: h.clock()}
		header := options.Header
		if path == "-" {
			w.name = "standard output"
			w.csvSink = newCSVSink(stdoutWriter{streamsOf(L, h).out}, separator, header)
		} else {
			if !options.Append && openFilesOf(L).isRead(path) {
				fail(L, op, errors.New(path+" is still being read, and would be emptied: read it to its end or close it, or write to another file"))
			}
			var err error
			h.Wait(L, func(context.Context) { w.file, header, err = createCSV(path, separator, options) })
			if err != nil {
				fail(L, op, err)
			}
			w.csvSink = newCSVSink(w.file, separator, options.Header)
			openFilesOf(L).writers = append(openFilesOf(L).writers, w)
		}
		if header != nil {
			w.raise(L, errors.Join(w.writeRecord(header), w.flush()))
		}
		L.Push(&lua.LUserData{Value: w, Metatable: csvWriterType().metatable(L), Env: L.Env})
		return 1
	}
}

// createCSV opens a file to write, and gives the header that is still to be written.
func createCSV(path string, separator rune, options csvCreateOptions) (*os.File, []string, error) {
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if options.Append {
		mode = os.O_RDWR | os.O_CREATE | os.O_APPEND
	}
	file, err := os.OpenFile(path, mode, 0o600)
	if err != nil || !options.Append {
		return file, options.Header, err
	}
	header, err := continueCSV(file, path, separator, options.Header)
	if err != nil {
		_ = file.Close()
		return nil, nil, err
	}
	return file, header, nil
}

// continueCSV makes sure that rows can be added: that the file has the same columns, and a full last line.
func continueCSV(file *os.File, path string, separator rune, header []string) ([]string, error) {
	info, err := file.Stat()
	if err != nil || info.Size() == 0 || !info.Mode().IsRegular() {
		return header, err
	}
	if header != nil {
		format := csvFormat{separator: separator, named: true}
		rows, err := newCSVRows(path, bufio.NewReaderSize(io.NewSectionReader(file, 0, info.Size()), inputBuffer), format)
		switch {
		case err != nil:
			return nil, err
		case !slices.Equal(rows.header, header):
			return nil, fmt.Errorf("%s has other columns: %s", path, listNames(rows.header))
		}
	}
	var last [1]byte
	if _, err := file.ReadAt(last[:], info.Size()-1); err != nil {
		return nil, err
	}
	if last[0] != '\n' {
		_, err = file.Write([]byte("\n"))
	}
	return nil, err
}

// stdoutWriter passes rows on to the script's standard output.
type stdoutWriter struct{ o *output }

func (w stdoutWriter) Write(p []byte) (int, error) {
	if err := w.o.send(p); err != nil {
		return 0, err
	}
	return len(p), nil
}
