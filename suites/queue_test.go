package suites_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/logperf/logperf/suites/internal/harness"
	"github.com/logperf/logperf/suites/internal/scenario"
)

var _ = DescribeTable("A bounded queue", harness.HoldsItsLimits, harness.Entries(scenario.Queue()))
