package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/qrcode"
)

// maxPicture bounds a picture that is fetched, in bytes.
const maxPicture = 1 << 20

// drawCode shows the QR code of authysh user create-secret: in the terminal, and with --out in a file.
var drawCode = &extra{
	alias: "user get qr",
	flags: func(flags *pflag.FlagSet) {
		flags.String("out", "", "write the QR code, a PNG, to this new `file`")
	},
	check: func(p *performed) error {
		if !p.flags.Changed("out") {
			return nil
		}
		return checkNewFile("--out", p.flags.Lookup("out").Value.String())
	},
	step: showCode,
	note: "The code is a secret. On a terminal it is drawn below the answer.",
}

// showCode fetches the picture. Where it cannot be drawn the answer, with its URL, is shown all the same.
func showCode(ctx context.Context, p *performed) error {
	file := p.flags.Lookup("out").Value.String()
	secret, ok := p.result.(*authy.UserSecret)
	if !ok {
		return fmt.Errorf("cannot draw the code: the result is a %T", p.result)
	}
	if file == "" && !p.app.stdoutTerminal {
		return nil
	}
	picture, err := p.fetch(ctx, secret.QRCode)
	if err != nil && file == "" {
		p.app.warn("the QR code cannot be fetched: "+err.Error(), "open the URL of qr_code in a browser")
		return nil
	}
	if err != nil {
		return fmt.Errorf("the QR code cannot be fetched, so %s was not written: %w", file, err)
	}
	if file != "" {
		return writeNew(file, picture)
	}
	code, err := qrcode.Read(picture)
	if err != nil {
		p.app.warn("the QR code cannot be drawn: "+err.Error(), "open the URL of qr_code in a browser")
		return nil
	}
	p.footer = func(w io.Writer) error {
		columns, _ := p.app.console.Size()
		if code.Columns() > columns {
			p.app.warn(fmt.Sprintf("the terminal is too narrow for the QR code, which takes %d columns", code.Columns()), "widen it, or write the code to a file with --out")
			return nil
		}
		_, err := io.WriteString(w, "\n"+code.Draw(p.app.resultColors()))
		return err
	}
	return nil
}

// checkNewFile finds out before anything is done that a file could not be written, as nothing is ever replaced.
func checkNewFile(flag, name string) error {
	if name == "" {
		return &usageError{message: flag + " must not be empty"}
	}
	if _, err := os.Lstat(name); err == nil {
		return &usageError{message: flag + " " + name + " exists already", hint: "remove it or name another file: nothing is replaced"}
	}
	return nil
}

// writeNew writes a secret to a file that is not there yet.
func writeNew(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the file: %w", err)
	}
	_, err = f.Write(data)
	if err := cmp.Or(err, f.Close()); err != nil {
		return fmt.Errorf("cannot write the file: %w", err)
	}
	return nil
}

// fetch gets a picture that the service refers to, by the way that its calls take, but without the key.
func (p *performed) fetch(ctx context.Context, address string) ([]byte, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("its address is no URL")
	}
	if own, err := url.Parse(cmp.Or(p.client.Host, authy.DefaultHost)); target.Scheme != "https" && (err != nil || target.Scheme != own.Scheme || target.Host != own.Host) {
		return nil, fmt.Errorf("its address is neither https nor at the service: %s", target.Redacted())
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.settings.duration("timeout"), authy.DefaultTimeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{}
	if p.client.HTTPClient != nil {
		client.Transport = p.client.HTTPClient.Transport
	}
	response, err := client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err // without the address, which is as good as the secret
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", response.Status)
	}
	picture, err := io.ReadAll(io.LimitReader(response.Body, maxPicture+1))
	if err == nil && len(picture) > maxPicture {
		err = fmt.Errorf("it has over %d bytes", maxPicture)
	}
	return picture, err
}
