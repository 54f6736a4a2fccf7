package authy

import "context"

// GetApplicationDetailsParams says who asks.
type GetApplicationDetailsParams struct {
	IP *string `json:"ip" wire:"user_ip" rule:"ip" private:"" doc:"IP address of the person who asks."`
}

// Application is the answer to get_application_details.
type Application struct {
	Answer
	App ApplicationDetails `json:"app" doc:"The application."`
}

// ApplicationDetails describes the application that the key belongs to.
type ApplicationDetails struct {
	AppID             ID     `json:"app_id" doc:"Number of the application."`
	Name              string `json:"name" doc:"Name shown to users."`
	Plan              string `json:"plan,omitempty" doc:"Billing plan."`
	SMSEnabled        Bool   `json:"sms_enabled" doc:"Texts can be sent."`
	PhoneCallsEnabled Bool   `json:"phone_calls_enabled,omitempty" doc:"Calls can be made."`
	OneTouchEnabled   Bool   `json:"onetouch_enabled,omitempty" doc:"Push approvals can be sent."`
}

func (a *Application) essential() string {
	if a.App.AppID == "" {
		return "app.app_id"
	}
	return ""
}

var getApplicationDetails = Route{Name: "get_application_details", Method: "GET", Path: "/protected/json/app/details", Effect: Reads}

// GetApplicationDetails describes the application that the key belongs to.
func (c *Client) GetApplicationDetails(ctx context.Context, p GetApplicationDetailsParams) (*Application, error) {
	return do[Application](ctx, c, getApplicationDetails, p)
}

// GetApplicationStatisticsParams says who asks.
type GetApplicationStatisticsParams struct {
	IP *string `json:"ip" wire:"user_ip" rule:"ip" private:"" doc:"IP address of the person who asks."`
}

// ApplicationStatistics is the answer to get_application_statistics.
type ApplicationStatistics struct {
	Answer
	AppID      ID                `json:"app_id" doc:"Number of the application."`
	TotalUsers Int               `json:"total_users" doc:"Users of the application."`
	Count      Int               `json:"count" doc:"Number of months listed."`
	Stats      []MonthStatistics `json:"stats" doc:"One entry per month."`
}

// MonthStatistics counts one month.
type MonthStatistics struct {
	Year          Int    `json:"year" doc:"Year."`
	Month         string `json:"month" doc:"Month's English name."`
	AuthsCount    Int    `json:"auths_count" doc:"Successful authentications."`
	APICallsCount Int    `json:"api_calls_count" doc:"API calls."`
	UsersCount    Int    `json:"users_count" doc:"Users."`
	SMSCount      Int    `json:"sms_count" doc:"Texts."`
	CallsCount    Int    `json:"calls_count" doc:"Calls."`
}

func (s *ApplicationStatistics) essential() string {
	if s.Stats == nil {
		return "stats"
	}
	return ""
}

var getApplicationStatistics = Route{Name: "get_application_statistics", Method: "GET", Path: "/protected/json/app/stats", Effect: Reads}

// GetApplicationStatistics counts users, calls and messages by month.
func (c *Client) GetApplicationStatistics(ctx context.Context, p GetApplicationStatisticsParams) (*ApplicationStatistics, error) {
	return do[ApplicationStatistics](ctx, c, getApplicationStatistics, p)
}
