package suites_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/logperf/logperf/fixtures/memlimit"
	"github.com/logperf/logperf/fixtures/server"
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/harness"
	"github.com/logperf/logperf/suites/internal/load"
	"github.com/logperf/logperf/suites/internal/lockstep"
	"github.com/logperf/logperf/suites/internal/scenario"
)

// everyScenario is all that the suite has, in the order of the tables.
func everyScenario() []experiment.Scenario { return slices.Concat(scenario.All(), load.All()) }

// TestMain makes the binary its own arm: a subject runs in a child process,
// which is this binary again, and so does the collector that it sends to. A
// process with a limit on its memory enters it first, before it has any.
func TestMain(m *testing.M) {
	if err := memlimit.Enter(); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if server.IsCollector() {
		os.Exit(server.Main(os.Stdin, os.Stdout, os.Stderr))
	}
	if lockstep.IsArm() {
		os.Exit(lockstep.Main(everyScenario(), os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestSuites(t *testing.T) {
	RegisterFailHandler(Fail)
	suiteConfig, reporterConfig := GinkgoConfiguration()
	options, err := optionsFrom(os.Environ(), suiteConfig, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	suite, err := harness.New(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	suite.Configure(&suiteConfig, &reporterConfig)
	ReportAfterSuite("the results", func(report Report) {
		Expect(suite.Leave(report)).To(Succeed())
	})
	if err := suite.Select(context.Background(), PreviewSpecs("logperf", suiteConfig, reporterConfig)); err != nil {
		t.Fatal(err)
	}
	RunSpecs(t, "logperf", suiteConfig, reporterConfig, AroundNode(suite.Around))
	suite.Show()
}
