package sandbox

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Registration is a user who enrolled by scanning an application's QR code, under the application's own id.
type Registration struct {
	CustomUserID string    `json:"custom_user_id"`
	AuthyID      int64     `json:"authy_id"`
	Status       string    `json:"status"` // completed
	Time         time.Time `json:"time"`
}

// registrationStatus knows completed registrations only: before the scan the service knows nothing, since
// the application makes the QR code by itself.
func registrationStatus(a *application, rq *request) (any, error) {
	id, err := rq.params.required("custom_user_id")
	if err != nil {
		return nil, err
	}
	reg, ok := a.enrolled(id)
	if !ok {
		return nil, fail(codeRegistration)
	}
	return object{
		{"registration", object{{"status", reg.Status}, {"authy_id", reg.AuthyID}}},
		{"success", true},
	}, nil
}

// enrolled is the registration under an application's own id; once its user is deleted the id is free, as a phone is.
func (a *application) enrolled(customID string) (Registration, bool) {
	reg, ok := a.registrations.get(customID)
	u := a.users[reg.AuthyID]
	return reg, ok && u != nil && !u.leaving()
}

// completeRegistration does what scanning the QR code does: it makes a user without phone and e-mail who
// has the app. A second scan under the same id changes nothing.
func (a *application) completeRegistration(customID string, now time.Time) (Registration, error) {
	if utf8.RuneCountInString(customID) > maxCustomID {
		return Registration{}, badParam("custom_user_id", "is longer than 255 characters")
	}
	former, ok := a.enrolled(customID)
	if ok {
		return former, nil
	}
	u, err := a.addUser(phone{}, now)
	if err != nil {
		return Registration{}, err
	}
	u.custom = customID
	if leaver := a.users[former.AuthyID]; leaver != nil {
		leaver.custom = "" // what is kept names the new user only
	}
	a.addDevice(u, defaultOS, now)
	reg := Registration{CustomUserID: customID, AuthyID: u.id, Status: "completed", Time: now}
	a.registrations.put(customID, reg)
	a.emit("user_registration_completed", func() objects {
		return objects{"user": u.object(), "registration": object{
			{"s_app_id", a.serial()}, {"s_authy_id", strconv.FormatInt(u.id, 10)}, {"s_custom_id", customID},
		}}
	})
	a.tellUser(u)
	return reg, nil
}

// The systems that recorded answers name; the first is the default.
var deviceSystems = []string{"android", "android_tablet", "ios", "iphone", "ipad", "authy_chrome"}

const (
	defaultOS  = "android"
	maxDevices = 10

	maxCustomID = 255
)

func (a *application) addDevice(u *user, os string, now time.Time) {
	d := device{id: a.nextID(), os: os, created: now}
	u.devices = append(u.devices, d)
	a.devices[d.id] = u
	a.emit("device_registration_completed", func() objects {
		return objects{"user": u.object(), "device": object{
			{"s_id", strconv.FormatInt(d.id, 10)}, {"s_os_type", d.os},
		}}
	})
	if len(u.devices) > maxDevices {
		a.dropDevice(u, u.devices[0].id)
	}
}

func (a *application) dropDevice(u *user, id int64) {
	delete(a.devices, id)
	i := slices.IndexFunc(u.devices, func(d device) bool { return d.id == id })
	u.deletedDevices = append(u.deletedDevices, u.devices[i])
	if len(u.deletedDevices) > maxDevices {
		u.deletedDevices = u.deletedDevices[1:]
	}
	u.devices = slices.Delete(u.devices, i, i+1)
}

// registerSDK gives out the token with which a mobile app that embeds Authy's SDK would enrol.
func registerSDK(a *application, rq *request) (any, error) {
	id, err := rq.params.required("authy_id")
	if err != nil {
		return nil, err
	}
	u, err := a.active(id)
	if err != nil {
		return nil, err
	}
	ticket := a.random.key(40)
	a.tickets.put(ticket, u.id)
	return object{
		{"registration_token", ticket},
		{"message", "Registration token was created."},
		{"success", true},
	}, nil
}

// deleteDevice removes an app from its user; status lists it among the deleted ones from then on.
func deleteDevice(a *application, rq *request) (any, error) {
	id, err := strconv.ParseInt(rq.arg("device_id"), 10, 64)
	if err != nil || a.devices[id] == nil {
		return nil, fail(codeDeviceNotFound)
	}
	u := a.devices[id]
	a.noteUser(u.id)
	a.dropDevice(u, id)
	a.tellUser(u)
	return success("Device was deleted."), nil
}
