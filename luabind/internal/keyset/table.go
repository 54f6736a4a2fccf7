package keyset

import "math/bits"

// tableTail is room for records that belong to the last places.
const tableTail = 64

// table is the newest records, always in the order of their hashes: a record stands at the place that its hash is of the
// whole range, or behind it when that is taken by lesser ones. So it finds as a hash table does, with one wait for
// memory, and needs no sorting when it is written.
type table struct {
	slots []record // those with no number are free; the last one always is
	space uint64   // how many are places for hashes
	count int
	most  int
}

func newTable(most int) *table {
	return &table{slots: make([]record, 2*most+tableTail), space: 2 * uint64(most), most: most}
}

// find gives the slot of a hash, or else where it belongs.
func (t *table) find(hash uint64) (slot uint64, found bool) {
	slot, _ = bits.Mul64(hash, t.space)
	for t.slots[slot].first != 0 && t.slots[slot].hash < hash {
		slot++
	}
	r := t.slots[slot]
	return slot, r.first != 0 && r.hash == hash
}

// insert puts a record where find has said. The table must not be full.
func (t *table) insert(slot uint64, r record) {
	t.count++
	for r.first != 0 {
		t.slots[slot], r = r, t.slots[slot]
		slot++
	}
}

func (t *table) full() bool {
	return t.count >= t.most || t.slots[len(t.slots)-2].first != 0
}

// each hands on the records in order.
func (t *table) each(f func(record)) {
	for _, r := range t.slots {
		if r.first != 0 {
			f(r)
		}
	}
}

func (t *table) clear() {
	clear(t.slots)
	t.count = 0
}
