package authy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// callbackBody is the decoded body of a POST.
func callbackBody(req CallbackRequest, limit int64) (map[string]any, error) {
	if req.Decoded != nil {
		if len(req.Body) > 0 {
			return nil, badCallback("both a raw and a decoded body are given: give one, so that what is verified is what is used")
		}
		return req.Decoded, nil
	}
	switch {
	case int64(len(req.Body)) > limit:
		return nil, bodyTooLarge(limit)
	case len(bytes.TrimSpace(req.Body)) == 0:
		return nil, badCallback("the body of the POST is empty: give it as received, before anything else has read it")
	case tooDeeplyNested(req.Body):
		return nil, tooDeep()
	}
	decoder := json.NewDecoder(bytes.NewReader(req.Body))
	decoder.UseNumber() // the text of numbers is signed
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, invalidJSON(err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, badCallback("the body goes on after the JSON object, at byte " + strconv.FormatInt(decoder.InputOffset(), 10))
	}
	fields, ok := value.(map[string]any)
	if !ok {
		return nil, badCallback("the body must be a JSON object")
	}
	return fields, nil
}

func invalidJSON(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return badCallback("the body is not JSON: it ends too early")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return badCallback(fmt.Sprintf("the body is not JSON: %v, at byte %d", err, syntax.Offset))
	}
	return badCallback("the body is not JSON: " + err.Error())
}

// tooDeeplyNested looks before decoding, which would build every level in memory first.
func tooDeeplyNested(body []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > maxCallbackDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}
