package worker

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// The largest messages that either side takes. The child's are small: requests of the API and pieces of output.
const (
	mostFromChild  = 1 << 20
	mostFromParent = 64 << 20
)

// message is one frame on a pipe: which fields are set depends on Type.
type message struct {
	Type string `json:"type"`

	Run     *run     `json:"run,omitempty"`     // "run", to the child
	Answer  *answer  `json:"answer,omitempty"`  // "answer", to the child
	Request *request `json:"request,omitempty"` // "request", to the parent
	Output  []byte   `json:"output,omitempty"`  // "stdout" and "stderr", to the parent
	Of      int64    `json:"of,omitempty"`      // "cancel", to the child, and "done", to the parent: the number of the run
	Failure *failure `json:"failure,omitempty"` // "done"; nil for a script that did well

	Results []json.RawMessage `json:"results,omitempty"` // "done", of a call
}

// writer sends messages, each a length of four bytes and JSON, from any goroutine.
type writer struct {
	mu sync.Mutex
	w  io.Writer
}

func (w *writer) send(m message) error {
	frame, err := frameOf(m)
	if err != nil {
		return err
	}
	return w.write(frame)
}

// frameOf is a message as it crosses. What nests deeper than encoding/json reads is an error.
func frameOf(m message) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(text)), uint32(len(text))), text...), nil
}

func (w *writer) write(frame []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.w.Write(frame)
	return err
}

// readMessage reads one message of at most so many bytes. Memory is taken as bytes arrive, not as a length promises.
func readMessage(r io.Reader, most int64) (m message, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return m, err // io.EOF between two messages
	}
	length := int64(binary.BigEndian.Uint32(head[:]))
	if length > most {
		return m, fmt.Errorf("a message of %d bytes; at most %d are taken", length, most)
	}
	text, err := io.ReadAll(io.LimitReader(r, length))
	if err == nil && int64(len(text)) < length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return message{}, fmt.Errorf("a message that is no JSON of ours: %w", err)
	}
	return m, nil
}
