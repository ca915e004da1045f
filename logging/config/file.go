package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFileSize bounds a settings file; all settings with a comment each and ten
// routes take 8 KiB. The YAML parser's time grows with the square of the depth:
// 16 KiB of opening brackets take it 0.6 s, 64 KiB 12 s.
const maxFileSize = 16 << 10

// file reads the settings file.
func (l *loader) file(path string) {
	f, err := os.Open(path)
	if err != nil {
		l.fault(FileVariable, fmt.Errorf("%w: want a YAML file; without the variable the defaults hold", err))
		return
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	switch {
	case err != nil:
		l.fault(FileVariable, fmt.Errorf("%w: want a YAML file", err))
	case len(data) > maxFileSize:
		l.fault(path, fmt.Errorf("the file is too large: want at most %d bytes", maxFileSize))
	default:
		l.parse(path, data)
	}
}

// parse reads data, the content of the settings file name.
func (l *loader) parse(name string, data []byte) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if where, err := checkText(data); err != nil {
		l.fault(name+where, err)
		return
	}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		where, text := name, err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok {
			where, text = at(name, e.GetToken()), message(e)
		}
		l.fault(where, errors.New(text))
		return
	}
	r := fileReader{loader: l, name: name}
	all, _ := fields()
	r.paths = paths(all)
	seen := false
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		if seen {
			r.fault(doc.Body, "", errors.New("a second document starts here: want all settings in one"))
			return
		}
		seen = true
		r.group(doc.Body, reflect.ValueOf(&l.settings).Elem(), "")
	}
}

// message is that of e. The one about what stands behind | or > quotes the line,
// which may hold a secret.
func message(e yaml.Error) string {
	if text := e.GetMessage(); !strings.HasPrefix(text, "invalid header option") {
		return text
	}
	return "a text stands in the line of its | or >: want it on the next one"
}

// checkText returns where and what the first byte is that no text has.
func checkText(data []byte) (where string, err error) {
	line, column := 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 || r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return fmt.Sprintf(":%d:%d", line, column), fmt.Errorf("the byte 0x%02x does not stand in text: want a YAML file in UTF-8", data[i])
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
		i += size
	}
	return "", nil
}
