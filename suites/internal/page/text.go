package page

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible shows what a reader of a page would not see, or would see as something
// else, as Go writes it: control characters, marks that turn the direction of the
// text, bytes that are no text. Line ends and tabs stay. html/template escapes
// what is markup; it lets these through.
func visible(text string) string {
	if !strings.ContainsFunc(text, strange) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if !strange(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRune(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

func strange(r rune) bool {
	return !unicode.IsPrint(r) && r != '\n' && r != '\t' && r != '\u202f' || r == utf8.RuneError
}

// anchors gives each scenario an id that a link can be kept by: the name with
// dashes for all that is no letter or digit of ASCII, and a number where two
// names would be the same.
type anchors map[string]int

func (a anchors) of(name string) string {
	id := strings.Trim(strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "-"), "-")
	id = "s-" + id
	a[id]++
	if n := a[id]; n > 1 {
		id += "--" + strconv.Itoa(n)
	}
	return id
}

// grouped writes a count with spaces between the thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	var parts []string
	for len(text) > 3 {
		parts = append([]string{text[len(text)-3:]}, parts...)
		text = text[:len(text)-3]
	}
	return sign + strings.Join(append([]string{text}, parts...), "\u202f")
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
