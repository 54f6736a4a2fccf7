package luabind

import "testing"

func TestPhone(t *testing.T) {
	t.Parallel()
	runLuaTests(t, []luaTest{
		{"parse", `
			local p = phone.parse("911 234 567", "PT")
			print(p.calling_code, p.national, p.region, p.e164, p.international, p.national_format, p.type)`,
			"351	911234567	PT	+351911234567	+351 911 234 567	911 234 567	mobile"},
		{"numbers in place of text", `print(phone.parse(911234567, 351).e164)`, "+351911234567"},
		{"international without country", `print(phone.parse("+1 (415) 555-2671").calling_code, phone.parse(" +351 911 234 567").region, phone.parse("+88213300655").region)`,
			"1	PT	nil"},
		{"valid", `print(phone.valid("911234567", "PT"))`, "true"},
		{"not valid", `
			local ok, reason = phone.valid("12345", "PT")
			print(ok, reason)
			print(phone.valid("911234567", "PRT"))`, `false	phone is too short for Portugal (PT, +351), has 5 digits, want 9, got "12345"` + "\n" +
			`false	country_code must be an ISO 3166 alpha-2 code such as "PT" or a calling code such as "351", got "PRT", did you mean "PT"?`},
		{"format", `
			print(phone.format("911234567", "PT"), phone.format("911234567", "PT", "international"), phone.format("4155552671", "US", "national"))`,
			"+351911234567	+351 911 234 567	(415) 555-2671"},
		{"countries", `
			local list, found = phone.countries()
			for _, c in ipairs(list) do if c.region == "PT" then found = c end end
			print(#list > 200, found.calling_code, found.name)`, "true	351	Portugal"},

		{"raises", `local ok, err = pcall(phone.parse, "12345", "PT") print(ok, err.kind, err.op, err.fields.phone)`,
			`false	validation	phone.parse	is too short for Portugal (PT, +351), has 5 digits, want 9, got "12345"`},
		{"format raises", `local ok, err = pcall(phone.format, "12345", "PT") print(ok, err.op)`, "false	phone.format"},
		{"style", `print(pcall(phone.format, "911234567", "PT", "nationl"))`,
			`false	phone.format: style must be one of "e164", "international", "national", got "nationl", did you mean "national"?`},
		{"no country", `print(pcall(phone.valid, "911234567"))`,
			`false	phone.valid: country is required, unless the number begins with + and a calling code: "PT" or 351`},
		{"no such calling code", `print(pcall(phone.valid, "+999123"))`,
			`false	phone.valid: country is required, unless the number begins with + and a calling code: "PT" or 351`},
		{"no number", `print(pcall(phone.parse, nil, "PT"))`, "false	phone.parse: number must be a string or a whole number, got nil"},
		{"fraction", `print(pcall(phone.parse, 1.5, "PT"))`, "false	phone.parse: number must be a whole number, got 1.5"},
		{"country of the wrong type", `print(pcall(phone.parse, "911234567", {}))`, "false	phone.parse: country must be a string or a whole number, got a table"},
	})
}
