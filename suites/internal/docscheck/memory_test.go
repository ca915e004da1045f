package docscheck

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/logperf/logperf/logging/config"
)

// TestTheMemoryInTheGuideIsWhatTheSettingsBound computes the table of the guide
// anew: a row has settings and the bound for records of 1000 B, with the pool of
// two processors.
func TestTheMemoryInTheGuideIsWhatTheSettingsBound(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	text, err := os.ReadFile(filepath.Join(root, "docs", "tuning.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile(`(?m)^\| (defaults|`+"`[a-z_.]+: .+`"+`) \| ([0-9.]+ MB) \|$`).FindAllStringSubmatch(string(text), -1)
	if len(rows) < 5 {
		t.Fatalf("docs/tuning.md has %d rows of settings with their memory: want at least 5", len(rows))
	}
	for _, row := range rows {
		var environ []string
		for _, one := range code.FindAllString(row[1], -1) {
			name, value, _ := strings.Cut(strings.Trim(one, "`"), ": ")
			environ = append(environ, "LOGPERF_"+strings.ToUpper(strings.ReplaceAll(name, ".", "_"))+"="+value)
		}
		settings, err := config.Load(environ)
		if err != nil {
			t.Errorf("%s: %v", row[1], err)
			continue
		}
		if got := fmt.Sprintf("%.1f MB", float64(settings.MemoryBound(1000))/1e6); got != row[2] {
			t.Errorf("%s bounds the memory to %s, the guide says %s", row[1], got, row[2])
		}
	}
}
