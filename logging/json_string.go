package logging

import (
	"math"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// escapes holds 0 for the ASCII characters that stand for themselves in a JSON
// string, the letter after the backslash for those with a short form, and 'u'
// for the rest.
var escapes = func() (t [utf8.RuneSelf]byte) {
	for c := range byte(' ') {
		t[c] = 'u'
	}
	t['\n'], t['\r'], t['\t'] = 'n', 'r', 't'
	t['"'], t['\\'] = '"', '\\'
	return t
}()

// appendString appends s as a JSON string, as slog does: nothing escaped for
// HTML, bytes that are no UTF-8 replaced by \ufffd, U+2028 and U+2029 escaped.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	if clean(s) {
		dst = append(dst, s...)
	} else {
		dst = appendEscaped(dst, s)
	}
	return append(dst, '"')
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// dirty is not 0 if one of the 8 bytes of x is below space, a quote, a
// backslash or not ASCII (the zero-byte test of "Hacker's Delight", 6-1).
func dirty(x uint64) uint64 {
	quote := x ^ ones*'"'
	slash := x ^ ones*'\\'
	return (x | (x - ones*' ') | (quote - ones) | (slash - ones)) & highs
}

func load8(s string, i int) uint64 {
	s = s[i : i+8]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// clean reports whether s stands for itself in a JSON string.
func clean(s string) bool {
	n := len(s)
	if n < 8 {
		for i := range n {
			if c := s[i]; c >= utf8.RuneSelf || escapes[c] != 0 {
				return false
			}
		}
		return true
	}
	for i := 0; i <= n-8; i += 8 {
		if dirty(load8(s, i)) != 0 {
			return false
		}
	}
	return dirty(load8(s, n-8)) == 0
}

func appendEscaped(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			esc := escapes[c]
			if esc == 0 {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			if esc == 'u' {
				dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			} else {
				dst = append(dst, '\\', esc)
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029': // valid in JSON, not in JavaScript
			dst = append(dst, s[start:i]...)
			dst = append(dst, `\u202`...)
			dst = append(dst, hexDigits[r&15])
			start = i + size
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// appendFloat appends f in the form of encoding/json (ES6); the values that JSON
// has no number for become the strings "NaN", "+Inf" and "-Inf".
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		dst = append(dst, '"')
		dst = strconv.AppendFloat(dst, f, 'g', -1, 64)
		return append(dst, '"')
	}
	// Up to three decimals and 15 digits: the division below is exact to the
	// last bit, and no two decimals of 15 digits share a float64, so the digits of m
	// are the shortest that read back as f. It saves the search for them.
	if m := int64(math.RoundToEven(f * 1000)); m != 0 && float64(m)/1000 == f && m < 1e15 && m > -1e15 {
		return appendMilli(dst, m)
	}
	abs := math.Abs(f)
	if abs == 0 || abs >= 1e-6 && abs < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); n >= 4 && dst[n-4] == 'e' && dst[n-3] == '-' && dst[n-2] == '0' {
		dst[n-2] = dst[n-1] // e-09 becomes e-9
		dst = dst[:n-1]
	}
	return dst
}

// appendMilli appends m/1000 without trailing zeros.
func appendMilli(dst []byte, m int64) []byte {
	if m < 0 {
		dst = append(dst, '-')
		m = -m
	}
	dst = strconv.AppendInt(dst, m/1000, 10)
	switch frac := m % 1000; {
	case frac == 0:
		return dst
	case frac%100 == 0:
		return append(dst, '.', byte('0'+frac/100))
	case frac%10 == 0:
		return append(dst, '.', byte('0'+frac/100), byte('0'+frac/10%10))
	default:
		return append(dst, '.', byte('0'+frac/100), byte('0'+frac/10%10), byte('0'+frac%10))
	}
}
