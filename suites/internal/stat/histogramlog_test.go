package stat

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func logOf(t testing.TB, byTag map[string]*Histogram) string {
	t.Helper()
	var text bytes.Buffer
	if err := WriteHistogramLog(&text, time.Date(2026, 11, 23, 19, 0, 0, 0, time.UTC), 90*time.Second, byTag); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func counting(values ...int64) *Histogram {
	h := NewHistogram()
	for _, v := range values {
		h.Record(v)
	}
	return h
}

func TestAHistogramLogHoldsEachTag(t *testing.T) {
	text := logOf(t, map[string]*Histogram{"service": counting(1, 2, 3), "response": counting(2_000_000)})
	lines := strings.Split(text, "\n")
	if want := "#[Histogram log format version 1.3]"; lines[0] != want {
		t.Errorf("it begins with %q, want %q", lines[0], want)
	}
	if want := "Tag=response,1795460400.000000,90.000000,2.000"; !strings.HasPrefix(lines[4], want) {
		t.Errorf("the first histogram is %q, want %q", lines[4], want)
	}
	read, err := ReadHistogramLog([]byte(text))
	if err != nil || len(read) != 2 || read["service"].Count() != 3 || read["service"].Max() != 3 || read["response"].Count() != 1 {
		t.Errorf("%v, %v", read, err)
	}
}

func TestLinesOfOneTagAreAddedUp(t *testing.T) {
	one := logOf(t, map[string]*Histogram{"service": counting(1, 2)})
	two := logOf(t, map[string]*Histogram{"service": counting(3)})
	read, err := ReadHistogramLog([]byte(one + two))
	if err != nil || read["service"].Count() != 3 || read["service"].Max() != 3 {
		t.Errorf("%v, %v", read, err)
	}
}

func TestAHistogramLogWithoutAHistogramIsAFault(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "it is cut off in its last line",
		"#[Histogram log format version 1.3]\n": "it holds no histogram",
		"\"StartTimestamp\"":                    "it is cut off in its last line",
		"what is this\n":                        "line 1: it is no line of a histogram log",
		"Tag=a,1,1,1,HISTF\n":                   "line 1: the histogram cannot be read",
		"Tag=a,x,1,1,HISTF\n":                   "line 1: ",
	} {
		read, err := ReadHistogramLog([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || len(read) != 0 {
			t.Errorf("%q: %v, %v, want %q", text, read, err, want)
		}
	}
}

func TestATagThatALineCannotHoldIsRefused(t *testing.T) {
	var text bytes.Buffer
	if err := WriteHistogramLog(&text, time.Now(), 0, map[string]*Histogram{"a, b": counting(1)}); err == nil || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("%v", err)
	}
}

// FuzzReadHistogramLog guards against a file that ends the program: whatever is
// read has times, and what is not read is an error.
func FuzzReadHistogramLog(f *testing.F) {
	f.Add([]byte(logOf(f, map[string]*Histogram{"service": counting(1, 2, 3), "response": counting(7)})))
	f.Add([]byte("Tag=a,1,1,1,HISTFAAAAEV42pNpmSz\n"))
	f.Add([]byte("Tag=,,,,\n#\n\"\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := ReadHistogramLog(text)
		if len(read) == 0 && err == nil {
			t.Error("neither a histogram nor an error")
		}
		for tag, h := range read {
			if h.Count() < 0 {
				t.Errorf("%q has %d times", tag, h.Count())
			}
		}
	})
}
