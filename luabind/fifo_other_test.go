//go:build !unix

package luabind

import "os"

// makeFIFO makes a plain file, as there are no others here.
func makeFIFO(path string) error { return os.WriteFile(path, nil, 0o600) }
