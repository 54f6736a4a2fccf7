package authy_test

import "github.com/authysh/authysh/authy"

// wireCase is one call and the request that it must become, to the byte.
type wireCase struct {
	op   string
	call invocation
	// method, path (escaped), query (without "?") and body are the request.
	method, path, query, body string
}

const (
	formBody = "application/x-www-form-urlencoded"
	jsonBody = "application/json"
)

var everyActivityValue = map[string]any{"reason": "x < y", "n": 7, "deep": map[string]any{"list": []any{true, nil, 1.5}}}

// wireCases has for every operation the least and, where there are optional parameters, the most that it takes.
var wireCases = []wireCase{
	{"register_user", call((*authy.Client).RegisterUser, authy.RegisterUserParams{CountryCode: "PT", Phone: "911 234 567", Email: "ana@example.com"}),
		"POST", "/protected/json/users/new", "", `{"user":{"country_code":351,"cellphone":"911234567","email":"ana@example.com"}}`},
	{"register_user", call((*authy.Client).RegisterUser, authy.RegisterUserParams{CountryCode: "+1", Phone: "+1 (415) 555-2671", Email: "ana@example.com", SendInstallLink: new(false)}),
		"POST", "/protected/json/users/new", "", `{"user":{"country_code":1,"cellphone":"4155552671","email":"ana@example.com"},"send_install_link_via_sms":false}`},

	{"get_user_status", call((*authy.Client).GetUserStatus, authy.GetUserStatusParams{AuthyID: "1635"}),
		"GET", "/protected/json/users/1635/status", "", ""},
	{"get_user_status", call((*authy.Client).GetUserStatus, authy.GetUserStatusParams{AuthyID: "1635", IP: new("2001:db8::1")}),
		"GET", "/protected/json/users/1635/status", "user_ip=2001%3Adb8%3A%3A1", ""},

	{"update_user", call((*authy.Client).UpdateUser, authy.UpdateUserParams{AuthyID: "1635", Email: "new@example.com"}),
		"POST", "/protected/json/users/1635/update", "", `{"email":"new@example.com"}`},

	{"delete_user", call((*authy.Client).DeleteUser, authy.DeleteUserParams{AuthyID: "1635"}),
		"POST", "/protected/json/users/1635/remove", "", `{}`},
	{"delete_user", call((*authy.Client).DeleteUser, authy.DeleteUserParams{AuthyID: "1635", IP: new("127.0.0.1")}),
		"POST", "/protected/json/users/1635/remove", "", `{"user_ip":"127.0.0.1"}`},

	{"request_sms", call((*authy.Client).RequestSMS, authy.RequestSMSParams{AuthyID: "1635"}),
		"GET", "/protected/json/sms/1635", "", ""},
	{"request_sms", call((*authy.Client).RequestSMS, authy.RequestSMSParams{AuthyID: "1635", Force: new(false), Action: new("log in"), Message: new("Log in & pay? é"), Locale: new("PT-br")}),
		"GET", "/protected/json/sms/1635", "force=false&action=log+in&action_message=Log+in+%26+pay%3F+%C3%A9&locale=pt-BR", ""},

	{"request_call", call((*authy.Client).RequestCall, authy.RequestCallParams{AuthyID: "1635"}),
		"GET", "/protected/json/call/1635", "", ""},
	{"request_call", call((*authy.Client).RequestCall, authy.RequestCallParams{AuthyID: "1635", Force: new(true), Action: new("a=b"), Message: new("+"), Locale: new("zh-hk")}),
		"GET", "/protected/json/call/1635", "force=true&action=a%3Db&action_message=%2B&locale=zh-HK", ""},

	{"request_email", call((*authy.Client).RequestEmail, authy.RequestEmailParams{AuthyID: "1635"}),
		"POST", "/protected/json/email/1635", "", `{}`},
	{"request_email", call((*authy.Client).RequestEmail, authy.RequestEmailParams{AuthyID: "1635", Force: new(false)}),
		"POST", "/protected/json/email/1635", "", `{"force":false}`},

	{"verify_token", call((*authy.Client).VerifyToken, authy.VerifyTokenParams{AuthyID: "1635", Token: "0012345"}),
		"GET", "/protected/json/verify/0012345/1635", "", ""},
	{"verify_token", call((*authy.Client).VerifyToken, authy.VerifyTokenParams{AuthyID: "1635", Token: "000000", Force: new(false), Action: new("pay"), IP: new("::1")}),
		"GET", "/protected/json/verify/000000/1635", "force=false&action=pay&user_ip=%3A%3A1", ""},

	{"create_user_secret", call((*authy.Client).CreateUserSecret, authy.CreateUserSecretParams{AuthyID: "1635"}),
		"POST", "/protected/json/users/1635/secret", "", `{}`},
	{"create_user_secret", call((*authy.Client).CreateUserSecret, authy.CreateUserSecretParams{AuthyID: "1635", QRSize: new(300), Label: new("Ana's \"phone\"")}),
		"POST", "/protected/json/users/1635/secret", "", `{"qr_size":300,"label":"Ana's \"phone\""}`},

	{"export_user_secret", call((*authy.Client).ExportUserSecret, authy.ExportUserParams{AuthyID: "1635"}),
		"GET", "/protected/json/users/1635/secret/export", "", ""},
	{"export_user_phone", call((*authy.Client).ExportUserPhone, authy.ExportUserParams{AuthyID: "18446744073709551615"}),
		"GET", "/protected/json/users/18446744073709551615/phone_number", "", ""},

	{"get_registration_status", call((*authy.Client).GetRegistrationStatus, authy.GetRegistrationStatusParams{CustomUserID: "user 42/é&x=1"}),
		"GET", "/protected/json/registrations/status", "custom_user_id=user+42%2F%C3%A9%26x%3D1", ""},

	{"register_activity", call((*authy.Client).RegisterActivity, authy.RegisterActivityParams{AuthyID: "1635", Type: "banned"}),
		"POST", "/protected/json/users/1635/register_activity", "", `{"type":"banned"}`},
	{"register_activity", call((*authy.Client).RegisterActivity, authy.RegisterActivityParams{AuthyID: "1635", Type: "cookie_login", Data: everyActivityValue, IP: new("10.0.0.1")}),
		"POST", "/protected/json/users/1635/register_activity", "",
		`{"type":"cookie_login","data":{"reason":"x < y","n":7,"deep":{"list":[true,null,1.5]}},"user_ip":"10.0.0.1"}`},

	{"get_application_details", call((*authy.Client).GetApplicationDetails, authy.GetApplicationDetailsParams{}),
		"GET", "/protected/json/app/details", "", ""},
	{"get_application_details", call((*authy.Client).GetApplicationDetails, authy.GetApplicationDetailsParams{IP: new("10.0.0.1")}),
		"GET", "/protected/json/app/details", "user_ip=10.0.0.1", ""},
	{"get_application_statistics", call((*authy.Client).GetApplicationStatistics, authy.GetApplicationStatisticsParams{}),
		"GET", "/protected/json/app/stats", "", ""},
	{"get_application_statistics", call((*authy.Client).GetApplicationStatistics, authy.GetApplicationStatisticsParams{IP: new("10.0.0.1")}),
		"GET", "/protected/json/app/stats", "user_ip=10.0.0.1", ""},

	{"start_phone_verification", call((*authy.Client).StartPhoneVerification, authy.StartPhoneVerificationParams{CountryCode: "us", Phone: "415-555-2671", Via: "sms"}),
		"POST", "/protected/json/phones/verification/start", "", `{"country_code":1,"phone_number":"4155552671","via":"sms"}`},
	{"start_phone_verification", call((*authy.Client).StartPhoneVerification, authy.StartPhoneVerificationParams{
		CountryCode: "39", Phone: "06 6982 1234", Via: "call", Locale: new("ZH-cn"), CodeLength: new(10), CustomCode: new("00AB"), CustomMessage: new("Código")}),
		"POST", "/protected/json/phones/verification/start", "",
		`{"country_code":39,"phone_number":"0669821234","via":"call","locale":"zh-CN","code_length":10,"custom_code":"00AB","custom_message":"Código"}`},

	{"verify_phone", call((*authy.Client).VerifyPhone, authy.VerifyPhoneParams{CountryCode: "PT", Phone: "911234567", Token: "0000"}),
		"GET", "/protected/json/phones/verification/check", "country_code=351&phone_number=911234567&verification_code=0000", ""},

	{"get_phone_verification_status", call((*authy.Client).GetPhoneVerificationStatus, authy.GetPhoneVerificationStatusParams{UUID: new("b8ebcd40-1234")}),
		"GET", "/protected/json/phones/verification/status", "uuid=b8ebcd40-1234", ""},
	{"get_phone_verification_status", call((*authy.Client).GetPhoneVerificationStatus, authy.GetPhoneVerificationStatusParams{CountryCode: new("pt"), Phone: new("+351 911 234 567")}),
		"GET", "/protected/json/phones/verification/status", "country_code=351&phone_number=911234567", ""},

	{"get_phone_information", call((*authy.Client).GetPhoneInformation, authy.GetPhoneInformationParams{CountryCode: "PT", Phone: "911234567"}),
		"GET", "/protected/json/phones/info", "country_code=351&phone_number=911234567", ""},
	{"get_phone_information", call((*authy.Client).GetPhoneInformation, authy.GetPhoneInformationParams{CountryCode: "PT", Phone: "911234567", IP: new("10.0.0.1")}),
		"GET", "/protected/json/phones/info", "country_code=351&phone_number=911234567&user_ip=10.0.0.1", ""},

	{"send_feedback", call((*authy.Client).SendFeedback, authy.SendFeedbackParams{SMSID: "SM 1/2?", Outcome: "not-received"}),
		"POST", "/2010-04-01/Accounts/" + testKey + "/SMS/Messages/SM%201%2F2%3F/Feedback.json", "", "Outcome=not-received"},

	{"create_approval_request", call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{AuthyID: "1635", Message: "Log in?"}),
		"POST", "/onetouch/json/users/1635/approval_requests", "", `{"message":"Log in?"}`},
	{"create_approval_request", call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{
		AuthyID: "1635", Message: "Pay?", TTL: new(0), Logos: []authy.Logo{{Res: "default", URL: "https://example.com/l.png?a=1&b=2"}, {Res: "low", URL: "https://example.com/s.png"}},
		Details: &authy.Details{Visible: map[string]any{"Account Number": "0042", "Amount": 12.5}, Hidden: map[string]any{"ip": "10.0.0.1"}}}),
		"POST", "/onetouch/json/users/1635/approval_requests", "",
		`{"message":"Pay?","details":{"Account Number":"0042","Amount":12.5},"hidden_details":{"ip":"10.0.0.1"},` +
			`"logos":[{"res":"default","url":"https://example.com/l.png?a=1&b=2"},{"res":"low","url":"https://example.com/s.png"}],"seconds_to_expire":0}`},
	{"create_approval_request", call((*authy.Client).CreateApprovalRequest, authy.CreateApprovalRequestParams{
		AuthyID: "1635", Message: "Empty objects stay at home", Details: &authy.Details{Visible: map[string]any{}}}),
		"POST", "/onetouch/json/users/1635/approval_requests", "", `{"message":"Empty objects stay at home"}`},

	{"get_approval_request", call((*authy.Client).GetApprovalRequest, authy.GetApprovalRequestParams{ID: "8d031630-d15b-0134"}),
		"GET", "/onetouch/json/approval_requests/8d031630-d15b-0134", "", ""},
	{"get_approval_request", call((*authy.Client).GetApprovalRequest, authy.GetApprovalRequestParams{ID: "../x?y#z%2e é"}),
		"GET", "/onetouch/json/approval_requests/..%2Fx%3Fy%23z%252e%20%C3%A9", "", ""},

	{"create_webhook", call((*authy.Client).CreateWebhook, authy.CreateWebhookParams{Name: "my hook", URL: "https://example.com/hooks/authy?x=1", Events: []string{"user_removed", "user_added"}}),
		"POST", "/dashboard/json/application/webhooks", "",
		"access_key=acc3ss-key&app_api_key=" + testKey + "&events%5B%5D=user_added&events%5B%5D=user_removed&name=my+hook&url=https%3A%2F%2Fexample.com%2Fhooks%2Fauthy%3Fx%3D1"},
	{"list_webhooks", call((*authy.Client).ListWebhooks, authy.ListWebhooksParams{}),
		"GET", "/dashboard/json/application/webhooks", "", "access_key=acc3ss-key&app_api_key=" + testKey},
	{"delete_webhook", call((*authy.Client).DeleteWebhook, authy.DeleteWebhookParams{ID: "WH_6a55/.."}),
		"DELETE", "/dashboard/json/application/webhooks/WH_6a55%2F..", "", "access_key=acc3ss-key&app_api_key=" + testKey},
}
