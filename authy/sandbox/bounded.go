package sandbox

import "iter"

// ring keeps the last values that were added, up to its size.
type ring[T any] struct {
	size   int
	values []T
	next   int   // where the next value goes once values is full
	total  int64 // how many were ever added

	// noted, if set, is told of each addition by its number, counting from 1.
	noted func(n int64)
}

func newRing[T any](size int) *ring[T] { return &ring[T]{size: size} }

func (r *ring[T]) add(v T) {
	if r.noted != nil {
		r.noted(r.total + 1)
		r.noted(r.total + 1 - int64(r.size)) // gives way
	}
	r.total++
	if len(r.values) < r.size {
		r.values = append(r.values, v)
		return
	}
	r.values[r.next] = v
	r.next = (r.next + 1) % r.size
}

// nth gives the value that was added as the nth, if it is still there.
func (r *ring[T]) nth(n int64) (v T, ok bool) {
	if n <= r.total-int64(len(r.values)) || n > r.total {
		return v, false
	}
	i := len(r.values) - 1 - int(r.total-n)
	return r.values[(r.next+i)%len(r.values)], true
}

// newest yields the values, the latest first.
func (r *ring[T]) newest() iter.Seq[T] {
	return func(yield func(T) bool) {
		n := len(r.values)
		for i := range n {
			if !yield(r.values[(r.next+n-1-i)%n]) {
				return
			}
		}
	}
}

// table is a map that remembers the order of arrival and drops the oldest entries beyond its size.
type table[K comparable, V any] struct {
	size  int
	byKey map[K]V
	order []K // arrival order from head on; keys before head are gone
	head  int

	// noted, if set, is told of each entry that may be about to change.
	noted func(K)
}

func newTable[K comparable, V any](size int) *table[K, V] {
	return &table[K, V]{size: size, byKey: map[K]V{}}
}

func (t *table[K, V]) note(key K) {
	if t.noted != nil {
		t.noted(key)
	}
}

func (t *table[K, V]) get(key K) (V, bool) {
	v, ok := t.byKey[key]
	if ok {
		t.note(key) // most values are pointers, and who asks may change what they point to
	}
	return v, ok
}

// put adds or replaces an entry and returns the one that had to give way, if any.
func (t *table[K, V]) put(key K, v V) (evicted V, ok bool) {
	t.note(key)
	if _, exists := t.byKey[key]; exists {
		t.byKey[key] = v
		return evicted, false
	}
	t.byKey[key] = v
	t.order = append(t.order, key)
	if len(t.byKey) > t.size {
		return t.pop(), true
	}
	return evicted, false
}

func (t *table[K, V]) pop() V {
	key := t.order[t.head]
	t.note(key)
	v := t.byKey[key]
	delete(t.byKey, key)
	t.head++
	if t.head > len(t.order)/2 { // amortized: each key is moved at most once more
		t.order = append(t.order[:0], t.order[t.head:]...)
		t.head = 0
	}
	return v
}

// purge drops entries from the oldest on for as long as they are past, and hands each to dropped.
func (t *table[K, V]) purge(past func(V) bool, dropped func(V)) {
	for t.head < len(t.order) && past(t.byKey[t.order[t.head]]) {
		if v := t.pop(); dropped != nil {
			dropped(v)
		}
	}
}

// newest yields the entries, the latest first.
func (t *table[K, V]) newest() iter.Seq[V] {
	return func(yield func(V) bool) {
		for i := len(t.order) - 1; i >= t.head; i-- {
			if !yield(t.byKey[t.order[i]]) {
				return
			}
		}
	}
}
