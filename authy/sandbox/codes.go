package sandbox

import (
	"maps"
	"net/http"
	"slices"
)

// Why the sandbox never answers some codes by itself.
const (
	whyDefault      = "it is for errors that no other code names"
	whyAccount      = "nobody suspends, bans or bills an account or a phone here"
	whyGateway      = "no gateway or machine of Authy's that could fail is behind the sandbox"
	whyDashboard    = "of the dashboard API the sandbox has webhooks only"
	whyReporting    = "there is no reporting API here"
	whyPush         = "push certificates are not needed here"
	whyLenient      = "the sandbox lets it pass, or says it with a code that tells more"
	whyRegistration = "enrolling by an SDK, a PIN or a JWT goes on in the phone, which the sandbox plays itself"
	whyNewer        = "nothing is known of the calls that answer it"
	whyGone         = "a user whose deletion is under way answers 60127, one who is gone 60026"
)

// errorTable has every code of the API, with its HTTP status and message, and with the reason why it never
// happens by itself where that is so; [ScenarioHeader] and fault rules force those, too.
//
// Statuses and words are those of Twilio's tables and of recorded answers. Where only the name of a code is
// known, from authy-java, the message is that name in words, and the status follows its neighbours. Older
// servers differed: 503 for 60003, 401 for 60016.
var errorTable = map[code]struct {
	status  int
	message string
	why     string
}{
	codeInternal:            {http.StatusBadRequest, "An error occurred", whyDefault},
	codeAPIKey:              {http.StatusUnauthorized, "Invalid API key", ""},
	codeRequest:             {http.StatusBadRequest, "Invalid request", ""},
	codeTooMany:             {http.StatusTooManyRequests, "DoS protection", ""},
	codeParameter:           {http.StatusBadRequest, "Invalid parameter", ""},
	codeEncoding:            {http.StatusBadRequest, "UTF-8 invalid", ""},
	codeCallsDisabled:       {http.StatusServiceUnavailable, "Phone calls are not enabled on this account", ""},
	codeSMSDisabled:         {http.StatusServiceUnavailable, "SMS is not enabled", ""},
	codeNoSuchUser:          {http.StatusNotFound, "User doesn't exist", ""},
	codeUserSuspended:       {http.StatusServiceUnavailable, "User has been suspended.", ""},
	codeTokenReused:         {http.StatusUnauthorized, "Token is invalid. Token was used recently", ""},
	codeTokenInvalid:        {http.StatusUnauthorized, "Token is invalid", ""},
	codeVerificationCode:    {http.StatusUnauthorized, "Verification code is incorrect", ""},
	codeNoVerification:      {http.StatusNotFound, "Phone verification not found", ""},
	codeUserNotFound:        {http.StatusNotFound, "User not found.", ""},
	codeUserInvalid:         {http.StatusBadRequest, "User was not valid", ""},
	codeNotAuthorized:       {http.StatusForbidden, "Action not authorized", ""},
	codeSMSNotFound:         {http.StatusBadRequest, "SMS was not found", ""},
	codePhoneInvalid:        {http.StatusBadRequest, "Phone number is invalid", ""},
	codeRegistration:        {http.StatusNotFound, "Registration request not found", ""},
	codeEmailInvalid:        {http.StatusBadRequest, "Email is invalid", ""},
	codeVerificationMissing: {http.StatusBadRequest, "Either uuid or country_code and phone number are required", ""},
	codeApprovalNotFound:    {http.StatusNotFound, "Approval request not found", ""},
	codeOneTouchDisabled:    {http.StatusForbidden, "Needs to enable OneTouch first", ""},
	codeAccessKeyMissing:    {http.StatusNotFound, "Access key not found", ""},
	codeAccessKeyInvalid:    {http.StatusNotFound, "Invalid access key", ""},
	codeAppKeyInvalid:       {http.StatusBadRequest, "Invalid application API key", ""},
	codeCountryInvalid:      {http.StatusForbidden, "Invalid country code", ""},
	codeApprovalDone:        {http.StatusConflict, "Approval request is not pending", ""},
	codeLandline:            {http.StatusForbidden, "Can not send SMS to landline phone numbers", ""},
	codeNoCarrier:           {http.StatusForbidden, "Phone number not provisioned with any carrier", ""},
	codeSignature:           {http.StatusBadRequest, "Invalid signature", ""},
	codeCustomDisallowed:    {http.StatusForbidden, "Custom codes and messages are not allowed", ""},
	codeDeviceNotFound:      {http.StatusNotFound, "Device not found", ""},
	codeWebhookCreate:       {http.StatusBadRequest, "Webhook could not be created", ""},
	codeWebhookDelete:       {http.StatusNotFound, "Webhook not found", ""},
	codeNoApplication:       {http.StatusNotFound, "Application not found", ""},
	codeNoGenericToken:      {http.StatusNotFound, "Authentication method not found", ""},
	codeQRFailed:            {http.StatusInternalServerError, "QR code generation failed", ""},
	codeGenericDisabled:     {http.StatusForbidden, "Generic tokens are disabled", ""},
	codeUserLeaving:         {http.StatusBadRequest, "User is pending for deletion", ""},
	codeExportDisabled:      {http.StatusForbidden, "Phone number export is disabled", ""},

	60008: {http.StatusServiceUnavailable, "Account is suspended", whyAccount},
	60009: {http.StatusServiceUnavailable, "Monthly SMS limit reached", whyAccount},
	60010: {http.StatusServiceUnavailable, "Daily SMS limit reached", whyAccount},
	60011: {http.StatusServiceUnavailable, "Monthly calls limit reached", whyAccount},
	60012: {http.StatusServiceUnavailable, "Daily calls limit reached", whyAccount},
	60013: {http.StatusForbidden, "Country is banned", whyAccount},
	60014: {http.StatusServiceUnavailable, "Call was not started", whyGateway},
	60015: {http.StatusServiceUnavailable, "SMS token was not sent.", whyGateway},
	60018: {http.StatusServiceUnavailable, "User is disabled", whyAccount},
	60021: {http.StatusForbidden, "Phone verification couldn't be created", whyGateway},
	60024: {http.StatusInternalServerError, "Cannot get phone information", whyGateway},
	60025: {http.StatusInternalServerError, "Server error while querying phone information. Please try again later", whyGateway},
	60028: {http.StatusInternalServerError, "Could not delete user", whyGateway},
	60029: {http.StatusBadRequest, "Cannot create activity", whyLenient},
	60030: {http.StatusBadRequest, "User has incorrect parameters", whyLenient},
	60034: {http.StatusBadRequest, "Registration request is invalid", whyRegistration},
	60036: {http.StatusBadRequest, "Registration PIN is invalid", whyRegistration},
	60037: {http.StatusBadRequest, "Registration has expired", whyRegistration},
	60046: {http.StatusBadRequest, "Missing dashboard account ids to process", whyDashboard},
	60047: {http.StatusBadRequest, "Twilio API key detected", whyDashboard},
	60050: {http.StatusBadRequest, "User is not registered for OneTouch", whyLenient},
	60051: {http.StatusNotFound, "OneTouch device not found", whyLenient},
	60052: {http.StatusInternalServerError, "OneTouch internal connection error", whyGateway},
	60053: {http.StatusInternalServerError, "OneTouch error sending the approval request", whyGateway},
	60054: {http.StatusInternalServerError, "OneTouch approval request error", whyGateway},
	60055: {http.StatusInternalServerError, "OneTouch error notifying the customer", whyGateway},
	60056: {http.StatusForbidden, "Must use SSL", whyLenient},
	60057: {http.StatusServiceUnavailable, "Account is suspended temporarily", whyAccount},
	60058: {http.StatusNotFound, "Phone number not found", whyLenient},
	60059: {http.StatusBadRequest, "Phone number is invalid", whyLenient},
	60060: {http.StatusServiceUnavailable, "Your account is suspended", whyAccount},
	60061: {http.StatusServiceUnavailable, "Application is suspended", whyAccount},
	60063: {http.StatusForbidden, "IP is not allowed", whyAccount},
	60064: {http.StatusForbidden, "Failed to enable OneTouch", whyGateway},
	60066: {http.StatusForbidden, "Error saving the callback information", whyGateway},
	60068: {http.StatusBadRequest, "Cannot update on device registration", whyRegistration},
	60069: {http.StatusBadRequest, "Access key can not be saved", whyDashboard},
	60070: {http.StatusBadRequest, "Application was not valid", whyDashboard},
	60074: {http.StatusBadRequest, "Access key doesn't have enough permissions", whyDashboard},
	60075: {http.StatusBadRequest, "Delete application failed", whyDashboard},
	60080: {http.StatusBadRequest, "Approval request is invalid", whyDashboard},
	60086: {http.StatusUnauthorized, "JWT token has expired", whyRegistration},
	60089: {http.StatusBadRequest, "Invalid reporting query", whyReporting},
	60090: {http.StatusBadRequest, "Registration request could not be created", whyRegistration},
	60093: {http.StatusBadRequest, "SDK device was not deleted", whyLenient},
	60094: {http.StatusBadRequest, "Invalid reporting interval", whyReporting},
	60095: {http.StatusBadRequest, "Invalid report", whyReporting},
	60096: {http.StatusInternalServerError, "Error processing report", whyGateway},
	60097: {http.StatusBadRequest, "Phone change is in progress", whyNewer},
	60099: {http.StatusBadRequest, "Webhooks could not be listed", whyDashboard},
	60101: {http.StatusUnauthorized, "Invalid JWT token", whyRegistration},
	60102: {http.StatusBadRequest, "Push certificate could not be created", whyPush},
	60103: {http.StatusBadRequest, "Push platform was not recognized", whyPush},
	60104: {http.StatusBadRequest, "Invalid push certificates", whyPush},
	60105: {http.StatusInternalServerError, "Notify JWT token error", whyGateway},
	60106: {http.StatusServiceUnavailable, "User has been suspended from the application", whyAccount},
	60107: {http.StatusServiceUnavailable, "User is blocked", whyAccount},
	60108: {http.StatusBadRequest, "Invalid channel for device", whyNewer},
	60110: {http.StatusBadRequest, "Authentication method cannot be created", whyNewer},
	60111: {http.StatusNotFound, "Authentication not found", whyNewer},
	60112: {http.StatusBadRequest, "Invalid authentication method", whyNewer},
	60113: {http.StatusNotFound, "Authenticator not found", whyNewer},
	60114: {http.StatusBadRequest, "Authenticator cannot be updated", whyNewer},
	60115: {http.StatusForbidden, "Phone number opted out", whyAccount},
	60116: {http.StatusBadRequest, "Bad phone verification JWT parameters", whyRegistration},
	60118: {http.StatusUnauthorized, "TOTP code is invalid", whyNewer},
	60119: {http.StatusBadRequest, "User without PII is required", whyRegistration},
	60120: {http.StatusServiceUnavailable, "SMS limit reached", whyAccount},
	60121: {http.StatusBadRequest, "SMS is invalid", whyGateway},
	60124: {http.StatusNotFound, "Account not found", whyNewer},
	60125: {http.StatusBadRequest, "Invalid SDK application", whyRegistration},
	60126: {http.StatusInternalServerError, "HLR report error", whyGateway},
	60128: {http.StatusNotFound, "User was deleted", whyGone},
	60129: {http.StatusNotFound, "Public key not found", whyNewer},
	60130: {http.StatusBadRequest, "User deletion is in progress", whyGone},
	60131: {http.StatusInternalServerError, "User deletion failed", whyGateway},
	60132: {http.StatusInternalServerError, "Account deletion is incomplete", whyGateway},
	60133: {http.StatusBadRequest, "Phone number change message", whyNewer},
}

// known gives a code's status and message.
func (c code) known() (status int, message string, ok bool) {
	e, found := errorTable[c]
	return e.status, e.message, found
}

// ErrorCode is an error code of the API.
type ErrorCode struct {
	Code    int    `json:"code"`
	Status  int    `json:"status"` // of the HTTP answer
	Message string `json:"message"`
	// ForcedOnly is why the code never happens by itself; empty if it does.
	ForcedOnly string `json:"forced_only"`
}

// ErrorCodes lists every error code that the sandbox knows, in ascending order. Messages of answers can be longer,
// where they name a parameter or a cause.
func ErrorCodes() []ErrorCode {
	var all []ErrorCode
	for _, c := range slices.Sorted(maps.Keys(errorTable)) {
		e := errorTable[c]
		all = append(all, ErrorCode{int(c), e.status, e.message, e.why})
	}
	return all
}
