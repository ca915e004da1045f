package docscheck

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/logperf/logperf/logging/config"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// top is the first key of a file.
var top = regexp.MustCompile(`(?m)^([a-z_]+):`)

// TestTheFilesOfTheGuidesAreTaken reads what the guides show of settings and of
// limits as those who read such files do.
func TestTheFilesOfTheGuidesAreTaken(t *testing.T) {
	k := knownNames(t)
	settings, limits := 0, 0
	for _, d := range guides(t) {
		for _, b := range d.blocks {
			key := top.FindStringSubmatch(b.text)
			if b.language != "yaml" || key == nil {
				continue
			}
			var err error
			switch name := key[1]; {
			case name == "profiles" || name == "scenarios":
				limits++
				_, err = threshold.Parse(d.path, []byte(b.text), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			case k.settings[name]:
				settings++
				path := filepath.Join(t.TempDir(), "settings.yaml")
				if err := os.WriteFile(path, []byte(b.text), 0o600); err != nil {
					t.Fatal(err)
				}
				_, err = config.Load([]string{config.FileVariable + "=" + path})
			}
			if err != nil {
				t.Errorf("%s:%d: %v", d.path, b.line, err)
			}
		}
	}
	if settings == 0 || limits == 0 {
		t.Errorf("the guides show %d files of settings and %d of limits: want some of each", settings, limits)
	}
}
