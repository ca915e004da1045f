package result

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTheSchemaIsDocumented holds docs/run.schema.md and the structs against each
// other, both ways.
func TestTheSchemaIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/run.schema.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| [^|]*\\|$").FindAllStringSubmatch(string(text), -1) {
		if _, twice := documented[m[1]]; twice {
			t.Errorf("%s is documented twice", m[1])
		}
		documented[m[1]] = m[2]
	}
	fields := map[string]string{}
	describe("", reflect.TypeFor[Run](), "", fields)
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		if documented[path] != fields[path] {
			t.Errorf("%s is documented as %q: want %q", path, documented[path], fields[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(documented)) {
		if _, ok := fields[path]; !ok {
			t.Errorf("%s is documented and is no field", path)
		}
	}
}

// describe sets the types of all that JSON holds of a type, by path.
func describe(path string, of reflect.Type, optional string, into map[string]string) {
	switch {
	case of == reflect.TypeFor[time.Time]():
		into[path] = "time" + optional
		return
	case of.Kind() == reflect.Pointer:
		describe(path, of.Elem(), optional, into)
		return
	}
	switch of.Kind() {
	case reflect.Struct:
		for field := range fieldsOf(of) {
			name, rest, _ := strings.Cut(field.Tag.Get("json"), ",")
			if name == "-" {
				continue
			}
			missing := ""
			if strings.Contains(rest, "omitempty") {
				missing = ", may be missing"
			}
			describe(strings.TrimPrefix(path+"."+name, "."), field.Type, missing, into)
		}
	case reflect.Slice:
		describe(path+"[]", of.Elem(), optional, into)
	case reflect.Map:
		describe(path+"{}", of.Elem(), optional, into)
	case reflect.Bool:
		into[path] = "boolean" + optional
	case reflect.Float64:
		into[path] = "number" + optional
	case reflect.Int, reflect.Int64, reflect.Uint64:
		into[path] = "integer" + optional
	case reflect.String:
		into[path] = "string" + optional
	default:
		into[path] = "any" + optional
	}
}

func fieldsOf(of reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range of.NumField() {
			if !yield(of.Field(i)) {
				return
			}
		}
	}
}

// TestAnEnvironmentDiffersByEachOfItsFields keeps a field that is added from
// being forgotten where runs are compared.
func TestAnEnvironmentDiffersByEachOfItsFields(t *testing.T) {
	of := reflect.TypeFor[Environment]()
	for i := range of.NumField() {
		var other Environment
		field := reflect.ValueOf(&other).Elem().Field(i)
		switch field.Kind() {
		case reflect.String:
			field.SetString("x")
		case reflect.Int:
			field.SetInt(7)
		case reflect.Float64:
			field.SetFloat(1.5)
		case reflect.Bool:
			field.SetBool(true)
		default:
			t.Fatalf("a field of the kind %v", field.Kind())
		}
		name := of.Field(i).Name
		found := Environment{}.Differences(other)
		if name == "Commit" || name == "Dirty" {
			if len(found) > 0 {
				t.Errorf("%s: %v, want no difference", name, found)
			}
			continue
		}
		if len(found) != 1 || !strings.Contains(found[0], " -> ") {
			t.Errorf("%s: %v, want one difference", name, found)
		}
	}
	if found := (Environment{Go: "go1.26", Quota: 1.5}).Differences(Environment{Go: "go1.27"}); !slices.Equal(found, []string{"quota: 1.5 processors -> unset", "go: go1.26 -> go1.27"}) {
		t.Errorf("%q", found)
	}
}

func TestSettingsDifferByTheirPaths(t *testing.T) {
	before := map[string]any{
		"Batch": map[string]any{"Bytes": 65536, "Delay": 10 * time.Millisecond}, "Level": "info", "AddSource": false,
		"Sink": map[string]any{"Routes": nil, "Path": "", "Ports": []int{1, 2}},
	}
	text, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	stored := map[string]any{}
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	if found := SettingsDifferences(before, stored); len(found) > 0 {
		t.Errorf("settings differ from themselves, stored: %q", found)
	}
	after := map[string]any{
		"Batch": map[string]any{"Bytes": 1024, "Delay": 10 * time.Millisecond}, "AddSource": true, "New": "x",
		"Sink": map[string]any{"Routes": []any{}, "Ports": []int{1, 3}},
	}
	want := []string{"AddSource: false -> true", "Batch.Bytes: 65536 -> 1024", "Level: info -> unset", "New: unset -> x", "Sink.Ports: [1,2] -> [1,3]"}
	if found := SettingsDifferences(before, after); !slices.Equal(found, want) {
		t.Errorf("%q, want %q", found, want)
	}
	if found := SettingsDifferences(nil, nil); found != nil {
		t.Errorf("%q", found)
	}
}
