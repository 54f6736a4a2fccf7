package sandbox

import "net/http"

// scenarioTable has the codes of the API that the sandbox never answers by itself, because what they tell of
// cannot happen in it: a gateway that fails, an account that is suspended, a product that it does not have.
// [ScenarioHeader] and fault rules force them.
//
// Statuses and words are Twilio's where they are published or recorded. Where only the name of a code is
// known, from authy-java, the message is that name in words and the status follows its neighbours.
var scenarioTable = map[code]struct {
	status  int
	message string
}{
	60008: {http.StatusServiceUnavailable, "Account is suspended"},
	60009: {http.StatusServiceUnavailable, "Monthly SMS limit reached"},
	60010: {http.StatusServiceUnavailable, "Daily SMS limit reached"},
	60011: {http.StatusServiceUnavailable, "Monthly calls limit reached"},
	60012: {http.StatusServiceUnavailable, "Daily calls limit reached"},
	60013: {http.StatusForbidden, "Country is banned"},
	60014: {http.StatusServiceUnavailable, "Call was not started"},
	60015: {http.StatusServiceUnavailable, "SMS token was not sent."},
	60018: {http.StatusServiceUnavailable, "User is disabled"},
	60021: {http.StatusForbidden, "Phone verification couldn't be created"},
	60024: {http.StatusInternalServerError, "Cannot get phone information"},
	60025: {http.StatusInternalServerError, "Server error while querying phone information. Please try again later"},
	60028: {http.StatusInternalServerError, "Could not delete user"},
	60029: {http.StatusBadRequest, "Cannot create activity"},
	60030: {http.StatusBadRequest, "User has incorrect parameters"},
	60034: {http.StatusBadRequest, "Registration request is invalid"},
	60036: {http.StatusBadRequest, "Registration PIN is invalid"},
	60037: {http.StatusBadRequest, "Registration has expired"},
	60046: {http.StatusBadRequest, "Missing dashboard account ids to process"},
	60047: {http.StatusBadRequest, "Twilio API key detected"},
	60050: {http.StatusBadRequest, "User is not registered for OneTouch"},
	60051: {http.StatusNotFound, "OneTouch device not found"},
	60052: {http.StatusInternalServerError, "OneTouch internal connection error"},
	60053: {http.StatusInternalServerError, "OneTouch error sending the approval request"},
	60054: {http.StatusInternalServerError, "OneTouch approval request error"},
	60055: {http.StatusInternalServerError, "OneTouch error notifying the customer"},
	60056: {http.StatusForbidden, "Must use SSL"},
	60057: {http.StatusServiceUnavailable, "Account is suspended temporarily"},
	60058: {http.StatusNotFound, "Phone number not found"},
	60059: {http.StatusBadRequest, "Phone number is invalid"},
	60060: {http.StatusServiceUnavailable, "Your account is suspended"},
	60061: {http.StatusServiceUnavailable, "Application is suspended"},
	60063: {http.StatusForbidden, "IP is not allowed"},
	60064: {http.StatusForbidden, "Failed to enable OneTouch"},
	60066: {http.StatusForbidden, "Error saving the callback information"},
	60068: {http.StatusBadRequest, "Cannot update on device registration"},
	60069: {http.StatusBadRequest, "Access key can not be saved"},
	60070: {http.StatusBadRequest, "Application was not valid"},
	60074: {http.StatusBadRequest, "Access key doesn't have enough permissions"},
	60075: {http.StatusBadRequest, "Delete application failed"},
	60080: {http.StatusBadRequest, "Approval request is invalid"},
	60086: {http.StatusUnauthorized, "JWT token has expired"},
	60089: {http.StatusBadRequest, "Invalid reporting query"},
	60090: {http.StatusBadRequest, "Registration request could not be created"},
	60093: {http.StatusBadRequest, "SDK device was not deleted"},
	60094: {http.StatusBadRequest, "Invalid reporting interval"},
	60095: {http.StatusBadRequest, "Invalid report"},
	60096: {http.StatusInternalServerError, "Error processing report"},
	60097: {http.StatusBadRequest, "Phone change is in progress"},
	60099: {http.StatusBadRequest, "Webhooks could not be listed"},
	60101: {http.StatusUnauthorized, "Invalid JWT token"},
	60102: {http.StatusBadRequest, "Push certificate could not be created"},
	60103: {http.StatusBadRequest, "Push platform was not recognized"},
	60104: {http.StatusBadRequest, "Invalid push certificates"},
	60105: {http.StatusInternalServerError, "Notify JWT token error"},
	60106: {http.StatusServiceUnavailable, "User has been suspended from the application"},
	60107: {http.StatusServiceUnavailable, "User is blocked"},
	60108: {http.StatusBadRequest, "Invalid channel for device"},
	60110: {http.StatusBadRequest, "Authentication method cannot be created"},
	60111: {http.StatusNotFound, "Authentication not found"},
	60112: {http.StatusBadRequest, "Invalid authentication method"},
	60113: {http.StatusNotFound, "Authenticator not found"},
	60114: {http.StatusBadRequest, "Authenticator cannot be updated"},
	60115: {http.StatusForbidden, "Phone number opted out"},
	60116: {http.StatusBadRequest, "Bad phone verification JWT parameters"},
	60118: {http.StatusUnauthorized, "TOTP code is invalid"},
	60119: {http.StatusBadRequest, "User without PII is required"},
	60120: {http.StatusServiceUnavailable, "SMS limit reached"},
	60121: {http.StatusBadRequest, "SMS is invalid"},
	60124: {http.StatusNotFound, "Account not found"},
	60125: {http.StatusBadRequest, "Invalid SDK application"},
	60126: {http.StatusInternalServerError, "HLR report error"},
	60128: {http.StatusNotFound, "User was deleted"},
	60129: {http.StatusNotFound, "Public key not found"},
	60130: {http.StatusBadRequest, "User deletion is in progress"},
	60131: {http.StatusInternalServerError, "User deletion failed"},
	60132: {http.StatusInternalServerError, "Account deletion is incomplete"},
	60133: {http.StatusBadRequest, "Phone number change message"},
}

// known gives a code's status and message, whether it happens by itself or is forced.
func (c code) known() (status int, message string, ok bool) {
	if e, found := errorTable[c]; found {
		return e.status, e.message, true
	}
	e, found := scenarioTable[c]
	return e.status, e.message, found
}
