// Package endpoint says what an HTTP endpoint may be given as: the rules that the
// settings and the HTTP sink share. What it returns are parts of sentences that
// quote nothing, because URLs and the values of headers may hold secrets.
package endpoint

import (
	"net/url"
	"strings"
)

// WantURL is what a URL has to be.
const WantURL = "http or https and a host"

// URLProblem returns what is wrong with the URL, as in "has no host", or "". It
// does not name the scheme that it found: without http:// in front, the name of
// a user, which may be a token, stands there.
func URLProblem(raw string) string {
	if raw == "" {
		return "is empty"
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "cannot be parsed"
	case u.Scheme != "http" && u.Scheme != "https":
		return "is neither http nor https"
	case u.Hostname() == "":
		return "has no host"
	}
	return ""
}

// Reserved reports whether the header of that name is set for each request, by
// the sink or by net/http.
func Reserved(name string) bool {
	for _, r := range []string{
		"Logperf-Batch", "Connection", "Content-Encoding", "Content-Length", "Content-Type", "Host", "Trailer", "Transfer-Encoding",
	} {
		if strings.EqualFold(r, name) {
			return true
		}
	}
	return false
}

// NameProblem returns what is wrong with the name of a header and what would be
// right, or "" twice. Wrong are names that are no tokens or Reserved.
func NameProblem(name string) (problem, want string) {
	switch {
	case !isToken(name):
		return "is not valid", "letters, digits and hyphens"
	case Reserved(name):
		return "is set for each request", "another name"
	}
	return "", ""
}

// ValueProblem returns what is wrong with the value of a header and what would
// be right, or "" twice.
func ValueProblem(value string) (problem, want string) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return "has a control character", "none"
	}
	return "", ""
}

// isToken is the token of RFC 9110.
func isToken(s string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		return !letter && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	})
}
