// Package qrcode reads a QR code from the picture that a program made, and draws it with characters.
//
// It finds the modules, which are the squares of the code, and does not decode them: what is drawn is what the picture
// shows. Pictures from a camera are not for it.
package qrcode

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/gif" // the formats in which services send codes
	_ "image/jpeg"
	_ "image/png"
	"strings"
)

const (
	// maxPixels bounds the side of a picture.
	maxPixels = 8192
	// finder is how many modules wide each of the three squares in the corners is.
	finder = 7
	// quiet is how many light modules surround what is drawn. The standard says 4, and readers do with 2.
	quiet = 2
)

// Code is the modules of a QR code, row by row; true is dark.
type Code [][]bool

// Read finds the code in a PNG, GIF or JPEG. There must be nothing else in the picture.
func Read(picture []byte) (Code, error) {
	config, _, err := image.DecodeConfig(bytes.NewReader(picture))
	switch {
	case err != nil:
		return nil, fmt.Errorf("not a picture: %w", err)
	case config.Width > maxPixels || config.Height > maxPixels:
		return nil, fmt.Errorf("the picture has %dx%d pixels, at most %d each are read", config.Width, config.Height, maxPixels)
	}
	img, _, err := image.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, fmt.Errorf("not a picture: %w", err)
	}
	return modules(img)
}

func modules(img image.Image) (Code, error) {
	dark := func(x, y int) bool {
		gray := color.GrayModel.Convert(opaque(img.At(x, y))).(color.Gray)
		return gray.Y < 128
	}
	box := image.Rectangle{}
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if dark(x, y) {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	edge := 0 // of the square in the corner, in pixels
	for edge < box.Dx() && dark(box.Min.X+edge, box.Min.Y) {
		edge++
	}
	if edge < finder || box.Dx() != box.Dy() {
		return nil, errNoCode
	}
	// A code has 17 modules a side and 4 more for each version. Where they are no whole number of pixels the square in
	// the corner tells only about how many there are.
	version := (box.Dx()*finder/edge - 17 + 2) / 4
	if version < 1 || version > 40 {
		return nil, errNoCode
	}
	n := 17 + 4*version
	code := make(Code, n)
	for row := range code {
		code[row] = make([]bool, n)
		for column := range code[row] {
			middle := func(i int) int { return (2*i + 1) * box.Dx() / (2 * n) }
			code[row][column] = dark(box.Min.X+middle(column), box.Min.Y+middle(row))
		}
	}
	if !code.hasFinders() {
		return nil, errNoCode
	}
	return code, nil
}

var errNoCode = errors.New("there is no QR code in the picture")

// opaque puts a colour on white paper.
func opaque(c color.Color) color.Color {
	r, g, b, a := c.RGBA()
	light := 0xffff - a
	return color.RGBA64{uint16(r + light), uint16(g + light), uint16(b + light), 0xffff}
}

// hasFinders checks the squares in three corners, of which the middle rows are dark, light, dark, light, dark.
func (c Code) hasFinders() bool {
	last := len(c) - finder
	for _, corner := range []image.Point{{0, 0}, {last, 0}, {0, last}} {
		for y := range finder {
			for x := range finder {
				fromEdge := min(x, y, finder-1-x, finder-1-y)
				if c[corner.Y+y][corner.X+x] != (fromEdge != 1) {
					return false
				}
			}
		}
	}
	return true
}

// Columns is how wide a drawing is.
func (c Code) Columns() int { return len(c) + 2*quiet }

// Draw draws the code, two modules in a character. With colours it is black on white on every terminal; without them
// the light modules are drawn, which suits a dark terminal.
func (c Code) Draw(colours bool) string {
	var b strings.Builder
	dark := func(row, column int) bool {
		row, column = row-quiet, column-quiet
		return row >= 0 && row < len(c) && column >= 0 && column < len(c) && c[row][column]
	}
	for row := 0; row < c.Columns(); row += 2 {
		if colours {
			b.WriteString("\x1b[38;5;16;48;5;231m")
		}
		for column := range c.Columns() {
			upper, lower := dark(row, column), dark(row+1, column)
			if row+1 == c.Columns() && !colours {
				lower = true // there is no row below: leave the paper as it is
			}
			if !colours {
				upper, lower = !upper, !lower
			}
			b.WriteString([]string{" ", "▄", "▀", "█"}[btoi(upper)*2+btoi(lower)])
		}
		if colours {
			b.WriteString("\x1b[0m")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
