package suites_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/logperf/logperf/suites/internal/harness"
	"github.com/logperf/logperf/suites/internal/scenario"
)

var _ = DescribeTable("Memory", harness.HoldsItsLimits, harness.Entries(scenario.Memory()))
