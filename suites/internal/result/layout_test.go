package result

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestALineEndsWithEachFieldAndNotWithEachNumber(t *testing.T) {
	const compact = `{"a":1,"rows":[{"name":"x, [\"y\\","values":{"ns/op":[1,2],"B/op":[]},"none":{}},{}],"empty":[]}`
	const want = `{
  "a": 1,
  "rows": [
    {
      "name": "x, [\"y\\",
      "values": {"ns/op":[1,2],"B/op":[]},
      "none": {}
    },
    {}
  ],
  "empty": []
}`
	if got := layout([]byte(compact), 3); string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := layout([]byte(`[[1],[2]]`), 0); string(got) != `[[1],[2]]` {
		t.Errorf("without a depth: %s", got)
	}
}

func FuzzLayoutChangesNothing(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\\\"{"}],"c":null}`), 2)
	f.Add([]byte(`"\\"`), 1)
	f.Fuzz(func(t *testing.T, text []byte, depth int) {
		var compact bytes.Buffer
		if json.Compact(&compact, text) != nil {
			t.Skip("no JSON")
		}
		var back bytes.Buffer
		if err := json.Compact(&back, layout(compact.Bytes(), depth)); err != nil || !bytes.Equal(back.Bytes(), compact.Bytes()) {
			t.Errorf("%s becomes %s, %v", compact.Bytes(), layout(compact.Bytes(), depth), err)
		}
	})
}
