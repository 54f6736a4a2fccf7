package worker

import (
	"testing"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/luabind"
)

var short = luabind.Script{Name: "s.lua", Source: `local n = 0 for i = 1, 100 do n = n + i end print(n)`}

// BenchmarkWorker runs a short script in a child that is there already.
func BenchmarkWorker(b *testing.B) {
	w := newBench(b, nil)
	for b.Loop() {
		if err := w.Run(b.Context(), short); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNewWorker starts a child for each run.
func BenchmarkNewWorker(b *testing.B) {
	for b.Loop() {
		w := newBench(b, nil)
		if err := w.Run(b.Context(), short); err != nil {
			b.Fatal(err)
		}
		_ = w.Close()
	}
}

// BenchmarkInProcess is what the others are compared with.
func BenchmarkInProcess(b *testing.B) {
	for b.Loop() {
		rt, err := luabind.New(&authy.Client{}, luabind.Untrusted())
		if err != nil {
			b.Fatal(err)
		}
		if err := rt.Run(b.Context(), short); err != nil {
			b.Fatal(err)
		}
		_ = rt.Close()
	}
}

// BenchmarkCall calls a function of a script that is loaded.
func BenchmarkCall(b *testing.B) {
	w := newBench(b, nil)
	if err := w.Load(b.Context(), luabind.Script{Source: `function f(x) return { n = x.n + 1 } end`}); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := w.Call(b.Context(), "f", map[string]int{"n": 1}); err != nil {
			b.Fatal(err)
		}
	}
}
