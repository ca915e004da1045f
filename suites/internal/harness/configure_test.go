package harness

import (
	"slices"
	"testing"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"github.com/logperf/logperf/suites/internal/experiment"
)

// The specs are never run, only previewed.
var _ = ginkgo.DescribeTable("A queue", HoldsItsLimits, Entries(alike()))

// alike are scenarios whose names hold each other, as text or as a pattern.
func alike() []experiment.Scenario {
	all := []experiment.Scenario{}
	for _, name := range []string{"queue/put", "queue/put/cap=1.4", "queue/put/cap=1.4/full", "queue/put/cap=1.40", "queue/put/cap=154", "peers/queue/put"} {
		all = append(all, experiment.Scenario{Name: name, Title: "is put to", Subject: "queue", Tier: "smoke", Measure: "cost"})
	}
	return all
}

func TestOnlyIsComparedForEquality(t *testing.T) {
	for _, row := range alike() {
		suite, reporter := ginkgo.GinkgoConfiguration()
		suite.LabelFilter = "tier:full" // which none of them has
		s := &Suite{o: Options{Only: row.Name}}
		s.Configure(&suite, &reporter)
		var chosen []string
		for _, spec := range ginkgo.PreviewSpecs("logperf", suite, reporter).SpecReports {
			if !spec.State.Is(types.SpecStateSkipped) {
				chosen = append(chosen, spec.LeafNodeText)
			}
		}
		if !slices.Equal(chosen, []string{textOf(row)}) {
			t.Errorf("LOGPERF_ONLY=%s chooses %q", row.Name, chosen)
		}
	}
}
