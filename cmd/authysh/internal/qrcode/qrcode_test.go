package qrcode_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	qr "github.com/skip2/go-qrcode"

	"github.com/authysh/authysh/cmd/authysh/internal/qrcode"
)

// TestRead reads codes of all sizes in pictures of all sizes, also where a module is no whole number of pixels.
func TestRead(t *testing.T) {
	t.Parallel()
	for _, length := range []int{1, 20, 80, 150, 300, 600} {
		made, err := qr.New("otpauth://totp/"+strings.Repeat("a", length), qr.Medium)
		if err != nil {
			t.Fatal(err)
		}
		made.DisableBorder = true
		want := qrcode.Code(made.Bitmap())
		made.DisableBorder = false
		for _, pixels := range []int{-1, -3, 300, 301, 512, 1000} {
			if pixels > 0 && pixels < 2*len(want) {
				continue
			}
			picture, err := made.PNG(pixels)
			if err != nil {
				t.Fatal(err)
			}
			got, err := qrcode.Read(picture)
			if err != nil {
				t.Errorf("%d modules in %d pixels: %v", len(want), pixels, err)
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%d modules in %d pixels: the code is another", len(want), pixels)
			}
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	encode := func(img image.Image) []byte {
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	black := image.NewGray(image.Rect(0, 0, 50, 50))
	white := image.NewGray(image.Rect(0, 0, 50, 50))
	for i := range white.Pix {
		white.Pix[i] = 255
	}
	line := image.NewRGBA(image.Rect(0, 0, 300, 300))
	for x := range 200 {
		line.Set(x, 10, color.Black)
	}
	for name, picture := range map[string][]byte{
		"nothing": nil, "text": []byte("<html>"), "black": encode(black), "white": encode(white), "line": encode(line),
		"huge": encode(image.NewGray(image.Rect(0, 0, 9000, 1))), "cut": encode(black)[:60],
	} {
		if _, err := qrcode.Read(picture); err == nil {
			t.Errorf("%s was read as a code", name)
		}
	}
}

// TestDraw looks at what is drawn, module for module.
func TestDraw(t *testing.T) {
	t.Parallel()
	made, err := qr.New("https://example.com", qr.Low)
	if err != nil {
		t.Fatal(err)
	}
	made.DisableBorder = true
	code := qrcode.Code(made.Bitmap())
	for _, colours := range []bool{true, false} {
		drawn := code.Draw(colours)
		lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
		var rows [][]bool
		for _, line := range lines {
			line = strings.TrimSuffix(strings.TrimPrefix(line, "\x1b[38;5;16;48;5;231m"), "\x1b[0m")
			if n := len([]rune(line)); n != code.Columns() {
				t.Fatalf("a line has %d columns, want %d", n, code.Columns())
			}
			upper, lower := make([]bool, 0, code.Columns()), make([]bool, 0, code.Columns())
			for _, r := range line {
				ink := slices.Index([]rune(" ▄▀█"), r)
				upper, lower = append(upper, ink&2 != 0 == colours), append(lower, ink&1 != 0 == colours)
			}
			rows = append(rows, upper, lower)
		}
		for y := range code {
			if got := rows[y+2][2 : 2+len(code)]; !slices.Equal(got, code[y]) {
				t.Fatalf("colours %t: row %d is drawn wrong", colours, y)
			}
		}
		if colours != strings.Contains(drawn, "\x1b") {
			t.Errorf("colours %t: %q", colours, drawn[:20])
		}
	}
}

func FuzzRead(f *testing.F) {
	made, err := qr.New("a", qr.Low)
	if err != nil {
		f.Fatal(err)
	}
	for _, pixels := range []int{-1, 64} {
		picture, err := made.PNG(pixels)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(picture)
	}
	f.Fuzz(func(t *testing.T, picture []byte) {
		if code, err := qrcode.Read(picture); err == nil {
			code.Draw(false)
		}
	})
}
