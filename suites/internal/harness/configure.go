package harness

import (
	"regexp"

	"github.com/onsi/ginkgo/v2/types"
)

// Configure adapts Ginkgo's own settings. One scenario is chosen by a focus on
// the exact end of its spec's text, in place of the label filter: a label
// cannot hold the "/" of a name.
func (s *Suite) Configure(suite *types.SuiteConfig, reporter *types.ReporterConfig) {
	if s.o.Only != "" {
		suite.LabelFilter = ""
		suite.FocusStrings = []string{regexp.QuoteMeta("["+s.o.Only+"]") + "$"}
	}
	// Ginkgo's own timeout, an hour by default, is for suites without soaks.
	if s.o.Soak > 0 {
		for _, sc := range s.o.Scenarios {
			if sc.Tier == "soak" {
				suite.Timeout += 2 * s.o.Soak
			}
		}
	}
	// Its dumps stop the world, in the middle of a slice.
	suite.PollProgressAfter = 0
	reporter.SilenceSkips = true
	// A line of progress ends with Ginkgo's mark of the outcome.
	reporter.ForceNewlines = reporter.ForceNewlines || !s.o.Terminal
}
