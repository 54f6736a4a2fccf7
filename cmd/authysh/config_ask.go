package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/authysh/authysh/authy"
	"github.com/authysh/authysh/cmd/authysh/internal/config"
	"github.com/authysh/authysh/cmd/authysh/internal/wording"
)

// askValue asks until check has nothing against the answer.
func (a *app) askValue(ctx context.Context, text string, check func(string) error) (string, error) {
	for {
		answer, err := answered(a.console.Ask(ctx, text))
		if err != nil {
			return "", err
		}
		if err = check(answer); err == nil {
			return answer, nil
		}
		fmt.Fprintf(a.err, "  %s\n", printable(err.Error()))
	}
}

// askDefault asks for something that Enter takes as it is.
func (a *app) askDefault(ctx context.Context, text, otherwise string) (string, error) {
	answer, err := answered(a.console.Ask(ctx, fmt.Sprintf("%s [%s]: ", text, otherwise)))
	if answer == "" {
		answer = otherwise
	}
	return answer, err
}

// askHost asks where the service is. The default need not be written.
func (a *app) askHost(ctx context.Context, n *newConfig) error {
	known := config.Must("host")
	host, err := a.askValue(ctx, fmt.Sprintf("host [%s]: ", authy.DefaultHost), func(text string) error {
		if text == "" {
			return nil
		}
		s, err := new(config.File).Alone(config.Key{Setting: known}, text)
		if s == nil || err != nil {
			return err
		}
		return a.usable(s)
	})
	if err != nil {
		return err
	}
	if host != "" && host != authy.DefaultHost {
		n.add("host", host)
	}
	return nil
}

// askKeyPlace asks where the key is, or should be.
func (a *app) askKeyPlace(ctx context.Context, n *newConfig) error {
	fmt.Fprint(a.err, "where the API key of the application is:\n"+listKeyPlaces()+"\n")
	otherwise := "file"
	if a.hasKeyring(ctx) {
		otherwise = "keyring"
	}
	place, err := a.askValue(ctx, fmt.Sprintf("key from [%s]: ", otherwise), func(text string) error {
		names := make([]string, len(keyPlaces))
		for i, place := range keyPlaces {
			if names[i] = place.name; text == place.name || text == "" {
				return nil
			}
		}
		return fmt.Errorf("one of %s, please%s", strings.Join(names, ", "), wording.Suggest(text, names))
	})
	if place == "" {
		place = otherwise
	}
	n.keyFrom = place
	return err
}

// askKey asks for the key, without showing what is typed.
func (a *app) askKey(ctx context.Context) (string, error) {
	for {
		key, err := a.askSecret(ctx, "API key (it is not shown): ")
		if err != nil {
			return "", err
		}
		if key, err = keyIn([]byte(key), "the answer"); err == nil {
			if err = plausibleKey(key); err == nil {
				return key, nil
			}
		}
		fmt.Fprintf(a.err, "  %s\n", printable(err.Error()))
	}
}
