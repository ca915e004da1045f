package result

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/logperf/logperf/suites/internal/metric"
)

func TestALeanTextHasTheRestOfTheRun(t *testing.T) {
	for _, file := range []string{"testdata/run.v1.json", "testdata/run.v1-indented.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var run Run
		if err := json.Unmarshal(lean(text), &run); err != nil {
			t.Fatal(err)
		}
		want := sample()
		want.Verdicts = nil
		for i := range want.Results {
			want.Results[i].Ratios, want.Results[i].Curves = nil, nil
		}
		if !reflect.DeepEqual(&run, want) {
			t.Errorf("%s becomes %+v", file, run)
		}
	}
}

func TestALeanTextLeavesWhatIsNoField(t *testing.T) {
	for _, c := range [][2]string{
		{`{"a":"\"curves\":[1"}`, `{"a":"\"curves\":[1"}`},
		{`{"curves": [["]\"\\"]], "b": "ratios"}`, `{"curves":null, "b": "ratios"}`},
		{`{"verdicts":{},"timelines":[],"z":[{}]}`, `{"verdicts":null,"timelines":null,"z":[{}]}`},
		{`{"curves":[{"ratios":[1]}],"ratios":[2]}`, `{"curves":null,"ratios":null}`},
		{`{"curves":[1`, ""},
		{`{"curves":`, ""},
		{`{"curves":7}`, `{"curves":7}`},
		{`{"verdicts": null,"ratios":[1]}`, `{"verdicts": null,"ratios":null}`},
		{`{"curves":["\`, ""},
		{``, ``},
	} {
		text, want := c[0], c[1]
		if got := lean([]byte(text)); string(got) != want {
			t.Errorf("%s becomes %s, want %s", text, got, want)
		}
	}
}

// FuzzLeanTextDecodesAlike: whatever run.json holds, a history sees the same; but
// for a list of a setting or a metric that is named as the bulk is.
func FuzzLeanTextDecodesAlike(f *testing.F) {
	text, err := os.ReadFile("testdata/run.v1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema":1,"results":[{"scenario":"\\\"ratios\":[","ratios":[{"a":"]"}],"values":{"x":[1]}}]}`))
	f.Add([]byte(`{"schema":1,"settings":{"a":[{"ratios":[1]}]}}`))
	f.Add([]byte(`{"schema":1,"results":[{"values":{"curves":[1]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole, some past
		if json.Unmarshal(text, &whole) != nil {
			t.Skip("no run")
		}
		if namesBulk(whole.Settings) {
			t.Skip("a setting is named as the bulk is")
		}
		for _, r := range whole.Results {
			for name := range r.Values {
				if isBulk(name) {
					t.Skip("a metric is named as the bulk is")
				}
			}
		}
		short := lean(text)
		if short == nil || json.Unmarshal(short, &some) != nil {
			return // the whole is read
		}
		if !reflect.DeepEqual(whole, some) {
			t.Errorf("%s is %+v, lean %+v", text, whole, some)
		}
	})
}

func isBulk(name string) bool {
	return slices.ContainsFunc(bulk, func(one []byte) bool { return string(one) == `"`+name+`":` })
}

// namesBulk looks for such a name in what JSON holds.
func namesBulk(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		for name, below := range v {
			if isBulk(name) || namesBulk(below) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, namesBulk)
	}
	return false
}

// TestNoMetricIsNamedAsTheBulkIs: a history would not have it.
func TestNoMetricIsNamedAsTheBulkIs(t *testing.T) {
	for _, m := range metric.All() {
		if isBulk(m.Name) {
			t.Errorf("the metric %s is left out of a history", m.Name)
		}
	}
}
