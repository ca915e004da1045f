package endpoint

import "testing"

func TestURLProblem(t *testing.T) {
	for raw, want := range map[string]string{
		"http://far":                   "",
		"https://user:pw@far:8080/a?b": "",
		"HTTP://far":                   "",
		"http://[::1]:80":              "",
		"":                             "is empty",
		"http://user:secret@%":         "cannot be parsed",
		"ftp://far":                    "is neither http nor https",
		"far/logs":                     "is neither http nor https",
		"token:x@far/logs":             "is neither http nor https",
		"http:///logs":                 "has no host",
		"https://:80/":                 "has no host",
	} {
		if got := URLProblem(raw); got != want {
			t.Errorf("%q: %q, want %q", raw, got, want)
		}
	}
}

func TestNameProblem(t *testing.T) {
	for name, want := range map[string]string{
		"Authorization":  "",
		"x-!#$%&'*+.^_`": "",
		"":               "is not valid",
		"a b":            "is not valid",
		"a:":             "is not valid",
		"ä":              "is not valid",
		"a\r\nb":         "is not valid",
		"content-TYPE":   "is set for each request",
		"host":           "is set for each request",
		"Logperf-Batch":  "is set for each request",
	} {
		if got, fix := NameProblem(name); got != want || (fix == "") != (want == "") {
			t.Errorf("%q: %q, want %q; to be %q", name, got, want, fix)
		}
	}
}

func TestValueProblem(t *testing.T) {
	for value, want := range map[string]string{
		"":                   "",
		"Bearer x, ümlaut ~": "",
		"a\tb":               "has a control character",
		"a\r\nX: b":          "has a control character",
		"a\x00":              "has a control character",
		"a\x7f":              "has a control character",
	} {
		if got, fix := ValueProblem(value); got != want || (fix == "") != (want == "") {
			t.Errorf("%q: %q, want %q; to be %q", value, got, want, fix)
		}
	}
}
