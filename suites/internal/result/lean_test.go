package result

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"
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

// FuzzLeanTextDecodesAlike: whatever run.json holds, a history sees the same.
func FuzzLeanTextDecodesAlike(f *testing.F) {
	text, err := os.ReadFile("testdata/run.v1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"schema":1,"results":[{"scenario":"\\\"ratios\":[","ratios":[{"a":"]"}],"values":{"x":[1]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var whole, some past
		if json.Unmarshal(text, &whole) != nil {
			t.Skip("no run")
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
