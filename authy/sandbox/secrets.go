package sandbox

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/skip2/go-qrcode"
)

// The bounds of qr_size, in pixels, and of label, in characters, are those that the Go client keeps.
const (
	defaultQRSize = 300
	maxQRSize     = 4096
	maxLabel      = 255
	maxQRContent  = 2331 // bytes that the largest QR code holds at medium recovery
)

// qrCode is a picture that can be fetched by its name.
type qrCode struct {
	content string
	size    int
}

// createSecret gives a user a secret for other authenticator apps and answers where its QR code is.
//
// A user has one such secret; asking again gives the same, so that an app that was set up goes on working.
// Whether Authy makes a new one is not known.
func createSecret(a *application, rq *request) (any, error) {
	if err := a.need(FeatureGenericTokens); err != nil {
		return nil, err
	}
	u, err := a.active(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	size, err := rq.params.integer("qr_size", defaultQRSize, 1, maxQRSize)
	if err != nil {
		return nil, err
	}
	label := rq.params.text("label")
	if label == "" {
		label = u.email()
	}
	if utf8.RuneCountInString(label) > maxLabel {
		return nil, badParam("label", "is longer than "+strconv.Itoa(maxLabel)+" characters")
	}
	if u.genericSecret == nil {
		u.genericSecret = a.random.bytes(secretBytes)
	}
	key, err := totp.Generate(totp.GenerateOpts{
		Issuer:      a.name,
		AccountName: label,
		Secret:      u.genericSecret,
		Period:      uint(genericTOTP.step),
		Digits:      otp.Digits(genericTOTP.digits),
		Algorithm:   otp.AlgorithmSHA1,
	})
	if err != nil || len(key.URL()) > maxQRContent { // a label in an Asian script triples on its way into a URL
		return nil, fail(codeQRFailed)
	}
	name := a.random.hex(32)
	a.pictures.put(name, qrCode{content: key.URL(), size: size})
	return object{
		{"label", label},
		{"issuer", a.name},
		{"qr_code", rq.origin() + "/qr/" + a.serial() + "/" + name + ".png"},
		{"success", true},
	}, nil
}

// qrPicture needs no key, since pages show the link in an <img>; the name cannot be guessed.
func qrPicture(a *application, rq *request) (any, error) {
	name, isPNG := strings.CutSuffix(rq.arg("picture"), ".png")
	qr, ok := a.pictures.get(name)
	if !ok || !isPNG {
		return nil, errUnknownURL
	}
	return picture(func() ([]byte, error) {
		png, err := qrcode.Encode(qr.content, qrcode.Medium, qr.size)
		if err != nil {
			return nil, fail(codeQRFailed)
		}
		return png, nil
	}), nil
}

// exportSecret is the migration export of the secret for other authenticator apps, with the current token
// as a check. Twilio documents the keys secret and otp only.
func exportSecret(a *application, rq *request) (any, error) {
	if err := a.need(FeatureExports); err != nil {
		return nil, err
	}
	u, err := a.present(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	if u.genericSecret == nil {
		return nil, fail(codeNoGenericToken)
	}
	return object{
		{"secret", base32Secret(u.genericSecret)},
		{"otp", genericTOTP.now(u.genericSecret, rq.now)},
		{"success", true},
	}, nil
}

// exportPhone is the migration export of the phone number; unlike all else it has no success.
func exportPhone(a *application, rq *request) (any, error) {
	if err := a.need(FeatureExports); err != nil {
		return nil, err
	}
	u, err := a.present(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	if u.phone.code == 0 {
		return nil, fail(codePhoneInvalid)
	}
	return object{
		{"phone_number", u.phone.grouped()},
		{"country_code", u.phone.countryCode()},
		{"e164", u.phone.e164()},
		{"updated_at", u.updated.Format(time.RFC3339)},
	}, nil
}
