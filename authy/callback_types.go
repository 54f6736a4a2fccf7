package authy

import (
	"encoding/json"
	"math"
	"strconv"
)

// Callback is a verified answer of a user to an approval request.
//
// The JSON names are those of the wire. GET callbacks of 2017 and later come to the same tree as POST ones.
// A field that is absent, null or of an unforeseen type is left at its zero value; Raw has it as it came.
// Times are Unix seconds, zero when unknown.
type Callback struct {
	// AuthyID is the user who answered.
	AuthyID ID `json:"authy_id"`
	// DeviceUUID is the device on which it was done: an integer since 2017, a UUID before.
	DeviceUUID ID `json:"device_uuid"`
	// CallbackAction is always "approval_request_status".
	CallbackAction string `json:"callback_action"`
	// UUID is the approval request's id. It is never empty.
	UUID string `json:"uuid"`
	// Status is "approved" or "denied", nothing else. No callback is documented for a request that expired.
	Status string `json:"status"`
	// Signature is the device's own RSA signature of the transaction, in base64. It has nothing to do with
	// the signature that was verified.
	Signature string `json:"signature"`
	// ApprovalRequest is what was answered; nil when the callback does not say, as the console's test request
	// did in 2016.
	ApprovalRequest *CallbackApprovalRequest `json:"approval_request,omitempty"`
	// ApprovalRequestText is the approval request as a GET callback of 2016 had it: the text of a Ruby hash.
	ApprovalRequestText string `json:"approval_request_text,omitempty"`
	// Device tells about the device; nil before 2017.
	Device *CallbackDevice `json:"device,omitempty"`

	// Raw is all that was signed, unknown fields included; numbers are as the caller decoded them, or
	// json.Number. The values of a GET callback are all text.
	Raw map[string]any `json:"-"`
}

// Approved reports whether the user said yes.
func (c *Callback) Approved() bool { return c.Status == callbackApproved }

// CallbackApprovalRequest is the approval request of a [Callback].
type CallbackApprovalRequest struct {
	Transaction CallbackTransaction `json:"transaction"`
	// ExpirationTimestamp is when the request would have expired.
	ExpirationTimestamp int64 `json:"expiration_timestamp"`
	// Logos are the logos that were given for the request.
	Logos []Logo `json:"logos"`
	// AppID is the application's id, 24 hexadecimal digits; empty in 2016.
	AppID string `json:"app_id"`
}

// CallbackTransaction is what the user saw and decided.
type CallbackTransaction struct {
	// Details are those the user saw, HiddenDetails those only the application knows.
	Details       Object `json:"details"`
	DeviceDetails Object `json:"device_details"`
	// DeviceGeolocation is usually empty.
	DeviceGeolocation string `json:"device_geolocation"`
	// DeviceSigningTime is when the device signed the answer; it may be zero.
	DeviceSigningTime int64  `json:"device_signing_time"`
	Encrypted         bool   `json:"encrypted"`
	Flagged           bool   `json:"flagged"`
	HiddenDetails     Object `json:"hidden_details"`
	Message           string `json:"message"`
	Reason            string `json:"reason"`
	RequesterDetails  string `json:"requester_details"`
	Status            string `json:"status"`
	UUID              string `json:"uuid"`
	CreatedAtTime     int64  `json:"created_at_time"`
	CustomerUUID      ID     `json:"customer_uuid"`
}

// CallbackDevice is the device that answered, as Authy knows it.
type CallbackDevice struct {
	ID                    ID     `json:"id"`
	OSType                string `json:"os_type"`
	City                  string `json:"city"`
	Country               string `json:"country"`
	Region                string `json:"region"`
	IP                    string `json:"ip"`
	RegistrationCity      string `json:"registration_city"`
	RegistrationCountry   string `json:"registration_country"`
	RegistrationRegion    string `json:"registration_region"`
	RegistrationIP        string `json:"registration_ip"`
	RegistrationMethod    string `json:"registration_method"` // such as "sms"
	RegistrationDate      int64  `json:"registration_date"`
	LastSyncDate          int64  `json:"last_sync_date"`
	LastAccountRecoveryAt int64  `json:"last_account_recovery_at"`
	// The following came in 2019.
	EnabledUnlockMethods []string `json:"enabled_unlock_methods"` // such as "pin" and "fingerprint"
	LastUnlockMethodUsed string   `json:"last_unlock_method_used"`
	LastUnlockDate       int64    `json:"last_unlock_date"`
	MultideviceEnabled   bool     `json:"multidevice_enabled"`
	MultideviceUpdatedAt int64    `json:"multidevice_updated_at"`
}

const (
	callbackAction   = "approval_request_status"
	callbackApproved = "approved"
	callbackDenied   = "denied"
)

// newCallback reads signed fields, after judging those without which nothing can be done with them.
//
// It reads the decoded tree by exact names. encoding/json would also take "Status" for "status", and so see
// another answer than the one that a different reader of the same body sees.
func newCallback(raw map[string]any) (*Callback, error) {
	fields := callbackFields(raw)
	c := &Callback{
		AuthyID:        fields.id("authy_id"),
		DeviceUUID:     fields.id("device_uuid"),
		CallbackAction: fields.text("callback_action"),
		UUID:           fields.text("uuid"),
		Status:         fields.text("status"),
		Signature:      fields.text("signature"),
		Raw:            raw,
	}
	switch {
	case c.CallbackAction != callbackAction:
		return nil, badCallback(`its signature is right, but callback_action must be "` + callbackAction + `", got ` + quote(c.CallbackAction))
	case c.Status != callbackApproved && c.Status != callbackDenied:
		return nil, badCallback(`its signature is right, but status must be "approved" or "denied", got ` + quote(c.Status))
	case c.UUID == "":
		return nil, badCallback("its signature is right, but it lacks uuid, the id of the approval request")
	}
	if request := fields.object("approval_request"); request != nil {
		c.ApprovalRequest = request.approvalRequest()
	} else {
		c.ApprovalRequestText = fields.text("approval_request")
	}
	if device := fields.object("device"); device != nil {
		c.Device = device.device()
	}
	return c, nil
}

func (f callbackFields) approvalRequest() *CallbackApprovalRequest {
	request := &CallbackApprovalRequest{
		ExpirationTimestamp: f.integer("expiration_timestamp"),
		AppID:               f.text("app_id"),
	}
	for _, element := range f.list("logos") {
		logo := callbackFields(asObject(element))
		request.Logos = append(request.Logos, Logo{Res: logo.text("res"), URL: logo.text("url")})
	}
	t := f.object("transaction")
	request.Transaction = CallbackTransaction{
		Details:           Object(t.object("details")),
		DeviceDetails:     Object(t.object("device_details")),
		DeviceGeolocation: t.text("device_geolocation"),
		DeviceSigningTime: t.integer("device_signing_time"),
		Encrypted:         t.boolean("encrypted"),
		Flagged:           t.boolean("flagged"),
		HiddenDetails:     Object(t.object("hidden_details")),
		Message:           t.text("message"),
		Reason:            t.text("reason"),
		RequesterDetails:  t.text("requester_details"),
		Status:            t.text("status"),
		UUID:              t.text("uuid"),
		CreatedAtTime:     t.integer("created_at_time"),
		CustomerUUID:      t.id("customer_uuid"),
	}
	return request
}

func (f callbackFields) device() *CallbackDevice {
	device := &CallbackDevice{
		ID:                    f.id("id"),
		OSType:                f.text("os_type"),
		City:                  f.text("city"),
		Country:               f.text("country"),
		Region:                f.text("region"),
		IP:                    f.text("ip"),
		RegistrationCity:      f.text("registration_city"),
		RegistrationCountry:   f.text("registration_country"),
		RegistrationRegion:    f.text("registration_region"),
		RegistrationIP:        f.text("registration_ip"),
		RegistrationMethod:    f.text("registration_method"),
		RegistrationDate:      f.integer("registration_date"),
		LastSyncDate:          f.integer("last_sync_date"),
		LastAccountRecoveryAt: f.integer("last_account_recovery_at"),
		LastUnlockMethodUsed:  f.text("last_unlock_method_used"),
		LastUnlockDate:        f.integer("last_unlock_date"),
		MultideviceEnabled:    f.boolean("multidevice_enabled"),
		MultideviceUpdatedAt:  f.integer("multidevice_updated_at"),
	}
	for _, method := range f.list("enabled_unlock_methods") {
		device.EnabledUnlockMethods = append(device.EnabledUnlockMethods, plainText(method))
	}
	return device
}

// callbackFields reads decoded fields leniently: the wire's types changed over the years, and GET has only text.
type callbackFields map[string]any

func (f callbackFields) text(key string) string { return plainText(f[key]) }

func (f callbackFields) id(key string) ID { return ID(plainText(f[key])) }

func (f callbackFields) boolean(key string) bool {
	yes, isBool := f[key].(bool)
	if isBool {
		return yes
	}
	text := plainText(f[key])
	return text == "true" || text == "1"
}

func (f callbackFields) integer(key string) int64 {
	switch v := f[key].(type) {
	case nil:
		return 0
	case float64:
		return wholeNumber(v)
	}
	text := plainText(f[key])
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	v, err := strconv.ParseFloat(text, 64) // 1.5e9, which JSON allows for a whole number
	if err != nil {
		return 0
	}
	return wholeNumber(v)
}

func wholeNumber(v float64) int64 {
	if v != math.Trunc(v) || math.Abs(v) >= 1<<63 {
		return 0
	}
	return int64(v)
}

func (f callbackFields) object(key string) callbackFields {
	return callbackFields(asObject(f[key]))
}

func (f callbackFields) list(key string) []any {
	value := f[key]
	if list, ok := value.([]any); ok || value == nil {
		return list
	}
	plain, _ := plainValue(value)
	list, _ := plain.([]any)
	return list
}

// asObject is the value if it is an object, whatever Go type of map it is; else nil.
func asObject(value any) map[string]any {
	if fields, ok := value.(map[string]any); ok || value == nil {
		return fields
	}
	plain, _ := plainValue(value)
	fields, _ := plain.(map[string]any)
	return fields
}

// plainText is the text of a string, number or boolean; empty for null and containers.
func plainText(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return string(v)
	case map[string]any, []any:
		return ""
	}
	var short [32]byte
	if text, ok := appendScalar(short[:0], value); ok {
		return string(text)
	}
	if plain, ok := plainValue(value); ok {
		switch plain.(type) {
		case map[string]any, []any:
			return ""
		}
		return plainText(plain)
	}
	return ""
}
