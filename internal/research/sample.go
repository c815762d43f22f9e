package research

import "quantdesk/internal/market"

// Sample is what every analysis of prices takes. The zero value of each field but
// the dates is its default.
type Sample struct {
	Symbols []string `json:"symbols,omitempty" jsonschema:"Instruments; default: all of the workspace." maxItems:"1000"`
	Start   string   `json:"start_date" jsonschema:"First day, as 2023-01-01."`
	End     string   `json:"end_date,omitempty" jsonschema:"Last day; default the market's now."`
	Span
}

// Span is how a sample is read.
type Span struct {
	Where
	// Field of a bar that counts as the price.
	Field      Field             `json:"price_field,omitempty" jsonschema:"Of a bar." default:"close"`
	Adjustment market.Adjustment `json:"adjustment,omitempty" jsonschema:"For splits and dividends." default:"adjusted"`
	// FillLimit is how many bars in a row a gap is filled with the price before.
	FillLimit int `json:"fill_limit,omitempty" jsonschema:"Fill gaps of so many bars; default: drop rows with gaps." minimum:"0" maximum:"100"`
}

// Where is the bars and the workspace of an analysis.
type Where struct {
	Resolution string `json:"resolution,omitempty" jsonschema:"daily, hour, 15m, 1w …" default:"daily"`
	Book       string `json:"instance_name,omitempty" jsonschema:"Workspace." default:"default"`
}

// Field is a field of a bar.
type Field string

// Values lists the fields.
func (Field) Values() []string { return []string{"open", "high", "low", "close", "volume"} }

// Meta is what every answer about a sample carries.
type Meta struct {
	NObs    int    `json:"n_obs" jsonschema:"Observations that were used."`
	Start   string `json:"start,omitempty" jsonschema:"First of them."`
	End     string `json:"end,omitempty" jsonschema:"Last of them."`
	Dropped int    `json:"dropped" jsonschema:"Times that were left out because not every series has them."`
	Method  string `json:"method,omitempty" jsonschema:"What was done."`
	Params  any    `json:"params,omitempty" jsonschema:"All parameters, with their defaults."`
	Outcome
}

func (m *Meta) meta() *Meta { return m }
