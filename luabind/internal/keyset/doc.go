// Package keyset finds the keys that occur twice in a stream of tens of millions, in bounded memory.
//
// A [Set] keeps a 64-bit hash of each key, never the key. The newest are in a table; when that is full, they go as a sorted
// run to a temporary file, of which memory keeps the first hash of each page and a Bloom filter. So a key that is new
// rarely touches the disk, and one that is not costs one read. Runs of equal size are merged, so there are never many.
package keyset
