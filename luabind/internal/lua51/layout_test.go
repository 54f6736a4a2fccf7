package lua51

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestLayoutIsKnown(t *testing.T) {
	t.Parallel()
	if errLayout != nil {
		t.Fatal(errLayout)
	}
}

func TestOffsetOfAnotherLayout(t *testing.T) {
	t.Parallel()
	type other struct{ First, UVCache int }
	in, integer := reflect.TypeFor[other](), reflect.TypeFor[int]()
	if got, err := offsetOf(in, "UVCache", integer); err != nil || got != integer.Size() {
		t.Errorf("offsetOf(UVCache) = %d, %v, want %d", got, err, integer.Size())
	}
	for _, test := range []struct {
		name string
		typ  reflect.Type
		want string
	}{
		{"currentFrame", integer, "lua51.other has no field currentFrame"},
		{"UVCache", reflect.TypeFor[*int](), "lua51.other.UVCache is a int, not a *int"},
	} {
		_, err := offsetOf(in, test.name, test.typ)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "v1.1.2") {
			t.Errorf("offsetOf(%s, %v) = %v, want an error with %q and the version", test.name, test.typ, err, test.want)
		}
	}
}

// TestTableSize compares sizes with what the garbage collector sees of many such tables.
func TestTableSize(t *testing.T) {
	for _, test := range []struct {
		name string
		many int
		make func() *lua.LTable
	}{
		{"empty", 50_000, func() *lua.LTable { return &lua.LTable{} }},
		{"list", 5000, func() *lua.LTable {
			t := &lua.LTable{}
			for i := range 100 {
				t.RawSetInt(i+1, lua.LTrue)
			}
			return t
		}},
		{"names", 5000, func() *lua.LTable {
			t := &lua.LTable{}
			t.RawSetString("a", lua.LTrue)
			return t
		}},
		{"keys that are gone", 200, func() *lua.LTable {
			t := &lua.LTable{}
			for i := range 1000 {
				t.RawSetH(lua.LNumber(i)+0.5, lua.LTrue)
				t.RawSetH(lua.LNumber(i)+0.5, lua.LNil)
			}
			return t
		}},
	} {
		tables := make([]*lua.LTable, test.many)
		before := liveHeap()
		for i := range tables {
			tables[i] = test.make()
		}
		real := float64(int64(liveHeap()-before)) / float64(test.many)
		if got := float64(TableSize(tables[0])); got < real/3 || got > real*3 {
			t.Errorf("%s: TableSize = %g, and the heap has grown by %g", test.name, got, real)
		}
		runtime.KeepAlive(tables)
	}
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers have freed
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
