package main

import (
	"encoding/json"
	"time"
)

// fields are those of a callback for a user's answer, with all that the service's own have. Each library for Authy
// verifies it: no number has a fraction, no key a capital, and device_uuid is text, as some want it.
func (c *sampleCallback) fields(now time.Time) map[string]any {
	const (
		toAnswer = 12 * time.Second // that the user took
		toExpire = 24 * time.Hour
		device   = 2102943
	)
	asked := now.Add(-toAnswer)
	return map[string]any{
		"authy_id":        json.Number(c.authyID),
		"callback_action": "approval_request_status",
		"uuid":            c.uuid,
		"status":          c.status,
		"device_uuid":     "4d89c320-a9bb-0133-7c02-0e67b818e6fb",
		"signature":       "c2lnbmVkLWJ5LXRoZS1kZXZpY2U=",
		"approval_request": map[string]any{
			"app_id":               "582380eb7e1caa03317ec08c",
			"expiration_timestamp": asked.Add(toExpire).Unix(),
			"logos":                nil,
			"transaction": map[string]any{
				"uuid":                c.uuid,
				"status":              c.status,
				"message":             c.message,
				"details":             map[string]any{},
				"hidden_details":      map[string]any{},
				"device_details":      map[string]any{},
				"device_geolocation":  "",
				"device_signing_time": now.Unix(),
				"created_at_time":     asked.Unix(),
				"customer_uuid":       "2ccf0040-ed25-0132-5987-0e67b818e6fb",
				"encrypted":           false,
				"flagged":             false,
				"reason":              nil,
				"requester_details":   nil,
			},
		},
		"device": map[string]any{
			"id": device, "os_type": "android", "ip": "203.0.113.7", "city": nil, "region": nil, "country": "Portugal",
			"registration_ip": "203.0.113.7", "registration_city": nil, "registration_region": nil,
			"registration_country": "Portugal", "registration_method": "sms", "last_account_recovery_at": nil,
			"registration_date": asked.Add(-30 * toExpire).Unix(), "last_sync_date": asked.Unix(),
		},
	}
}
