package lua51

import (
	"reflect"
	"strings"
	"testing"
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
