package sandbox

import (
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
)

// user is a person as one application knows them.
type user struct {
	id      int64
	mongoID string
	phone   phone  // none for a user who registered without a phone
	custom  string // id under which the user registered by QR code; what is kept is the registration
	emails  []string
	created time.Time
	updated time.Time

	confirmed bool // has entered a valid token at least once
	suspended bool
	failures  int       // wrong tokens since the last right one
	goneAt    time.Time // zero, or when the deletion becomes final

	devices        []device // the Authy apps, newest last; none means not registered
	deletedDevices []device

	appSecret     []byte // what the Authy app makes tokens from
	genericSecret []byte // what other authenticator apps do; nil until asked for
	appUsed       counters
	genericUsed   counters
	tokens        []issued
	requests      window // tokens requested this hour
}

// device is an installation of the Authy app.
type device struct {
	id      int64
	os      string
	created time.Time
}

// maxEmails is how many addresses one user keeps; the oldest but the first give way.
const maxEmails = 10

func (u *user) registered() bool { return len(u.devices) > 0 }

func (u *user) leaving() bool { return !u.goneAt.IsZero() }

// email is the primary address. OneTouch answers must have one that looks like an address even for users
// who registered without; .invalid can never be delivered to.
func (u *user) email() string {
	if len(u.emails) > 0 {
		return u.emails[0]
	}
	return "user-" + strconv.FormatInt(u.id, 10) + "@sandbox.invalid"
}

func (u *user) addEmail(email string) {
	if slices.Contains(u.emails, email) {
		return
	}
	u.emails = append(u.emails, email)
	if len(u.emails) > maxEmails {
		u.emails = slices.Delete(u.emails, 1, 2)
	}
}

// find gives the user of an id in a path; Authy says 404 for an id that is no number, too.
func (a *application) find(id string) (*user, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil || a.users[n] == nil {
		return nil, fail(codeUserNotFound)
	}
	a.noteUser(n)
	return a.users[n], nil
}

// present is find for users who are not on their way out.
func (a *application) present(id string) (*user, error) {
	u, err := a.find(id)
	if err == nil && u.leaving() {
		err = fail(codeUserLeaving)
	}
	return u, err
}

// active is present for users who are not suspended either.
func (a *application) active(id string) (*user, error) {
	u, err := a.present(id)
	if err == nil && u.suspended {
		err = fail(codeUserSuspended)
	}
	return u, err
}

func (a *application) addUser(ph phone, now time.Time) (*user, error) {
	return a.addUserWith(0, ph, now)
}

// addUserWith is addUser under a given id; 0 is the next one.
func (a *application) addUserWith(id int64, ph phone, now time.Time) (*user, error) {
	if len(a.users) >= a.config.limits.Users {
		return nil, &refusal{code: codeTooMany, message: "DoS protection: the sandbox holds its limit of " +
			strconv.Itoa(a.config.limits.Users) + " users"}
	}
	if id == 0 {
		id = a.nextID()
	}
	u := &user{
		id:        id,
		mongoID:   a.random.mongoID(),
		phone:     ph,
		created:   now,
		updated:   now,
		appSecret: a.random.bytes(secretBytes),
	}
	a.noteUser(u.id)
	a.users[u.id] = u
	i, _ := slices.BinarySearch(a.userIDs, u.id) // at the end, unless the id was given
	a.userIDs = slices.Insert(a.userIDs, i, u.id)
	a.month(now).Users = len(a.users)
	return u, nil
}

// registerUser matches on the phone only: a known phone with another e-mail is the same user with both.
func registerUser(a *application, rq *request) (any, error) {
	email := rq.params.text("user", "email")
	ph, bad := checkUser(rq.params.text("user", "country_code"), rq.params.text("user", "cellphone"), email)
	if len(bad) > 0 {
		return nil, &refusal{code: codeUserInvalid, fields: bad}
	}
	u := a.byPhone[ph.e164()]
	if u == nil {
		var err error
		if u, err = a.addUser(ph, rq.now); err != nil {
			return nil, err
		}
		a.byPhone[ph.e164()] = u
		a.emit("user_added", func() objects { return objects{"user": u.object()} })
		if a.wantsInstallLink(rq.params) {
			a.sendInstallLink(u, rq.now)
		}
	}
	a.noteUser(u.id)
	u.addEmail(email)
	a.tellUser(u)
	return object{
		{"message", "User created successfully."},
		{"user", object{{"id", u.id}}},
		{"success", true},
	}, nil
}

// wantsInstallLink looks beside user and inside it, where authy-php puts the parameter.
func (a *application) wantsInstallLink(p params) bool {
	const name = "send_install_link_via_sms"
	if on, given := p.flag(name); given {
		return on
	}
	if on, given := p.flag("user", name); given {
		return on
	}
	return !a.config.noInstallLink
}

// checkUser says per field what is wrong, in the words of recorded answers.
func checkUser(country, cellphone, email string) (phone, map[string]string) {
	bad := map[string]string{}
	ph, fault := parsePhone(country, cellphone)
	switch fault {
	case countryMissing:
		bad["country_code"] = "is invalid and can't be blank"
	case countryNotNumber:
		bad["country_code"] = "is invalid"
	case countryUnknown:
		bad["country_code"] = "is not supported"
	case numberMissing:
		bad["cellphone"] = "is invalid and can't be blank"
	case numberInvalid:
		bad["cellphone"] = "is invalid"
	}
	if fault != phoneOK && cellphone == "" {
		bad["cellphone"] = "is invalid and can't be blank"
	}
	switch {
	case email == "":
		bad["email"] = "is invalid and can't be blank"
	case !validEmail(email):
		bad["email"] = "is invalid"
	}
	return ph, bad
}

func validEmail(s string) bool {
	const longest = 254 // RFC 5321
	if len(s) > longest {
		return false
	}
	addr, err := mail.ParseAddress(s)
	if err != nil || addr.Address != s || addr.Name != "" {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(strings.Trim(domain, "."), ".")
}

// deviceStatus is one element of detailed_devices.
type deviceStatus struct {
	DeviceType         string  `json:"device_type"`
	OSType             string  `json:"os_type"`
	RegistrationID     *string `json:"registration_device_id"`
	RegistrationMethod string  `json:"registration_method"`
	DeviceID           int64   `json:"device_id"`
	LastSync           int64   `json:"last_sync_date"`
	Created            int64   `json:"creation_date"`
}

func deviceStatuses(devices []device) []deviceStatus {
	out := make([]deviceStatus, len(devices))
	for i, d := range devices {
		out[i] = deviceStatus{
			DeviceType: "authy", OSType: d.os, RegistrationMethod: "sms",
			DeviceID: d.id, LastSync: d.created.Unix(), Created: d.created.Unix(),
		}
	}
	return out
}

func (u *user) deviceNames() []string {
	names := make([]string, len(u.devices))
	for i, d := range u.devices {
		names[i] = d.os
	}
	return names
}

func userStatus(a *application, rq *request) (any, error) {
	u, err := a.find(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	return object{
		{"status", object{
			{"authy_id", u.id},
			{"confirmed", u.confirmed},
			{"registered", u.registered()},
			{"country_code", u.phone.code},
			{"phone_number", u.phone.masked()},
			{"email", u.email()},
			{"devices", u.deviceNames()},
			{"has_hard_token", false},
			{"account_disabled", u.leaving()},
			{"detailed_devices", deviceStatuses(u.devices)},
			{"deleted_devices", deviceStatuses(u.deletedDevices)},
		}},
		{"message", "User status."},
		{"success", true},
	}, nil
}

func updateUser(a *application, rq *request) (any, error) {
	u, err := a.present(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	email := rq.params.text("email")
	if email == "" {
		email = rq.params.text("user", "email")
	}
	if !validEmail(email) {
		return nil, fail(codeEmailInvalid)
	}
	u.emails = append([]string{email}, slices.DeleteFunc(slices.Clone(u.emails), func(e string) bool {
		return e == email || e == u.email()
	})...)
	u.updated = rq.now
	a.tellUser(u)
	return success("User was updated successfully"), nil
}

// deleteUser starts the deletion. From here on the phone is free: registering it makes a new user.
func deleteUser(a *application, rq *request) (any, error) {
	u, err := a.present(rq.arg("id"))
	if err != nil {
		return nil, err
	}
	u.goneAt = rq.now.Add(a.config.deletionDelay)
	if key := u.phone.e164(); a.byPhone[key] == u {
		delete(a.byPhone, key)
	}
	a.leaving = append(a.leaving, u.id)
	a.emit("user_removed", func() objects { return objects{"user": u.object()} })
	a.removeLeavers(rq.now)
	a.tellUser(u)
	return success("User removed from application"), nil
}

// removeLeavers makes deletions final whose time has come.
func (a *application) removeLeavers(now time.Time) {
	if len(a.leaving) == 0 {
		return
	}
	a.leaving = slices.DeleteFunc(a.leaving, func(id int64) bool {
		u := a.users[id]
		if now.Before(u.goneAt) {
			return false
		}
		a.noteUser(id)
		for _, d := range u.devices {
			delete(a.devices, d.id)
		}
		delete(a.users, id)
		if i, ok := slices.BinarySearch(a.userIDs, id); ok {
			a.userIDs = slices.Delete(a.userIDs, i, i+1)
		}
		return true
	})
	a.month(now).Users = len(a.users)
}
