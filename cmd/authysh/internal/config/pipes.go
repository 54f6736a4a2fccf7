package config

import "sync"

// Pipes keeps the text of configuration files that give it only once, such as --config <(command) in a shell: a program looks
// at its settings more than once. The zero value has none.
type Pipes struct {
	mu    sync.Mutex
	texts map[string][]byte
}

// text is what came out of the pipe at a path, if it was read.
func (p *Pipes) text(path string) (text []byte, known bool) {
	if p == nil {
		return nil, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	text, known = p.texts[path]
	return text, known
}

func (p *Pipes) keep(path string, text []byte) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.texts == nil {
		p.texts = map[string][]byte{}
	}
	p.texts[path] = text
}
