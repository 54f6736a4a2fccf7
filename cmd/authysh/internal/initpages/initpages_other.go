//go:build !linux

package initpages

// Release does nothing: other systems count differently.
func Release() {}
