package authy

import "context"

// StartPhoneVerificationParams names a phone and how to reach it.
type StartPhoneVerificationParams struct {
	CountryCode string  `json:"country_code" wire:"country_code,number" rule:"country_code" doc:"Country of the phone: PT, or a calling code such as 351."`
	Phone       string  `json:"phone" wire:"phone_number" rule:"phone" private:"" doc:"Phone number in any usual notation."`
	Via         string  `json:"via" rule:"enum via" doc:"How the code travels."`
	Locale      *string `json:"locale" rule:"enum locale" doc:"Language of the message; by default that of the country."`
	CodeLength  *int    `json:"code_length" rule:"range 4-10" doc:"Digits of the code; 4 by default."`
	// CustomCode is a code of your own instead of Authy's; Twilio must have enabled it. The answer then has SMSID.
	CustomCode    *string `json:"custom_code" rule:"length 4-10" private:"" doc:"Your own code to send."`
	CustomMessage *string `json:"custom_message" rule:"text" private:"" doc:"Your own text, where the application may send one."`
}

// PhoneVerification is the answer to start_phone_verification.
type PhoneVerification struct {
	Answer
	UUID            string `json:"uuid,omitempty" doc:"Id of the verification."`
	Carrier         string `json:"carrier,omitempty" doc:"Carrier of the phone."`
	IsCellphone     Bool   `json:"is_cellphone,omitempty" doc:"The phone is a mobile phone."`
	IsPorted        Bool   `json:"is_ported,omitempty" doc:"The number was taken to another carrier."`
	SecondsToExpire Int    `json:"seconds_to_expire,omitempty" doc:"How long the code stays valid."`
	SMSID           string `json:"sms_id,omitempty" doc:"Id for send_feedback, with custom_code."`
}

var startPhoneVerification = Route{Name: "start_phone_verification", Method: "POST", Path: "/protected/json/phones/verification/start", Effect: Sends}

// StartPhoneVerification sends a code to a phone; within ten minutes a repeated call sends the same code.
func (c *Client) StartPhoneVerification(ctx context.Context, p StartPhoneVerificationParams) (*PhoneVerification, error) {
	return do[PhoneVerification](ctx, c, startPhoneVerification, p)
}

// VerifyPhoneParams names a phone and the code to check.
type VerifyPhoneParams struct {
	CountryCode string `json:"country_code" wire:"country_code,number" rule:"country_code" doc:"Country of the phone: PT, or a calling code such as 351."`
	Phone       string `json:"phone" wire:"phone_number" rule:"phone" private:"" doc:"Phone number in any usual notation."`
	Token       string `json:"token" wire:"verification_code" rule:"digits 4-10" private:"" doc:"Code that the person typed; leading zeros count."`
}

// PhoneCheck is the answer to verify_phone; there is one only if the code is right.
type PhoneCheck struct{ Answer }

var verifyPhone = Route{Name: "verify_phone", Method: "GET", Path: "/protected/json/phones/verification/check", Effect: Writes}

// VerifyPhone checks a phone verification code. A code works once.
//
// A wrong code is [ErrInvalidToken]; no pending verification, also after success or expiry, is [ErrNotFound].
func (c *Client) VerifyPhone(ctx context.Context, p VerifyPhoneParams) (*PhoneCheck, error) {
	return do[PhoneCheck](ctx, c, verifyPhone, p)
}

// GetPhoneVerificationStatusParams names a verification by its uuid, or by country code and phone.
type GetPhoneVerificationStatusParams struct {
	UUID        *string `json:"uuid" rule:"text" doc:"Id of the verification."`
	CountryCode *string `json:"country_code" wire:"country_code,number" rule:"country_code" doc:"Country of the phone, without uuid."`
	Phone       *string `json:"phone" wire:"phone_number" rule:"phone" private:"" doc:"Phone number, without uuid."`
}

func (p *GetPhoneVerificationStatusParams) complete(report func(param, reason string)) {
	switch {
	case p.UUID != nil && (p.CountryCode != nil || p.Phone != nil):
		report("uuid", "must not be given together with country_code and phone")
	case p.UUID != nil:
	case p.CountryCode == nil && p.Phone == nil:
		report("uuid", "is required, or country_code and phone")
	case p.CountryCode == nil:
		report("country_code", "is required with phone")
	case p.Phone == nil:
		report("phone", "is required with country_code")
	}
}

// PhoneVerificationStatus is the answer to get_phone_verification_status.
type PhoneVerificationStatus struct {
	Answer
	Status          string `json:"status" doc:"pending, verified or expired."`
	SecondsToExpire Int    `json:"seconds_to_expire,omitempty" doc:"How long the code stays valid."`
}

func (s *PhoneVerificationStatus) essential() string {
	if s.Status == "" {
		return "status"
	}
	return ""
}

var getPhoneVerificationStatus = Route{Name: "get_phone_verification_status", Method: "GET", Path: "/protected/json/phones/verification/status", Effect: Reads}

// GetPhoneVerificationStatus tells whether a phone verification is pending, verified or expired.
func (c *Client) GetPhoneVerificationStatus(ctx context.Context, p GetPhoneVerificationStatusParams) (*PhoneVerificationStatus, error) {
	return do[PhoneVerificationStatus](ctx, c, getPhoneVerificationStatus, p)
}

// GetPhoneInformationParams names a phone.
type GetPhoneInformationParams struct {
	CountryCode string  `json:"country_code" wire:"country_code,number" rule:"country_code" doc:"Country of the phone: PT, or a calling code such as 351."`
	Phone       string  `json:"phone" wire:"phone_number" rule:"phone" private:"" doc:"Phone number in any usual notation."`
	IP          *string `json:"ip" wire:"user_ip" rule:"ip" private:"" doc:"IP address of the person who asks."`
}

// PhoneInformation is the answer to get_phone_information.
type PhoneInformation struct {
	Answer
	Type     string `json:"type" doc:"cellphone, landline, voip or unknown."`
	Provider string `json:"provider,omitempty" doc:"Carrier; missing when unknown."`
	Ported   Bool   `json:"ported" doc:"The number was taken to another carrier."`
}

func (i *PhoneInformation) essential() string {
	if i.Type == "" {
		return "type"
	}
	return ""
}

var getPhoneInformation = Route{Name: "get_phone_information", Method: "GET", Path: "/protected/json/phones/info", Effect: Reads}

// GetPhoneInformation looks up a number's type and carrier.
func (c *Client) GetPhoneInformation(ctx context.Context, p GetPhoneInformationParams) (*PhoneInformation, error) {
	return do[PhoneInformation](ctx, c, getPhoneInformation, p)
}

// SendFeedbackParams names a text with a custom code and what became of it.
type SendFeedbackParams struct {
	SMSID   string `json:"sms_id" rule:"segment" doc:"Id from start_phone_verification with custom_code."`
	Outcome string `json:"outcome" wire:"Outcome" rule:"enum outcome" doc:"Whether the code arrived."`
}

// Feedback is the answer to send_feedback.
type Feedback struct {
	Answer
	AccountSID  string `json:"account_sid,omitempty" doc:"Empty."`
	MessageSID  string `json:"message_sid,omitempty" doc:"Id of the text."`
	Outcome     string `json:"outcome,omitempty" doc:"The outcome as recorded."`
	DateCreated string `json:"date_created,omitempty" doc:"Creation, RFC 2822."`
	DateUpdated string `json:"date_updated,omitempty" doc:"Last change, RFC 2822."`
	URI         string `json:"uri,omitempty" doc:"Empty."`
}

var sendFeedback = Route{Name: "send_feedback", Method: "POST", Path: "/2010-04-01/Accounts/{api_key}/SMS/Messages/{sms_id}/Feedback.json", Effect: Writes, form: true}

// SendFeedback reports whether a text with a custom code arrived.
//
// Authy defines this path with the API key in it, so here, and only here, the key is part of the URL: proxies and
// servers between may log it.
func (c *Client) SendFeedback(ctx context.Context, p SendFeedbackParams) (*Feedback, error) {
	return do[Feedback](ctx, c, sendFeedback, p)
}
