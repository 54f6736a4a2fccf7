package sandbox

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
)

// multipartForm is what HTML forms with files are sent as; no client library does, but people with curl -F do.
const multipartForm = "multipart/form-data"

// addMultipart reads the fields of such a form; the only files that the API knows are logos, which the sandbox has no
// use for.
func (p params) addMultipart(body []byte, kind string) error {
	broken := badRequest("the body is not what its type " + multipartForm + " says")
	_, about, err := mime.ParseMediaType(kind)
	if err != nil || about["boundary"] == "" {
		return broken
	}
	var bad error
	for r := multipart.NewReader(bytes.NewReader(body), about["boundary"]); ; {
		part, err := r.NextPart()
		if err == io.EOF {
			return bad
		}
		if err != nil {
			return broken
		}
		if part.FileName() != "" {
			continue
		}
		value, err := io.ReadAll(part) // no longer than the body
		if err != nil {
			return broken
		}
		if err := p.addPair(part.FormName(), string(value)); bad == nil {
			bad = err
		}
	}
}
