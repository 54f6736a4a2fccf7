package authy

import "context"

// RegisterUserParams describes the person to enrol.
type RegisterUserParams struct {
	CountryCode string `json:"country_code" wire:"user[country_code],number" rule:"country_code" doc:"Country of the phone: PT, or a calling code such as 351."`
	Phone       string `json:"phone" wire:"user[cellphone]" rule:"phone" private:"" doc:"Phone number in any usual notation."`
	Email       string `json:"email" wire:"user[email]" rule:"email" private:"" doc:"E-mail address; more than one may be stored per user."`
	// SendInstallLink asks for a text with a link to the Authy app; the dashboard's setting decides when nil.
	SendInstallLink *bool `json:"send_install_link" wire:"send_install_link_via_sms" doc:"Text a link to the app; by default what the dashboard says: yes."`
}

// Registration is the answer to register_user.
type Registration struct {
	Answer
	User RegisteredUser `json:"user" doc:"The user."`
}

// RegisteredUser holds the id by which all other calls know the user.
type RegisteredUser struct {
	ID ID `json:"id" doc:"Authy id; store it with your account."`
}

func (r *Registration) essential() string {
	if !r.User.ID.IsNumeric() {
		return "user.id"
	}
	return ""
}

var registerUser = Route{Name: "register_user", Method: "POST", Path: "/protected/json/users/new", Effect: Writes, Idempotent: true}

// registerAndText is registerUser for a registration that asks for a text. To repeat it would text again.
var registerAndText = Route{Name: registerUser.Name, Method: registerUser.Method, Path: registerUser.Path, Effect: Sends}

// RegisterUser enrols a phone number and returns the user's Authy id.
//
// Authy matches users by phone: the same number again, with another e-mail too, gives the same id, so that a call
// whose answer was lost is retried; but not one that asks for a text with a link. The phone is checked against its
// country and travels as calling code and national digits.
func (c *Client) RegisterUser(ctx context.Context, p RegisterUserParams) (*Registration, error) {
	route := registerUser
	if p.SendInstallLink != nil && *p.SendInstallLink {
		route = registerAndText
	}
	return do[Registration](ctx, c, route, p)
}

// GetUserStatusParams names a user.
type GetUserStatusParams struct {
	AuthyID ID      `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	IP      *string `json:"ip" wire:"user_ip" rule:"ip" private:"" doc:"IP address of the person who asks."`
}

// UserStatus is the answer to get_user_status.
type UserStatus struct {
	Answer
	Status UserDetails `json:"status" doc:"The user's state."`
}

// UserDetails is what Authy knows of a user.
type UserDetails struct {
	AuthyID         ID       `json:"authy_id" doc:"Authy id."`
	Confirmed       Bool     `json:"confirmed" doc:"The user has entered a valid code at least once."`
	Registered      Bool     `json:"registered" doc:"The user has the Authy app."`
	CountryCode     Int      `json:"country_code" doc:"Calling code of the phone."`
	PhoneNumber     string   `json:"phone_number" private:"" doc:"Phone number, masked but for the last digits."`
	Email           string   `json:"email,omitempty" private:"" doc:"First e-mail address."`
	Devices         []string `json:"devices" doc:"Kinds of device, such as iphone or sms."`
	HasHardToken    Bool     `json:"has_hard_token" doc:"The user has a hardware token."`
	AccountDisabled Bool     `json:"account_disabled,omitempty" doc:"The account is marked for deletion."`
	DetailedDevices []Device `json:"detailed_devices,omitempty" doc:"The devices in detail."`
	DeletedDevices  []Device `json:"deleted_devices,omitempty" doc:"Devices that were removed."`
}

// Device is one installation of the Authy app, or the phone itself. Newer answers only.
type Device struct {
	DeviceType           string `json:"device_type" doc:"Kind of device, such as authy."`
	OSType               string `json:"os_type" doc:"Operating system, such as android."`
	RegistrationDeviceID ID     `json:"registration_device_id,omitempty" doc:"Device that approved this one."`
	RegistrationMethod   string `json:"registration_method,omitempty" doc:"How it was registered, such as sms."`
	DeviceID             ID     `json:"device_id" doc:"Id of the device."`
	LastSyncDate         Int    `json:"last_sync_date" doc:"Last contact, Unix seconds."`
	CreationDate         Int    `json:"creation_date" doc:"Creation, Unix seconds."`
}

func (s *UserStatus) essential() string {
	if s.Status.AuthyID == "" {
		return "status.authy_id"
	}
	return ""
}

var getUserStatus = Route{Name: "get_user_status", Method: "GET", Path: "/protected/json/users/{authy_id}/status", Effect: Reads}

// GetUserStatus tells what Authy knows of a user: phone, devices, confirmation.
func (c *Client) GetUserStatus(ctx context.Context, p GetUserStatusParams) (*UserStatus, error) {
	return do[UserStatus](ctx, c, getUserStatus, p)
}

// UpdateUserParams names a user and the new address.
type UpdateUserParams struct {
	AuthyID ID     `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	Email   string `json:"email" rule:"email" private:"" doc:"New e-mail address."`
}

// UserUpdate is the answer to update_user.
type UserUpdate struct{ Answer }

var updateUser = Route{Name: "update_user", Method: "POST", Path: "/protected/json/users/{authy_id}/update", Effect: Writes}

// UpdateUser changes a user's e-mail address. The phone cannot be changed through the API.
func (c *Client) UpdateUser(ctx context.Context, p UpdateUserParams) (*UserUpdate, error) {
	return do[UserUpdate](ctx, c, updateUser, p)
}

// DeleteUserParams names the user to remove.
type DeleteUserParams struct {
	AuthyID ID      `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	IP      *string `json:"ip" wire:"user_ip" rule:"ip" private:"" doc:"IP address of the person who asks."`
}

// UserDeletion is the answer to delete_user.
type UserDeletion struct{ Answer }

var deleteUser = Route{Name: "delete_user", Method: "POST", Path: "/protected/json/users/{authy_id}/remove", Effect: Deletes}

// DeleteUser removes a user from the application. Authy may go on checking codes for about 24 hours.
func (c *Client) DeleteUser(ctx context.Context, p DeleteUserParams) (*UserDeletion, error) {
	return do[UserDeletion](ctx, c, deleteUser, p)
}

// GetRegistrationStatusParams names a registration that was started with a QR code.
type GetRegistrationStatusParams struct {
	CustomUserID string `json:"custom_user_id" rule:"text" doc:"Your own id for the user, as in the registration token."`
}

// RegistrationStatus is the answer to get_registration_status.
type RegistrationStatus struct {
	Answer
	Registration QRRegistration `json:"registration" doc:"The registration."`
}

// QRRegistration is the state of a registration without phone or e-mail.
type QRRegistration struct {
	Status  string `json:"status" doc:"completed, or pending."`
	AuthyID ID     `json:"authy_id,omitempty" doc:"Authy id, once completed."`
}

func (r *RegistrationStatus) essential() string {
	if r.Registration.Status == "" {
		return "registration.status"
	}
	return ""
}

var getRegistrationStatus = Route{Name: "get_registration_status", Method: "GET", Path: "/protected/json/registrations/status", Effect: Reads}

// GetRegistrationStatus tells whether a QR registration has been scanned; an unknown one is [ErrNotFound].
func (c *Client) GetRegistrationStatus(ctx context.Context, p GetRegistrationStatusParams) (*RegistrationStatus, error) {
	return do[RegistrationStatus](ctx, c, getRegistrationStatus, p)
}

// RegisterActivityParams describes what a user did in your application.
type RegisterActivityParams struct {
	AuthyID ID             `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	Type    string         `json:"type" rule:"enum activity" doc:"Kind of activity."`
	Data    map[string]any `json:"data" rule:"json" private:"" doc:"Anything to store with it."`
	IP      *string        `json:"ip" wire:"user_ip" rule:"ip" private:"" doc:"IP address of the user."`
}

// Activity is the answer to register_activity.
type Activity struct{ Answer }

var registerActivity = Route{Name: "register_activity", Method: "POST", Path: "/protected/json/users/{authy_id}/register_activity", Effect: Writes}

// RegisterActivity records something that a user did, such as a password reset.
func (c *Client) RegisterActivity(ctx context.Context, p RegisterActivityParams) (*Activity, error) {
	return do[Activity](ctx, c, registerActivity, p)
}
