package initpages

import (
	"os"
	"slices"
	"strings"
	"testing"
)

const example = `00400000-00e4a000 r-xp 00000000 fe:00 10215615                           /usr/bin/authysh
Size:              10536 kB
Rss:                8296 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me 
00e4a000-01a7c000 r--p 00a4a000 fe:00 10215615                           /usr/bin/authysh
Anonymous:             0 kB
01a7c000-01a7d000 r-xp 00a4a000 fe:00 10215615                           /usr/bin/authysh
Rss:                   4 kB
Anonymous:             4 kB
01a7d000-01a7d000 r--p 00000000 00:00 0 
Anonymous:             0 kB
01a7d000-01b90000 rw-p 0167c000 fe:00 10215615                           /usr/bin/authysh
Anonymous:             0 kB
01b90000-03bd7000 rw-p 00000000 00:00 0 
Anonymous:             0 kB
1ef906800000-1ef907000000 r--p 00000000 00:00 0 
Anonymous:             0 kB
7f67545e0000-7f6754800000 r-xp 00000000 fe:00 77                         /usr/lib/authysh
Anonymous:             0 kB
7ffd1b9d4000-7ffd1b9d6000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
`

// TestUnchanged: only code of the program's file is released, and only what nobody has written to.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	want := []mapping{{0x400000, 0xa4a000}}
	if got := unchanged(example, "/usr/bin/authysh"); !slices.Equal(got, want) {
		t.Errorf("got %x, want %x", got, want)
	}
	for _, bad := range []string{"", "x", "0-", "12-zz r-xp 0 0 0 /a\nAnonymous: 0 kB", "5-4 r-xp 0 0 0 /a\nAnonymous: 0 kB"} {
		if got := unchanged(bad, "/a"); got != nil {
			t.Errorf("%q: got %x", bad, got)
		}
	}
}

// TestRelease: the code of this very program is found, and can be given back while it runs.
func TestRelease(t *testing.T) {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Skip(err)
	}
	text, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	if unchanged(string(text), program) == nil {
		t.Errorf("no mapping of %s in\n%s", program, text)
	}
	Release()
	if !strings.Contains(example, "vdso") {
		t.Error("constants have gone")
	}
}
