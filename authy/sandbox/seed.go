package sandbox

import (
	"bytes"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
	"go.yaml.in/yaml/v3"

	"github.com/authysh/authysh/authy"
)

// SeedUser is a user whom a sandbox has from the start.
type SeedUser struct {
	// App is the application's name; empty means the first.
	App string
	// Phone and CountryCode are as users/new takes them; CountryCode may be a country, too, such as PT. Both are required.
	Phone, CountryCode string
	// Email is required.
	Email string
	// AuthyID is at most 9007199254740991, the largest that JavaScript reads from JSON; 0 is any.
	AuthyID int64
	// Secret is what tokens of the Authy app and of other authenticator apps are made from, in base32;
	// empty means a random one for the Authy app and none for the others.
	Secret string
	// Devices are the systems on which the user has the Authy app.
	Devices []string
	// Confirmed and Suspended are as in [User].
	Confirmed, Suspended bool

	line int
}

// WithUsers makes users at the start. One whose id or phone the application has already is left as it is, so
// that a seed and a data directory go together; two in one seed that share either are an error.
func WithUsers(users ...SeedUser) Option {
	return func(c *config) error {
		c.users = append(c.users, users...)
		return nil
	}
}

// WithSeedFile is [WithUsers] with the users of a YAML file; see [ParseSeed].
func WithSeedFile(path string) Option {
	return func(c *config) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("seed file: %w", err)
		}
		users, err := ParseSeed(text)
		if err != nil {
			return fmt.Errorf("seed file %s: %w", path, err)
		}
		c.users = append(c.users, users...)
		return nil
	}
}

// ParseSeed reads users from YAML: a list, or an object whose member users is one.
//
//	users:
//	  - phone: 911 234 567
//	    country_code: 351         # or PT
//	    email: ana@example.com
//	    authy_id: 1635            # the rest is optional
//	    secret: JBSWY3DPEHPK3PXP
//	    devices: [android, iphone]
//	    confirmed: true
//	    suspended: false
//	    app: Sandbox App
//
// Errors name the line.
func ParseSeed(text []byte) ([]SeedUser, error) {
	var doc yaml.Node
	if err := yaml.NewDecoder(bytes.NewReader(text)).Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	list := doc.Content[0]
	if list.Kind == yaml.MappingNode {
		for i := 0; i < len(list.Content); i += 2 {
			if name := list.Content[i]; name.Value != "users" {
				return nil, fmt.Errorf("line %d: %s is unknown%s", name.Line, strconv.Quote(clip(name.Value)), suggest(name.Value, []string{"users"}))
			}
		}
		if len(list.Content) == 0 {
			return nil, nil
		}
		list = list.Content[1]
	}
	if list.Kind != yaml.SequenceNode {
		return nil, fmt.Errorf("line %d: users must be a list", list.Line)
	}
	users := make([]SeedUser, len(list.Content))
	for i, node := range list.Content {
		if err := users[i].read(node); err != nil {
			return nil, err
		}
	}
	return users, nil
}

func suggest(name string, known []string) string {
	if near := authy.Nearest(name, known); near != "" {
		return ", did you mean " + near + "?"
	}
	return ": known are " + strings.Join(known, ", ")
}

// maxAuthyID is the largest id that every client can read: JavaScript has no greater whole numbers.
const maxAuthyID = 1<<53 - 1

func badAuthyID(got string) string {
	return fmt.Sprintf("must be a whole number from 1 to %d, got %s", maxAuthyID, got)
}

var seedFields = []string{"phone", "country_code", "email", "authy_id", "secret", "devices", "confirmed", "suspended", "app"}

func (u *SeedUser) read(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d: a user must be an object", node.Line)
	}
	u.line = node.Line
	var seen []string
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		refuse := func(reason string) error { return fmt.Errorf("line %d: %s: %s", name.Line, name.Value, reason) }
		if slices.Contains(seen, name.Value) {
			return refuse("is given twice")
		}
		seen = append(seen, name.Value)
		if name.Value == "devices" {
			if err := value.Decode(&u.Devices); err != nil {
				return refuse("must be a list of systems, such as [android]")
			}
			continue
		}
		if !slices.Contains(seedFields, name.Value) {
			return fmt.Errorf("line %d: %s is unknown%s", name.Line, strconv.Quote(clip(name.Value)), suggest(name.Value, seedFields))
		}
		if value.Kind != yaml.ScalarNode {
			return refuse("must be a plain value")
		}
		if value.Tag == "!!null" {
			continue
		}
		var err error
		switch name.Value {
		case "phone":
			u.Phone = value.Value
		case "country_code":
			u.CountryCode = value.Value
		case "email":
			u.Email = value.Value
		case "secret":
			u.Secret = value.Value
		case "app":
			u.App = value.Value
		case "authy_id":
			if u.AuthyID, err = strconv.ParseInt(value.Value, 10, 64); err != nil || u.AuthyID <= 0 || u.AuthyID > maxAuthyID {
				return refuse(badAuthyID(strconv.Quote(clip(value.Value))))
			}
		case "confirmed":
			err = value.Decode(&u.Confirmed)
		case "suspended":
			err = value.Decode(&u.Suspended)
		}
		if err != nil {
			return refuse("must be true or false, got " + strconv.Quote(clip(value.Value)))
		}
	}
	return nil
}

// plant makes the users of a seed.
func (s *Service) plant(users []SeedUser) error {
	known := map[seedKey]int{}
	for i, u := range users {
		where := fmt.Sprintf("seed user %d", i+1)
		if u.line > 0 {
			where = fmt.Sprintf("seed: line %d: user %d", u.line, i+1)
		}
		if err := s.plantOne(u, i+1, known); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

// seedKey is what two users of one seed must not share.
type seedKey struct {
	app         *application
	field, text string
}

// plantOne makes the nth user of a seed; known has what belongs to those before.
func (s *Service) plantOne(u SeedUser, n int, known map[seedKey]int) error {
	a := s.apps[0]
	if u.App != "" {
		found, err := s.App(u.App)
		if err != nil {
			return fmt.Errorf("app: there is no application %s%s", strconv.Quote(clip(u.App)), s.whichApp(u.App))
		}
		a = found.app
	}
	country, err := callingCode(u.CountryCode)
	if err != nil {
		return err
	}
	ph, bad := checkUser(country, u.Phone, u.Email)
	for _, name := range []string{"country_code", "cellphone", "email"} {
		if reason, ok := bad[name]; ok {
			return fmt.Errorf("%s %s", strings.Replace(name, "cellphone", "phone", 1), reason)
		}
	}
	if u.AuthyID < 0 || u.AuthyID > maxAuthyID {
		return errors.New("authy_id: " + badAuthyID(strconv.FormatInt(u.AuthyID, 10)))
	}
	keys := []seedKey{{a, "phone", ph.e164()}}
	if u.AuthyID != 0 {
		keys = append(keys, seedKey{a, "authy_id", strconv.FormatInt(u.AuthyID, 10)})
	}
	for _, key := range keys {
		if first := known[key]; first != 0 {
			return fmt.Errorf("%s: is that of user %d, too", key.field, first)
		}
		known[key] = n
	}
	var secret []byte
	if u.Secret != "" {
		text := strings.ToUpper(strings.NewReplacer(" ", "", "-", "", "=", "").Replace(u.Secret))
		if secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(text); err != nil || len(secret) == 0 {
			return errors.New("secret: must be base32: letters and the digits 2 to 7")
		}
	}
	for _, os := range u.Devices {
		if !slices.Contains(deviceSystems, os) {
			return fmt.Errorf("devices: %s is unknown%s", strconv.Quote(clip(os)), suggest(os, deviceSystems))
		}
	}
	return s.transact(a, nil, func(now time.Time) error { return a.plant(u, ph, secret, now) })
}

// callingCode takes a country in place of its calling code, as authysh itself does: those who write seeds write PT.
func callingCode(country string) (string, error) {
	if country == "" || isDigits(strings.TrimPrefix(country, "+")) {
		return country, nil
	}
	code := phonenumbers.GetCountryCodeForRegion(strings.ToUpper(country))
	if code == 0 {
		return "", fmt.Errorf("country_code: must be a calling code such as 351 or a country such as PT, got %s", strconv.Quote(clip(country)))
	}
	return strconv.Itoa(code), nil
}

func (a *application) plant(seed SeedUser, ph phone, secret []byte, now time.Time) error {
	if a.byPhone[ph.e164()] != nil || a.users[seed.AuthyID] != nil {
		return nil
	}
	u, err := a.addUserWith(seed.AuthyID, ph, now)
	if err != nil {
		return err
	}
	a.byPhone[ph.e164()] = u
	u.addEmail(seed.Email)
	u.confirmed, u.suspended = seed.Confirmed, seed.Suspended
	if secret != nil {
		u.appSecret, u.genericSecret = secret, slices.Clone(secret)
	}
	for _, os := range seed.Devices {
		a.addDevice(u, os, now)
	}
	a.tellUser(u)
	return nil
}
