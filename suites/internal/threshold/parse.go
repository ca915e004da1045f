package threshold

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	yamlparser "github.com/goccy/go-yaml/parser"

	"github.com/logperf/logperf/suites/internal/metric"
)

// parser walks the syntax tree by hand: decoding into structs would lose the
// positions, and would not tell a key that is given twice.
type parser struct {
	file   *File
	now    time.Time
	faults faults
}

func (p *parser) fault(n ast.Node, format string, args ...any) {
	at := where(n)
	text := fmt.Sprintf("%s:%d:%d: %s", p.file.name, at.line, at.col, fmt.Sprintf(format, args...))
	p.faults = append(p.faults, fault{at, text})
}

// where is the position of a node; of a mapping, that of its first key.
func where(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		n = m.Values[0].Key
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		n = v.Key
	}
	if n == nil || n.GetToken() == nil {
		return place{1, 1}
	}
	at := n.GetToken().Position
	return place{at.Line, at.Column}
}

func (p *parser) parse(data []byte) {
	tree, err := yamlparser.ParseBytes(data, 0)
	if err != nil {
		at, text := place{1, 1}, err.Error()
		var syntax *yaml.SyntaxError
		if errors.As(err, &syntax) && syntax.Token != nil {
			at, text = place{syntax.Token.Position.Line, syntax.Token.Position.Column}, syntax.Message
		}
		p.faults = append(p.faults, fault{at, fmt.Sprintf("%s:%d:%d: not YAML: %s", p.file.name, at.line, at.col, text)})
		return
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		p.faults = append(p.faults, fault{place{1, 1}, p.file.name + ":1:1: holds no limits: want one document with the key scenarios"})
		return
	}
	found := false
	for key, value := range p.mapping(tree.Docs[0].Body, "the file", "profiles", "scenarios") {
		switch key.text {
		case "profiles":
			p.profiles(value)
		case "scenarios":
			found = true
			p.scenarios(value, "")
		}
	}
	if !found && len(p.faults) == 0 {
		p.fault(tree.Docs[0].Body, "has no key scenarios")
	}
}

// key is a key of a mapping.
type key struct {
	text string
	node ast.Node
}

// mapping yields the pairs of a mapping. Unknown and repeated keys and
// everything that is no mapping are faults; with no known keys any is allowed.
func (p *parser) mapping(n ast.Node, what string, known ...string) func(func(key, ast.Node) bool) {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		return func(func(key, ast.Node) bool) { p.fault(n, "%s has to be a mapping with keys", what) }
	}
	return func(yield func(key, ast.Node) bool) {
		var seen []string
		for _, pair := range pairs {
			k := key{unquote(pair.Key), pair.Key}
			switch {
			case slices.Contains(seen, k.text):
				p.fault(pair.Key, "the key %q stands twice", k.text)
				continue
			case len(known) > 0 && !slices.Contains(known, k.text):
				p.fault(pair.Key, "%s has the unknown key %q: want %s%s", what, k.text, strings.Join(known, ", "), didYouMean(k.text, known))
				continue
			}
			seen = append(seen, k.text)
			if !yield(k, pair.Value) {
				return
			}
		}
	}
}

func unquote(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return s.Value
	}
	return n.GetToken().Value
}

// scalar is the text of a plain value.
func (p *parser) scalar(n ast.Node, what string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	p.fault(n, "%s has to be a plain value", what)
	return "", false
}

// names is one name or a list of them.
func (p *parser) names(n ast.Node, what string) []string {
	values := []ast.Node{n}
	if list, ok := n.(*ast.SequenceNode); ok {
		values = list.Values
	}
	var names []string
	for _, v := range values {
		if name, ok := p.scalar(v, what); ok && name != "" {
			names = append(names, name)
		}
	}
	return names
}

func (p *parser) profiles(n ast.Node) {
	for k, value := range p.mapping(n, "profiles") {
		found := profile{name: k.text, line: where(k.node).line}
		p.file.profiles = append(p.file.profiles, found)
		this := &p.file.profiles[len(p.file.profiles)-1]
		for field, v := range p.mapping(value, "the profile "+k.text, "cpu", "cores", "scenarios") {
			switch field.text {
			case "cpu":
				this.cpus = p.names(v, "cpu")
			case "cores":
				text, ok := p.scalar(v, "cores")
				cores, err := strconv.Atoi(text)
				if ok && (err != nil || cores < 1) {
					p.fault(v, "cores is %q: want a number from 1", text)
				}
				this.cores = cores
			case "scenarios":
				p.scenarios(v, k.text)
			}
		}
		if len(this.cpus) == 0 || this.cores == 0 {
			p.fault(k.node, "the profile %s needs cpu and cores: they tell on which machine its limits apply", k.text)
		}
	}
}

func (p *parser) scenarios(n ast.Node, profile string) {
	for k, value := range p.mapping(n, "scenarios") {
		if _, known := p.file.places[k.text]; !known {
			p.file.places[k.text] = where(k.node)
		}
		count := len(p.file.limits) + len(p.file.regressions)
		for m, limits := range p.mapping(value, "the scenario "+k.text) {
			found, ok := metric.Lookup(m.text)
			if !ok {
				p.fault(m.node, "the metric %q is unknown%s", m.text, didYouMean(m.text, metricNames()))
				continue
			}
			p.limit(Limit{
				Scenario: k.text, Metric: found, Totals: DefaultTotals, Profile: profile,
				File: p.file.name, Line: where(m.node).line, Col: where(m.node).col,
			}, m.node, limits)
		}
		if len(p.file.limits)+len(p.file.regressions) == count && len(p.faults) == 0 {
			p.fault(k.node, "the scenario %s has no limit", k.text)
		}
	}
}

func metricNames() []string {
	var names []string
	for _, m := range metric.All() {
		names = append(names, m.Name)
	}
	return names
}

// limit reads the limits of one metric: max and min, one for each reference of
// vs, and what the gate holds a change to.
func (p *parser) limit(base Limit, at, n ast.Node) {
	var found []Limit
	var gate Regression
	for k, v := range p.mapping(n, "the limit", "max", "min", "vs", "totals", "regression", "accept", "why", "expires") {
		switch k.text {
		case "regression", "accept":
			p.regressionKey(k, v, base, &gate)
		case "max", "min":
			l := base
			l.Kind = Kind(k.text)
			if value, ok := p.value(v, base.Metric.Unit); ok {
				l.Value = value
				p.checkPlace(k.node, l)
				found = append(found, l)
			}
		case "vs":
			found = append(found, p.ratios(base, v)...)
		case "totals":
			if f, ok := p.value(v, metric.Ratio); ok && f < 1 {
				p.fault(v, "totals is %g: want a factor from 1, by which the limit on the totals is wider", f)
			} else if ok {
				base.Totals = f
			}
		case "why":
			base.Why, _ = p.scalar(v, "why")
		case "expires":
			base.Expires = p.expires(v)
		}
	}
	if gate.Scenario != "" {
		gate.Why = base.Why
		if gate.None && gate.Why == "" {
			p.fault(at, "regression: none keeps %s out of the gate: say why, with why:", base.Metric.Name)
		}
		p.file.regressions = append(p.file.regressions, gate)
	} else if len(found) == 0 && len(p.faults) == 0 {
		p.fault(at, "the limit on %s has none of max, min, vs, regression and accept", base.Metric.Name)
	}
	for _, l := range found {
		l.Totals, l.Why, l.Expires = base.Totals, base.Why, base.Expires
		p.file.limits = append(p.file.limits, l)
	}
}

// checkPlace refuses limits that cannot mean what they say.
func (p *parser) checkPlace(n ast.Node, l Limit) {
	switch {
	case l.Metric.Machine && l.Profile == "":
		p.fault(n, "%s depends on the speed of the machine: an absolute limit on it belongs under profiles: NAME: scenarios:", l.Metric.Name)
	case l.Kind == Min && l.Metric.Better == metric.Lower:
		p.fault(n, "less is better of %s: want max in place of min", l.Metric.Name)
	case l.Kind == Max && l.Metric.Better == metric.Higher:
		p.fault(n, "more is better of %s: want min in place of max", l.Metric.Name)
	}
}

func (p *parser) ratios(base Limit, n ast.Node) []Limit {
	var found []Limit
	for k, v := range p.mapping(n, "vs") {
		l := base
		l.Kind, l.Against = Vs, k.text
		l.Line, l.Col = where(k.node).line, where(k.node).col
		value, ok := p.value(v, metric.Ratio)
		if ok && value <= 0 {
			p.fault(v, "the ratio to %s is %g: want a number above 0", k.text, value)
			continue
		}
		l.Value = value
		if ok {
			found = append(found, l)
		}
	}
	if len(found) == 0 && len(p.faults) == 0 {
		p.fault(n, "vs names no reference")
	}
	return found
}

func (p *parser) value(n ast.Node, unit metric.Unit) (float64, bool) {
	text, ok := p.scalar(n, "a limit")
	if !ok {
		return 0, false
	}
	v, err := unit.Parse(text)
	if err == nil && v < 0 {
		err = fmt.Errorf("%q is below 0", text)
	}
	if err != nil {
		p.fault(n, "%v", err)
		return 0, false
	}
	return v, true
}

func (p *parser) expires(n ast.Node) time.Time {
	text, ok := p.scalar(n, "expires")
	if !ok {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	switch {
	case err != nil:
		p.fault(n, "expires is %q: want a day as 2027-06-30", text)
	case p.now.After(day.AddDate(0, 0, 1)):
		p.fault(n, "the limit expired on %s: measure again, then move the day or drop it", text)
	}
	return day
}
