package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Fingerprint reads the file once and describes it as a [Source]. What is not a regular file, such as a pipe, is not
// read and has no SHA256. Canceling ctx stops it with the context's error.
func Fingerprint(ctx context.Context, path string) (Source, error) {
	source := Source{Name: filepath.Base(path)}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return source, err
	case info.IsDir():
		return source, fmt.Errorf("%s is a folder: name a file of rows", path)
	case !info.Mode().IsRegular():
		return source, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return source, err
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	// The wrapper hides WriteTo, which would copy without looking at ctx, and makes the buffer count.
	size, err := io.CopyBuffer(sum, struct{ io.Reader }{contextReader{ctx, file}}, make([]byte, 256<<10))
	if err != nil {
		return source, fmt.Errorf("%s: cannot take the fingerprint: %w", path, err)
	}
	source.Size, source.SHA256 = size, hex.EncodeToString(sum.Sum(nil))
	return source, nil
}

// contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
