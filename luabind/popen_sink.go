package luabind

import "sync"

// sinkRoom is how much of a program's output waits before the program has to.
const sinkRoom = 1 << 20

// sink takes what a program writes, on a goroutine of its own, until whoever runs Lua passes it on.
type sink struct {
	to      *output
	wake    chan struct{}
	keepAll bool // take any amount

	mu   sync.Mutex
	room sync.Cond
	data []byte
}

// Write keeps a copy of p.
func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	for len(s.data) > sinkRoom && !s.keepAll {
		s.room.Wait()
	}
	s.data = append(s.data, p...)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return len(p), nil
}

// take empties the sink.
func (s *sink) take() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	data := s.data
	s.data = nil
	s.room.Broadcast()
	return data
}

// open lets the program write without end: it was killed, and nobody may come to empty the sink.
func (s *sink) open() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepAll = true
	s.room.Broadcast()
}
