package result

import "bytes"

// bulk are the fields of run.json that a history has no use for, and that are most
// of it.
var bulk = [][]byte{[]byte(`"timelines":`), []byte(`"curves":`), []byte(`"ratios":`), []byte(`"verdicts":`)}

// lean is the text of a run.json with null for its bulk; nil where it ends within
// one. encoding/json looks at each byte twice, and skipping what is not asked for
// is no faster than decoding it: without this a history takes twice as long. What
// is left out is not checked.
//
// A quote within a string is escaped, so these bytes are a name wherever they stand.
// They would be that of a setting or a metric too, whose lists would then be lost:
// there are none of these names.
func lean(text []byte) []byte {
	out := make([]byte, 0, len(text)/2)
	for {
		at, field := -1, []byte(nil)
		for _, one := range bulk {
			if i := bytes.Index(upTo(text, at), one); i >= 0 {
				at, field = i, one
			}
		}
		if at < 0 {
			return append(out, text...)
		}
		value := at + len(field)
		out = append(out, text[:value]...)
		text = text[value:]
		end := skipValue(text)
		switch {
		case end < 0:
			return nil
		case end > 0:
			out = append(out, "null"...)
			text = text[end:]
		}
	}
}

// upTo is the text before an index; all of it for one below 0.
func upTo(text []byte, at int) []byte {
	if at < 0 {
		return text
	}
	return text[:at]
}

// skipValue is the length of the list or map that the text begins with, spaces
// included; 0 where it begins with something else, such as null, and -1 where it
// does not end.
func skipValue(text []byte) int {
	start := len(text) - len(bytes.TrimLeft(text, " \t\r\n"))
	if start == len(text) {
		return -1
	}
	if text[start] != '[' && text[start] != '{' {
		return 0
	}
	level := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			level++
		case ']', '}':
			if level--; level == 0 {
				return i + 1
			}
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		}
	}
	return -1
}
