package initpages

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Release gives the pages back. Where it cannot tell which they are, it does nothing.
func Release() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	mappings, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		return
	}
	for _, m := range unchanged(string(mappings), program) {
		_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, m.start, m.size, syscall.MADV_DONTNEED) // what it refuses just stays
	}
}

// mapping is a range of addresses.
type mapping struct{ start, size uintptr }

// unchanged finds the mappings of the program's code, in the text of /proc/self/smaps, that are as the file is: a debugger
// may have written to them. Constants are left alone: what is read of them is needed again, so that giving them back takes
// time and saves nothing.
func unchanged(mappings, program string) []mapping {
	var found []mapping
	var current mapping
	for line := range strings.Lines(mappings) {
		line = strings.TrimSuffix(line, "\n")
		fields := strings.Fields(line)
		switch {
		case len(fields) > 4 && strings.Contains(fields[0], "-"): // without a name when no file is mapped
			current = mapping{}
			if strings.HasSuffix(line, " "+program) && strings.HasPrefix(fields[1], "r-x") {
				current = rangeOf(fields[0])
			}
		case len(fields) == 3 && fields[0] == "Anonymous:" && fields[1] == "0" && current.size > 0:
			found = append(found, current)
		}
	}
	return found
}

// rangeOf reads "00400000-00e4a000"; what it cannot read is empty.
func rangeOf(text string) mapping {
	first, last, _ := strings.Cut(text, "-")
	start, err := strconv.ParseUint(first, 16, strconv.IntSize)
	if err != nil {
		return mapping{}
	}
	end, err := strconv.ParseUint(last, 16, strconv.IntSize)
	if err != nil || end <= start {
		return mapping{}
	}
	return mapping{uintptr(start), uintptr(end - start)}
}
