package authy

// Operations is the catalogue: every call of the API, once.
//
// It is a function because the rows refer to methods, and a variable would be an initialization cycle. A row costs
// microseconds to build; keep the slice where that matters.
func Operations() []Operation {
	return []Operation{
		Op("user create <phone> <country_code> <email>", "Enrol a phone number; gives the user's Authy id.", registerUser, (*Client).RegisterUser),
		Op("user get status <authy_id>", "Show a user's phone, devices and confirmation.", getUserStatus, (*Client).GetUserStatus),
		Op("user update <authy_id>", "Change a user's e-mail address.", updateUser, (*Client).UpdateUser),
		Op("user delete <authy_id>", "Remove a user from the application.", deleteUser, (*Client).DeleteUser),
		Op("user request sms <authy_id>", "Text a code to a user.", requestSMS, (*Client).RequestSMS),
		Op("user request call <authy_id>", "Call a user and read a code out.", requestCall, (*Client).RequestCall),
		Op("user request email <authy_id>", "Mail a code to a user.", requestEmail, (*Client).RequestEmail),
		Op("user verify <authy_id> [token]", "Check a code that the user typed; it works once.", verifyToken, (*Client).VerifyToken),
		Op("user create-secret <authy_id>", "Make a QR code for authenticator apps.", createUserSecret, (*Client).CreateUserSecret),
		Op("user export secret <authy_id>", "Read the seed of an authenticator app, to migrate.", exportUserSecret, (*Client).ExportUserSecret),
		Op("user export phone <authy_id>", "Read a user's whole phone number, to migrate.", exportUserPhone, (*Client).ExportUserPhone),
		Op("user get registration <custom_user_id>", "Tell whether a QR registration was scanned.", getRegistrationStatus, (*Client).GetRegistrationStatus),
		Op("activity create <authy_id>", "Record something that a user did.", registerActivity, (*Client).RegisterActivity),
		Op("application get details", "Describe the application of the key.", getApplicationDetails, (*Client).GetApplicationDetails),
		Op("application get statistics", "Count users, calls and messages by month.", getApplicationStatistics, (*Client).GetApplicationStatistics),
		Op("phone verify <phone> <country_code>", "Send a verification code to a phone.", startPhoneVerification, (*Client).StartPhoneVerification),
		Op("phone verify <phone> <country_code> --token", "Check a phone verification code; it works once.", verifyPhone, (*Client).VerifyPhone),
		Op("phone get status", "Tell the state of a phone verification.", getPhoneVerificationStatus, (*Client).GetPhoneVerificationStatus),
		Op("phone get information <phone> <country_code>", "Look up a number's type and carrier.", getPhoneInformation, (*Client).GetPhoneInformation),
		Op("phone feedback <sms_id>", "Report whether a custom code arrived.", sendFeedback, (*Client).SendFeedback),
		Op("onetouch create <authy_id> <message>", "Ask a user to approve something, by push.", createApprovalRequest, (*Client).CreateApprovalRequest),
		Op("onetouch get status <id>", "Tell whether a user approved or denied.", getApprovalRequest, (*Client).GetApprovalRequest),
		Op("webhook create", "Have events posted to a URL.", createWebhook, (*Client).CreateWebhook),
		Op("webhook list", "List the application's webhooks.", listWebhooks, (*Client).ListWebhooks),
		Op("webhook delete <id>", "Remove a webhook.", deleteWebhook, (*Client).DeleteWebhook),
	}
}
