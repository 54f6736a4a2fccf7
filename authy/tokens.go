package authy

import "context"

// RequestSMSParams names a user and how to text the code.
type RequestSMSParams struct {
	AuthyID ID      `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	Force   *bool   `json:"force" doc:"Send even if the user has the Authy app."`
	Action  *string `json:"action" rule:"length 1-255" doc:"What the code is good for; verify_token must name the same."`
	Message *string `json:"message" wire:"action_message" rule:"length 1-255" private:"" doc:"Text shown for the action."`
	Locale  *string `json:"locale" rule:"enum locale" doc:"Language of the message; by default that of the country."`
}

// RequestCallParams names a user and how to read the code out.
type RequestCallParams RequestSMSParams

// TokenRequest is the answer to request_sms and request_call.
type TokenRequest struct {
	Answer
	Cellphone string `json:"cellphone" private:"" doc:"Phone number, masked but for the last digits."`
	Device    string `json:"device,omitempty" doc:"Device with the Authy app, when ignored."`
	Ignored   Bool   `json:"ignored,omitempty" doc:"True when nothing was sent: the app is in use."`
}

var (
	requestSMS  = Route{Name: "request_sms", Method: "GET", Path: "/protected/json/sms/{authy_id}", Effect: Sends}
	requestCall = Route{Name: "request_call", Method: "GET", Path: "/protected/json/call/{authy_id}", Effect: Sends}
)

// RequestSMS texts a code to a user.
//
// A user with the Authy app gets a push instead, and the answer says Ignored, unless Force is true.
func (c *Client) RequestSMS(ctx context.Context, p RequestSMSParams) (*TokenRequest, error) {
	return do[TokenRequest](ctx, c, requestSMS, p)
}

// RequestCall calls a user and reads a code out. The Authy app and Force work as in RequestSMS.
func (c *Client) RequestCall(ctx context.Context, p RequestCallParams) (*TokenRequest, error) {
	return do[TokenRequest](ctx, c, requestCall, p)
}

// RequestEmailParams names a user.
type RequestEmailParams struct {
	AuthyID ID    `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	Force   *bool `json:"force" doc:"Send even if the user has the Authy app."`
}

// EmailRequest is the answer to request_email.
type EmailRequest struct {
	Answer
	Email   string `json:"email" private:"" doc:"Address the code went to."`
	EmailID string `json:"email_id,omitempty" doc:"Id of the message."`
}

var requestEmail = Route{Name: "request_email", Method: "POST", Path: "/protected/json/email/{authy_id}", Effect: Sends}

// RequestEmail mails a code to a user; the application must be set up for e-mail.
func (c *Client) RequestEmail(ctx context.Context, p RequestEmailParams) (*EmailRequest, error) {
	return do[EmailRequest](ctx, c, requestEmail, p)
}

// VerifyTokenParams names a user and the code to check.
type VerifyTokenParams struct {
	AuthyID ID      `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	Token   string  `json:"token" rule:"digits 6-8" private:"" doc:"Code that the user typed; leading zeros count."`
	Force   *bool   `json:"force" doc:"Check even if the user has never confirmed a code."`
	Action  *string `json:"action" rule:"length 1-255" doc:"Action that the code was requested for."`
	IP      *string `json:"ip" wire:"user_ip" rule:"ip" private:"" doc:"IP address of the user."`
}

// TokenVerification is the answer to verify_token; there is one only if the code is right.
type TokenVerification struct {
	Answer
	Token  string       `json:"token" doc:"Always: is valid."`
	Device *TokenDevice `json:"device,omitempty" doc:"Device that made the code."`
}

// TokenDevice is the device that made a code. Any field may be missing.
type TokenDevice struct {
	ID                    ID     `json:"id,omitempty" doc:"Id of the device."`
	OSType                string `json:"os_type,omitempty" doc:"Operating system, or sms."`
	RegistrationDate      Int    `json:"registration_date,omitempty" doc:"Registration, Unix seconds."`
	RegistrationMethod    string `json:"registration_method,omitempty" doc:"How it was registered."`
	RegistrationCountry   string `json:"registration_country,omitempty" doc:"Country at registration."`
	RegistrationRegion    string `json:"registration_region,omitempty" doc:"Region at registration."`
	RegistrationCity      string `json:"registration_city,omitempty" private:"" doc:"City at registration."`
	Country               string `json:"country,omitempty" doc:"Country now."`
	Region                string `json:"region,omitempty" doc:"Region now."`
	City                  string `json:"city,omitempty" private:"" doc:"City now."`
	IP                    string `json:"ip,omitempty" private:"" doc:"IP address now."`
	LastAccountRecoveryAt Int    `json:"last_account_recovery_at,omitempty" doc:"Last account recovery, Unix seconds."`
	LastSyncDate          Int    `json:"last_sync_date,omitempty" doc:"Last contact, Unix seconds."`
}

// The two states that Authy reports of a code.
const (
	tokenIsValid   = "is valid"
	tokenIsInvalid = "is invalid"
)

// refused: old servers and gateways answer 200 to a wrong code, and only this field tells.
func (v *TokenVerification) refused() bool { return v.Token != "" && v.Token != tokenIsValid }

// essential: without force, the code of a user who never confirmed one is not checked and the field is missing.
func (v *TokenVerification) essential() string {
	if v.Token != tokenIsValid {
		return "token"
	}
	return ""
}

var verifyToken = Route{Name: "verify_token", Method: "GET", Path: "/protected/json/verify/{token}/{authy_id}", Effect: Writes}

// VerifyToken checks a code from the app, a text message, a call or an e-mail. A code works once.
//
// A wrong or used code is [ErrInvalidToken]. Without Force, Authy does not check the codes of a user who has never
// confirmed one; that is a [*ResponseError] about the field "token", never a success.
func (c *Client) VerifyToken(ctx context.Context, p VerifyTokenParams) (*TokenVerification, error) {
	return do[TokenVerification](ctx, c, verifyToken, p)
}

// CreateUserSecretParams names a user and how the QR code should look.
type CreateUserSecretParams struct {
	AuthyID ID      `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
	QRSize  *int    `json:"qr_size" rule:"range 1-4096" doc:"Width and height of the QR code in pixels."`
	Label   *string `json:"label" rule:"length 1-255" private:"" doc:"Account name that the app shows."`
}

// UserSecret is the answer to create_user_secret.
type UserSecret struct {
	Answer
	QRCode string `json:"qr_code" private:"" doc:"URL of the QR code, a PNG."`
	Label  string `json:"label,omitempty" private:"" doc:"Account name that the app shows."`
	Issuer string `json:"issuer,omitempty" doc:"Application name that the app shows."`
}

func (s *UserSecret) essential() string {
	if s.QRCode == "" {
		return "qr_code"
	}
	return ""
}

var createUserSecret = Route{Name: "create_user_secret", Method: "POST", Path: "/protected/json/users/{authy_id}/secret", Effect: Writes, bare: true}

// CreateUserSecret makes a secret for Google Authenticator and its like, as a QR code to scan.
//
// Its codes have 6 digits, change every 30 seconds and are checked with VerifyToken.
func (c *Client) CreateUserSecret(ctx context.Context, p CreateUserSecretParams) (*UserSecret, error) {
	return do[UserSecret](ctx, c, createUserSecret, p)
}

// ExportUserParams names the user to export.
type ExportUserParams struct {
	AuthyID ID `json:"authy_id" rule:"authy_id" doc:"Authy id from register_user."`
}

// ExportedSecret is the answer to export_user_secret.
type ExportedSecret struct {
	Answer
	Secret string `json:"secret" private:"" doc:"Seed of the authenticator app, base32: keep it secret."`
	OTP    string `json:"otp,omitempty" private:"" doc:"Current code, to check the seed against."`
}

func (s *ExportedSecret) essential() string {
	if s.Secret == "" {
		return "secret"
	}
	return ""
}

var exportUserSecret = Route{Name: "export_user_secret", Method: "GET", Path: "/protected/json/users/{authy_id}/secret/export", Effect: Reads, bare: true}

// ExportUserSecret reads the seed behind create_user_secret, for a migration; Twilio must have enabled it.
func (c *Client) ExportUserSecret(ctx context.Context, p ExportUserParams) (*ExportedSecret, error) {
	return do[ExportedSecret](ctx, c, exportUserSecret, p)
}

// ExportedPhone is the answer to export_user_phone.
type ExportedPhone struct {
	Answer
	PhoneNumber string `json:"phone_number" private:"" doc:"National number, with separators."`
	CountryCode Int    `json:"country_code" doc:"Calling code."`
	E164        string `json:"e164,omitempty" private:"" doc:"The number in E.164 form."`
	UpdatedAt   string `json:"updated_at,omitempty" doc:"Last change, RFC 3339."`
}

func (p *ExportedPhone) essential() string {
	if p.PhoneNumber == "" {
		return "phone_number"
	}
	return ""
}

var exportUserPhone = Route{Name: "export_user_phone", Method: "GET", Path: "/protected/json/users/{authy_id}/phone_number", Effect: Reads, bare: true}

// ExportUserPhone reads a user's whole phone number, for a migration; Twilio must have enabled it (code 60154).
func (c *Client) ExportUserPhone(ctx context.Context, p ExportUserParams) (*ExportedPhone, error) {
	return do[ExportedPhone](ctx, c, exportUserPhone, p)
}
