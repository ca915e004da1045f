package result

import "encoding/json"

// layoutDepth is down to which level run.json has a line for each value: the run,
// its rows and verdicts, and their fields. What is deeper, such as the values of a
// metric or a timeline, stands in one line: a line for each number would make the
// file three times as long, and reading the history of 200 runs as slow.
const layoutDepth = 3

// encode writes a value as JSON with lines down to layoutDepth.
func encode(value any) ([]byte, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return append(layout(text, layoutDepth), '\n'), nil
}

// layout breaks compact JSON into lines down to a depth, two spaces to a level.
func layout(compact []byte, depth int) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/4)
	level := 0
	line := func() {
		out = append(out, '\n')
		for range level {
			out = append(out, "  "...)
		}
	}
	quoted, escaped := false, false
	for i, b := range compact {
		if quoted {
			out = append(out, b)
			quoted = b != '"' || escaped
			escaped = b == '\\' && !escaped
			continue
		}
		switch b {
		case '{', '[':
			out = append(out, b)
			level++
			if closing := compact[i+1]; level <= depth && closing != '}' && closing != ']' {
				line()
			}
		case '}', ']':
			level--
			if opening := compact[i-1]; level < depth && opening != '{' && opening != '[' {
				line()
			}
			out = append(out, b)
		case ',':
			out = append(out, b)
			if level <= depth {
				line()
			}
		case ':':
			out = append(out, b)
			if level <= depth {
				out = append(out, ' ')
			}
		default:
			quoted = b == '"'
			out = append(out, b)
		}
	}
	return out
}
