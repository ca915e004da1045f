package config

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A fileReader walks the tree of a settings file beside the struct. (Rejected:
// the decoder of the YAML package, which stops at the first fault and speaks of
// Go types.)
type fileReader struct {
	*loader
	name  string
	paths []string // of all settings
}

func (r *fileReader) at(n ast.Node) string { return at(r.name, n.GetToken()) }

// fault adds err, met at n in the setting or group at path.
func (r *fileReader) fault(n ast.Node, path string, err error) {
	if path != "" {
		err = fmt.Errorf("%s: %w", path, err)
	}
	r.loader.fault(r.at(n), err)
}

func at(name string, t *token.Token) string {
	if t == nil || t.Position == nil {
		return name
	}
	return fmt.Sprintf("%s:%d:%d", name, t.Position.Line, t.Position.Column)
}

// group reads a mapping into the struct v, which is the settings themselves or
// the group of them at path.
func (r *fileReader) group(n ast.Node, v reflect.Value, path string) {
	if pairs, ok := r.pairs(n, path, "settings by name, as in level: info"); ok {
		r.fill(pairs, v, path)
	}
}

// fill reads pairs into the struct v.
func (r *fileReader) fill(pairs []*ast.MappingValueNode, v reflect.Value, path string) {
	names := namesOf(v.Type())
	for _, pair := range pairs {
		key, ok := r.text(pair.Key, path)
		if !ok {
			continue
		}
		i := slices.Index(names, key)
		switch {
		case i < 0:
			r.fault(pair.Key, path, &unknownError{what: "key", name: key, known: names, other: r.paths})
		case pair.Value.Type() == ast.NullType:
		case v.Field(i).Kind() == reflect.Struct:
			r.group(pair.Value, v.Field(i), join(path, key))
		default:
			r.setting(pair.Value, v.Field(i), join(path, key))
		}
	}
}

// namesOf returns the YAML name of each field of t.
func namesOf(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = t.Field(i).Tag.Get("yaml")
	}
	return names
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// setting reads one value into v.
func (r *fileReader) setting(n ast.Node, v reflect.Value, path string) {
	r.sources[path] = r.at(n)
	switch v.Kind() {
	case reflect.Map:
		r.named(n, v, path)
	case reflect.Slice:
		if isGroups(v.Type()) {
			r.groups(n, v, path)
		} else {
			r.list(n, v, path)
		}
	default:
		text, ok := r.text(n, path)
		if !ok {
			return
		}
		if err := set(v, text); err != nil {
			r.fault(n, path, err)
		}
	}
}

func (r *fileReader) named(n ast.Node, v reflect.Value, path string) {
	pairs, ok := r.pairs(n, path, "names with values, as in service: checkout")
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, pair := range pairs {
		key, ok := r.text(pair.Key, path)
		if !ok {
			continue
		}
		if text, ok := r.text(pair.Value, path+"."+key); ok {
			r.sources[path+"."+key] = r.at(pair.Key)
			v.SetMapIndex(reflect.ValueOf(key), reflect.ValueOf(text))
		}
	}
}

// groups reads a list of mappings into the slice v. The place of each is that of
// its first key.
func (r *fileReader) groups(n ast.Node, v reflect.Value, path string) {
	const want = "a list of mappings, as in - name: errors"
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(n, path, fmt.Errorf("%s stands where a list belongs: want %s", kind(n), want))
		return
	}
	for i, item := range sequence.Values {
		place := fmt.Sprintf("%s[%d]", path, i)
		r.sources[place] = r.at(item)
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		pairs, ok := r.pairs(item, place, want)
		if ok && len(pairs) > 0 {
			r.sources[place] = r.at(pairs[0].Key)
			r.fill(pairs, v.Index(i), place)
		}
	}
}

func (r *fileReader) list(n ast.Node, v reflect.Value, path string) {
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		r.fault(n, path, fmt.Errorf("%s stands where a list belongs: want one as in [password, token]", kind(n)))
		return
	}
	for i, item := range sequence.Values {
		place := fmt.Sprintf("%s[%d]", path, i)
		r.sources[place] = r.at(item)
		if text, ok := r.text(item, place); ok {
			v.Set(reflect.Append(v, reflect.ValueOf(text)))
		}
	}
}

// pairs returns the pairs of a mapping; anything else is a fault.
func (r *fileReader) pairs(n ast.Node, path, want string) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	r.fault(n, path, fmt.Errorf("%s stands where a mapping belongs: want %s", kind(n), want))
	return nil, false
}

// text returns the text of a plain or quoted value, as it would stand in a
// variable; anything else is a fault.
func (r *fileReader) text(n ast.Node, path string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		return "", true
	}
	r.fault(n, path, fmt.Errorf("%s stands where a plain value belongs: want a text or a number", kind(n)))
	return "", false
}

func kind(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		return "an anchor or alias, which settings do not take,"
	case ast.MappingKeyType:
		return "a key behind a question mark"
	case ast.TagType:
		return "a tag, which settings do not take,"
	case ast.NullType:
		return "nothing"
	}
	return "a plain value"
}
