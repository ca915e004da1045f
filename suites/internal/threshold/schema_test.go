package threshold

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write the schema anew")

func TestTheSchemaInDocsIsTheGeneratedOne(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../../" + SchemaPath
	if *update {
		if err := os.WriteFile(path, want, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the metrics give (%v): go test ./suites/internal/threshold -update writes it", SchemaPath, err)
	}
}

func TestTheLimitsNameTheSchemaOnTheirFirstLine(t *testing.T) {
	text, err := os.ReadFile("../../../thresholds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(text, []byte("# yaml-language-server: $schema="+SchemaPath+"\n")) {
		t.Error("an editor does not find the schema of thresholds.yaml")
	}
}

// TestSchemaAndParserAgree holds both to the same examples, so that an editor
// marks what the suite would refuse, as far as a schema can know it.
func TestSchemaAndParserAgree(t *testing.T) {
	schema := compiled(t)
	whole, err := os.ReadFile("../../../thresholds.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{good, true},
		{string(whole), true},
		{"scenarios: {a: {B/op: {max: 1}}}", true},
		{"scenarios: {a: {ns/op: {vs: {b: 1.5}}}}", true},
		{"profiles: {p: {cpu: x, cores: 2, scenarios: {a: {ns/op: {max: 1us}}}}}\nscenarios: {}", true},
		{"profiles: {}", false},
		{"scenario: {}", false},
		{"scenarios: {a: {}}", false},
		{"scenarios: {a: {ns/po: {max: 1}}}", false},
		{"scenarios: {a: {ns/op: {max: 1}}}", false},
		{"scenarios: {a: {B/op: {min: 1}}}", false},
		{"scenarios: {a: {B/op: {why: x}}}", false},
		{"scenarios: {a: {B/op: {vs: {}}}}", false},
		{"scenarios: {a: {B/op: {max: 1, expires: soon}}}", false},
		{"scenarios: {a: {ns/op: {regression: 3%}}}", true},
		{"scenarios: {a: {ns/op: {accept: {ratio: 1.06, why: x, until: 2027-01-31}}}}", true},
		{"scenarios: {a: {ns/op: {accept: {ratio: 1.06, until: 2027-01-31}}}}", false},
		{"scenarios: {a: {ns/op: {accept: {ratio: 1.06, why: x, until: soon}}}}", false},
		{"scenarios: {a: {p99-ns: {regression: 3%}}}", false},
		{"profiles: {p: {cpu: x, cores: 2, scenarios: {a: {ns/op: {regression: 3%}}}}}\nscenarios: {}", false},
		{"profiles: {p: {cpu: [x, y], cores: 2}}\nscenarios: {}", true},
		{"profiles: {p: {cpu: [], cores: 2}}\nscenarios: {}", false},
		{"profiles: {p: {cores: 2}}\nscenarios: {}", false},
		{"profiles: {p: {cpu: x, cores: 0}}\nscenarios: {}", false},
	} {
		_, err := Parse("t.yaml", []byte(c.text), today)
		if (err == nil) != c.ok {
			t.Errorf("the parser says %v of %q, want it accepted: %v", err, c.text, c.ok)
		}
		if err := schema.Validate(document(t, c.text)); (err == nil) != c.ok {
			t.Errorf("the schema says %v of %q, want it accepted: %v", err, c.text, c.ok)
		}
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("thresholds.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("thresholds.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// document is the YAML text as JSON values.
func document(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
