package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/qrcode"
)

// maxPicture bounds a picture that is fetched, in bytes.
const maxPicture = 1 << 20

// maxRedirects bounds how often the address of a picture may lead to another.
const maxRedirects = 3

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

// showCode fetches the picture for a file, and has it drawn below an answer that a person reads. Where it cannot be drawn
// the answer, with its URL, is shown all the same.
func showCode(ctx context.Context, p *performed) error {
	file := p.flags.Lookup("out").Value.String()
	secret, ok := p.result.(*authy.UserSecret)
	if !ok {
		return fmt.Errorf("cannot draw the code: the result is a %T", p.result)
	}
	if file == "" {
		if p.app.stdoutTerminal {
			p.footer = func(w io.Writer) error { return p.drawCode(ctx, w, secret.QRCode) }
		}
		return nil
	}
	picture, err := p.fetch(ctx, secret.QRCode)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		return fmt.Errorf("the QR code cannot be fetched, so %s was not written: %w", file, err)
	}
	return writeNew(file, picture)
}

// drawCode draws the code of a picture, or warns that it cannot.
func (p *performed) drawCode(ctx context.Context, w io.Writer, address string) error {
	const instead = "open the URL of qr_code in a browser"
	picture, err := p.fetch(ctx, address)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		p.app.warn("the QR code cannot be fetched: "+err.Error(), instead)
		return nil
	}
	code, err := qrcode.Read(picture)
	if err != nil {
		p.app.warn("the QR code cannot be drawn: "+err.Error(), instead)
		return nil
	}
	if columns, _ := p.app.console.Size(); code.Columns() > columns {
		p.app.warn(fmt.Sprintf("the terminal is too narrow for the QR code: it takes %d columns, and there are %d", code.Columns(), columns),
			"widen it, write the code to a file with --out, or "+instead)
		return nil
	}
	_, err = io.WriteString(w, "\n"+code.Draw(p.app.resultColors()))
	return err
}

// checkNewFile finds out before anything is done that a file could not be written, as nothing is ever replaced.
func checkNewFile(flag, name string) error {
	if name == "" {
		return &usageError{message: flag + " must not be empty"}
	}
	if name == "-" {
		return &usageError{message: flag + ` must name a file, got "-"`, hint: "./- is a file of that name"}
	}
	if _, err := os.Lstat(name); err == nil {
		return &usageError{message: flag + " " + name + " exists already", hint: "remove it or name another file: nothing is replaced"}
	}
	if folder, err := os.Stat(filepath.Dir(name)); err != nil || !folder.IsDir() {
		return &usageError{message: fmt.Sprintf("%s %s cannot be written: there is no folder %s", flag, name, filepath.Dir(name))}
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

// fetch gets a picture that the service refers to, by the way that its calls take, but without the key and without a
// trace: the address is as good as the secret.
func (p *performed) fetch(ctx context.Context, address string) ([]byte, error) {
	target, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("its address is no URL")
	}
	if !p.trusts(target) {
		return nil, errors.New("its address is neither https nor at the service")
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.settings.Duration("timeout"), authy.DefaultTimeout))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{Transport: p.transport(), CheckRedirect: func(r *http.Request, before []*http.Request) error {
		switch {
		case !p.trusts(r.URL):
			return errors.New("its address leads to one that is neither https nor at the service")
		case len(before) >= maxRedirects:
			return fmt.Errorf("its address leads on more than %d times", maxRedirects)
		}
		return nil
	}}
	response, err := client.Do(request)
	if err != nil {
		if wrapped, ok := errors.AsType[*url.Error](err); ok {
			err = wrapped.Err
		}
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the answer is %s", cmp.Or(response.Status, http.StatusText(response.StatusCode)))
	}
	picture, err := io.ReadAll(io.LimitReader(response.Body, maxPicture+1))
	if err == nil && len(picture) > maxPicture {
		err = fmt.Errorf("it has over %d bytes", maxPicture)
	}
	return picture, err
}

// trusts reports whether a secret may come from there: by https, from this machine, or from the service itself, for which
// the user may have permitted plain http.
func (p *performed) trusts(target *url.URL) bool {
	if target.Scheme == "https" {
		return true
	}
	host := target.Hostname()
	ip, err := netip.ParseAddr(host)
	if target.Scheme == "http" && (strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()) {
		return true
	}
	own, err := url.Parse(cmp.Or(p.client.Host, authy.DefaultHost))
	return err == nil && target.Scheme == own.Scheme && target.Host == own.Host
}

// transport is that of the calls, without a trace.
func (p *performed) transport() http.RoundTripper {
	if p.client.HTTPClient == nil {
		return nil
	}
	if traced, ok := p.client.HTTPClient.Transport.(*tracer); ok {
		return traced.next
	}
	return p.client.HTTPClient.Transport
}
