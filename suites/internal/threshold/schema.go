package threshold

import (
	"encoding/json"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/logperf/logperf/suites/internal/metric"
)

// SchemaPath is where the schema stands in the repository; the first line of
// thresholds.yaml names it, so that an editor completes and checks the file.
const SchemaPath = "docs/thresholds.schema.json"

// Schema returns the JSON Schema (draft 2020-12) of a file of limits. The same
// metrics give the same bytes. It says what an editor can check; that names
// belong to scenarios, and that no limit has expired, the suite itself checks.
func Schema() ([]byte, error) {
	schema := &jsonschema.Schema{
		Schema:      "https://json-schema.org/draft/2020-12/schema",
		Title:       "thresholds.yaml of logperf",
		Description: "Limits by scenario and metric. Absolute limits on times stand under the profile of the machine they were measured on.",
		Type:        "object", Required: []string{"scenarios"}, AdditionalProperties: nothing(),
		Properties: map[string]*jsonschema.Schema{
			"profiles": {
				Type: "object", Description: "Machines that absolute limits were measured on.",
				AdditionalProperties: &jsonschema.Schema{
					Type: "object", Required: []string{"cpu", "cores"}, AdditionalProperties: nothing(),
					Properties: map[string]*jsonschema.Schema{
						"cpu":       cpuSchema(),
						"cores":     {Type: "integer", Minimum: new(1.0), Description: "The number of processors."},
						"scenarios": scenariosSchema(true),
					},
				},
			},
			"scenarios": scenariosSchema(false),
		},
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}

func cpuSchema() *jsonschema.Schema {
	name := func() *jsonschema.Schema { return &jsonschema.Schema{Type: "string", MinLength: new(1)} }
	return &jsonschema.Schema{
		Description: "The processor's model name, as run.json has it, or a list of such names.",
		AnyOf:       []*jsonschema.Schema{name(), {Type: "array", Items: name(), MinItems: new(1)}},
	}
}

// nothing is the schema that no value meets.
func nothing() *jsonschema.Schema { return &jsonschema.Schema{Not: &jsonschema.Schema{}} }

func scenariosSchema(profile bool) *jsonschema.Schema {
	metrics := map[string]*jsonschema.Schema{}
	for _, m := range metric.All() {
		metrics[m.Name] = limitSchema(m, profile)
	}
	return &jsonschema.Schema{
		Type: "object", Description: "Limits by the scenario's name, as in queue/put-take/producers=8/cap=1024.",
		AdditionalProperties: &jsonschema.Schema{
			Type: "object", MinProperties: new(1), AdditionalProperties: nothing(), Properties: metrics,
		},
	}
}

func limitSchema(m metric.Metric, profile bool) *jsonschema.Schema {
	value := func(help string) *jsonschema.Schema {
		return &jsonschema.Schema{Types: []string{"string", "number"}, Description: help}
	}
	properties := map[string]*jsonschema.Schema{
		"vs": {
			Type: "object", MinProperties: new(1), AdditionalProperties: value("The largest ratio to the reference, for example 1.2; of a rate the smallest."),
			Description: "Ratio to a reference that runs in lockstep.",
		},
		"totals":  value("Factor by which the limit on the ratio of the total times is wider; 1.25 by default."),
		"why":     {Type: "string", Description: "Where the limit comes from, if that is not plain."},
		"expires": {Type: "string", Pattern: `^\d{4}-\d{2}-\d{2}$`, Description: "The last day on which the limit holds."},
	}
	choices := []*jsonschema.Schema{{Required: []string{"vs"}}}
	if !m.Machine || profile {
		side := "max"
		if m.Better == metric.Higher {
			side = "min"
		}
		properties[side] = value("In " + string(m.Unit) + ", or with a suffix such as " + m.Unit.Example() + ".")
		choices = append(choices, &jsonschema.Schema{Required: []string{side}})
	}
	if !profile && slices.Contains(Compared(), m.Name) {
		properties["regression"] = value("The share by which the gate lets it exceed the base's, such as 4%; none where the gate does not compare it.")
		properties["accept"] = acceptSchema()
		choices = append(choices, &jsonschema.Schema{Required: []string{"regression"}}, &jsonschema.Schema{Required: []string{"accept"}})
	}
	return &jsonschema.Schema{
		Type: "object", Description: m.Help, AdditionalProperties: nothing(), Properties: properties, AnyOf: choices,
	}
}

func acceptSchema() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type: "object", Description: "A slowdown that is expected, for the gate.", AdditionalProperties: nothing(),
		Required: []string{"ratio", "why", "until"},
		Properties: map[string]*jsonschema.Schema{
			"ratio": {Types: []string{"string", "number"}, Description: "The figure of head over that of base, above 1."},
			"why":   {Type: "string", MinLength: new(1), Description: "The reason."},
			"until": {Type: "string", Pattern: `^\d{4}-\d{2}-\d{2}$`, Description: "The last day on which it is accepted."},
		},
	}
}
