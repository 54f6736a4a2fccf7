package sandbox

import (
	crand "crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"

	"github.com/google/uuid"
)

// random makes ids, codes and secrets: unguessable, or reproducible when it has a seed.
//
// It is not safe for concurrent use; each application has its own and locks it with the rest.
type random struct {
	source *rand.ChaCha8
	rand   *rand.Rand
	codes  func(digits int) string // may be nil
}

// newRandom makes the source of the nth application: one seed gives each another sequence.
func newRandom(seed *uint64, n int, codes func(int) string) *random {
	var key [32]byte
	if seed != nil {
		binary.LittleEndian.PutUint64(key[:], *seed)
		binary.LittleEndian.PutUint64(key[8:], uint64(n))
	} else {
		crand.Read(key[:]) // never fails since Go 1.24
	}
	source := rand.NewChaCha8(key)
	return &random{source: source, rand: rand.New(source), codes: codes}
}

const alphanumerics = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// key is n letters and digits.
func (r *random) key(n int) string { return r.pick(alphanumerics, n) }

func (r *random) pick(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.rand.IntN(len(alphabet))]
	}
	return string(b)
}

// code is a one-time code of the given number of digits.
func (r *random) code(digits int) string {
	if r.codes != nil {
		if c := r.codes(digits); len(c) == digits && isDigits(c) {
			return c
		}
	}
	return r.pick("0123456789", digits)
}

func (r *random) bytes(n int) []byte {
	b := make([]byte, n)
	r.source.Read(b) // never fails
	return b
}

func (r *random) hex(n int) string { return hex.EncodeToString(r.bytes(n / 2)) }

// mongoID looks like the 24 hex digits with which Authy's push service names its records.
func (r *random) mongoID() string { return r.hex(24) }

func (r *random) uuid() string {
	return uuid.Must(uuid.NewRandomFromReader(r.source)).String() // the source never fails
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
