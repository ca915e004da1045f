package report

import (
	"io"
	"strconv"
	"strings"
	"unicode"
)

// Plain is text of a stored run for one line of a terminal: what cannot be
// printed, such as control characters that move the cursor or marks that turn the
// direction of writing, stands there as Go writes it.
func Plain(text string) string { return escape(text, "") }

// PlainWriter escapes what is written as Plain does, but for the ends of lines and
// tabs.
func PlainWriter(w io.Writer) io.Writer { return plainWriter{w} }

type plainWriter struct{ w io.Writer }

func (p plainWriter) Write(text []byte) (int, error) {
	if _, err := io.WriteString(p.w, escape(string(text), "\n\t")); err != nil {
		return 0, err
	}
	return len(text), nil
}

// escape leaves the runes of but as they are.
func escape(text, but string) string {
	strange := func(r rune) bool {
		return !unicode.IsPrint(r) && !strings.ContainsRune(but, r) || r == unicode.ReplacementChar
	}
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

// cell is text of a stored run for a cell of a Markdown table, in which it is
// neither markup nor HTML.
func cell(text string) string {
	return markup.Replace(Plain(text))
}

var markup = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "&", "&amp;", "<", "&lt;", ">", "&gt;",
)
