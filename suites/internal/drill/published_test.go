package drill

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	// tableBegins and tableEnds stand around the published table, each on a line of
	// its own.
	tableBegins = "<!-- power: the table of docs/data/power.csv -->\n"
	tableEnds   = "<!-- power: its end -->\n"
)

// published is the table in the text of a guide; false where it has none.
func published(text string) (string, bool, error) {
	_, behind, begins := strings.Cut(text, tableBegins)
	table, _, ends := strings.Cut(behind, tableEnds)
	switch {
	case strings.Count(text, tableBegins) > 1:
		return "", false, fmt.Errorf("the line %q stands there twice", strings.TrimSpace(tableBegins))
	case begins != ends || !begins && strings.Contains(text, tableEnds):
		return "", false, fmt.Errorf("the lines %q and %q do not stand around a table", strings.TrimSpace(tableBegins), strings.TrimSpace(tableEnds))
	}
	return strings.TrimSpace(table) + "\n", begins, nil
}

// differs says what is wrong with the table of a guide that publishes rows; raw is
// nil where there are none.
func differs(guide string, raw []byte) error {
	table, there, err := published(guide)
	switch {
	case err != nil:
		return err
	case raw == nil && there:
		return errors.New("it publishes figures without their raw data")
	case raw == nil:
		return nil
	case !there:
		return fmt.Errorf("the raw data are there and it has no table between %q and %q", strings.TrimSpace(tableBegins), strings.TrimSpace(tableEnds))
	}
	rows, err := ReadRows(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("the raw data cannot be read: %w", err)
	}
	var want bytes.Buffer
	if err := Markdown(&want, Tallies(rows)); err != nil {
		return err
	}
	if table != want.String() {
		return fmt.Errorf("it publishes\n%s\nand the raw data give\n%s", table, want.String())
	}
	return nil
}

// TestThePublishedPowerIsThatOfTheRawData: the table in docs/methodology.md is made
// of docs/data/power.csv, and as long as that is not measured there is none.
func TestThePublishedPowerIsThatOfTheRawData(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join(root, "docs", "methodology.md"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, "docs", "data", "power.csv"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := differs(string(guide), raw); err != nil {
		t.Errorf("docs/methodology.md: %v", err)
	}
}

func TestATableThatIsNotOfTheRawDataIsFound(t *testing.T) {
	raw := strings.Join(columns, ",") + "\nslow,1,1,queue/put,ns/op,FAIL,1.08,1.05,1.1,32,0.03,60\n"
	var table bytes.Buffer
	rows, err := ReadRows(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := Markdown(&table, Tallies(rows)); err != nil {
		t.Fatal(err)
	}
	around := func(table string) string {
		return "# Title\n\n" + tableBegins + "\n" + table + "\n" + tableEnds + "\nmore\n"
	}
	for _, c := range []struct{ guide, raw, want string }{
		{around(table.String()), raw, ""},
		{"# Title\n", "", ""},
		{around(strings.Replace(table.String(), "| 1 | 1 | 0 |", "| 1 | 0 | 1 |", 1)), raw, "the raw data give"},
		{around(table.String()), "", "without their raw data"},
		{"# Title\n", raw, "it has no table"},
		{"# Title\n" + tableBegins, raw, "do not stand around a table"},
		{"# Title\n" + tableEnds, "", "do not stand around a table"},
		{around(table.String()) + tableBegins, raw, "twice"},
		{around(table.String()), "plant\n", "cannot be read"},
	} {
		var data []byte
		if c.raw != "" {
			data = []byte(c.raw)
		}
		switch err := differs(c.guide, data); {
		case c.want == "" && err != nil:
			t.Errorf("%q is said to differ: %v", c.guide, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%q gives %v, want %s", c.guide, err, c.want)
		}
	}
}
