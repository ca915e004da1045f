package suites_test

import (
	. "github.com/onsi/ginkgo/v2"

	"github.com/logperf/logperf/suites/internal/harness"
	"github.com/logperf/logperf/suites/internal/load"
)

var _ = DescribeTable("A logger under load", harness.HoldsItsLimits, harness.Entries(load.All()))
