package imports

// table is what imports are held against.
type table struct {
	// roots are the top folders that hold packages of ours.
	roots []string
	// packages are all packages of ours, each with what it is held to; it ends a
	// sentence that begins with the import at fault.
	packages map[string]string
	// edges are the imports that are allowed. The standard library is free.
	edges []edge
	// kits are the modules that any test may import.
	kits map[string]string
	// barriers are what no chain of imports crosses, whatever the edges say.
	barriers []barrier
}

// edge allows from to import to: a folder of ours, or a path of another module
// with all below it.
type edge struct {
	from, to string
	test     bool // in tests alone
	why      string
}

// barrier forbids every chain of imports that begins within from and ends
// within to.
type barrier struct{ from, to, why string }

const (
	ginkgo = "github.com/onsi/ginkgo/v2"
	gomega = "github.com/onsi/gomega"
	sys    = "golang.org/x/sys/unix"
)

func repository() table {
	return table{
		roots:    []string{"fixtures", "logging", "suites"},
		packages: packages(),
		edges:    append(libraryEdges(), suiteEdges()...),
		kits: map[string]string{
			"go.uber.org/goleak": "a test of what starts goroutines shows that they end",
			"pgregory.net/rapid": "properties",
			"golang.org/x/perf":  "what benchstat would read of what was written",
			"golang.org/x/sys":   "what the standard library does not tell of the system",
		},
		barriers: barriers(),
	}
}

func packages() map[string]string {
	return map[string]string{
		"fixtures/memlimit": "a limit on a process is a leaf: the standard library alone, so that any program can be its child",
		"fixtures/netlimit": "the proxy is an input: it knows neither the library nor the suites",
		"fixtures/numbered": "numbers of records are a leaf: the standard library alone",
		"fixtures/server":   "the peers that loggers send to know neither the library nor the suites",
		"fixtures/workload": "fixtures are inputs alone: they know slog's types, and neither the library nor the suites",

		"logging":                     "the core of the library needs the standard library and leaves of its own alone: the queue, the buffers, what a URL may be",
		"logging/queue":               "the queue is a leaf: the standard library alone",
		"logging/internal/buffer":     "the buffers are a leaf: the standard library alone",
		"logging/internal/endpoint":   "what settings and sinks share of HTTP is a leaf: the standard library alone",
		"logging/sink":                "these sinks need the standard library alone: a kind that brings a dependency gets a package of its own, logging/sink/NAME",
		"logging/sink/file":           "this kind of sink needs nothing but the library's own types",
		"logging/sink/http":           "this kind of sink needs the standard library and the library's own types",
		"logging/sink/route":          "this kind of sink needs the standard library and the library's own types",
		"logging/sink/internal/lines": "what sinks share needs the library's own types alone",
		"logging/config":              "the settings reader may bring the parsers of its two sources alone",
		"logging/loggingtest":         "the test kit is for users of the library: nothing but the library",

		"suites":                     "specs join scenarios to the harness; the bootstrap alone reads the library's settings",
		"suites/cmd/arm":             "the arm of the gate is linked dozens of times: scenarios and their protocol alone",
		"suites/cmd/logperf":         "the command reads limits and stored runs and searches knees: it neither judges nor needs Ginkgo",
		"suites/internal/gate":       "the gate builds arms and knows neither the library nor the scenarios but by their descriptions",
		"suites/internal/metric":     "metric is the leaf of the suites",
		"suites/internal/stat":       "statistics know numbers alone",
		"suites/internal/result":     "results know figures and their statistics, not who made them or who reads them",
		"suites/internal/experiment": "what runs inside an arm knows nothing of logging, limits and Ginkgo",
		"suites/internal/lockstep":   "the coordinator knows scenarios and results, not limits and Ginkgo",
		"suites/internal/threshold":  "limits know results, not how they are measured or shown",
		"suites/internal/report":     "what is shown comes from a result alone",
		"suites/internal/compare":    "two runs are compared by what they stored, not by limits that may have changed since",
		"suites/internal/page":       "a page is made of results and what they are compared with; it reads no store",
		"suites/internal/matcher":    "the matcher joins limits to Gomega",
		"suites/internal/harness":    "the harness joins Ginkgo to what measures and judges, and knows nothing of logging",
		"suites/internal/advise":     "advice is given on results, and on what its caller measures: it starts no arm itself",
		"suites/internal/scenario":   "scenarios are linked into the arms: no Ginkgo, no limits",
		"suites/internal/load":       "load scenarios are linked into the arms of the suite: no Ginkgo, no limits",
		"suites/internal/imports":    "this test reads files alone",
		"suites/internal/docscheck":  "this test holds the guides and their examples to the tree",

		"suites/internal/sequential": "what decides knows pairs of numbers, not what they are of or where they come from",
		"suites/internal/profile":    "profiles are read for whoever has some: this knows neither what was profiled nor who asks",
		"suites/internal/doctor":     "the doctor looks at the machine and measures noise: it knows neither logging nor Ginkgo",

		"suites/internal/count": "counting knows processes and how the kernel or valgrind count them, not what they run",
		"suites/internal/drill": "the drill plants faults and reads verdicts: it measures nothing itself",
	}
}

func libraryEdges() []edge {
	return []edge{
		{from: "logging", to: "logging/queue", why: "a logger has a queue, and its policy is a setting"},
		{from: "logging", to: "logging/internal/buffer", why: "lines are encoded into pooled buffers"},
		{from: "logging", to: "logging/internal/endpoint", why: "the settings of the HTTP sink are checked by its own rules"},
		{from: "logging", to: "logging/loggingtest", test: true, why: "a sink that stands still"},
		{from: "logging/sink", to: "logging", why: "the interface that a sink implements"},
		{from: "logging/sink", to: "logging/sink/internal/lines", why: "how many records a batch holds"},
		{from: "logging/sink/file", to: "logging", why: "the interface that a sink implements"},
		{from: "logging/sink/file", to: "logging/sink/internal/lines", why: "how many records a batch holds"},
		{from: "logging/sink/http", to: "logging", why: "the interface that a sink implements"},
		{from: "logging/sink/http", to: "logging/internal/endpoint", why: "what a URL and a header may be"},
		{from: "logging/sink/route", to: "logging", why: "the interface that a sink implements"},
		{from: "logging/sink/route", to: "logging/sink", test: true, why: "sinks to route to"},
		{from: "logging/sink/internal/lines", to: "logging", why: "the error that tells how many records were written"},
		{from: "logging/loggingtest", to: "logging", why: "sinks that fail, for tests of loggers"},
		{from: "logging/config", to: "logging", why: "the settings that it fills"},
		{from: "logging/config", to: "logging/sink", why: "opens the sink that the settings name"},
		{from: "logging/config", to: "logging/sink/file", why: "opens the sink that the settings name"},
		{from: "logging/config", to: "logging/sink/http", why: "opens the sink that the settings name"},
		{from: "logging/config", to: "logging/sink/route", why: "opens the sink that the settings name"},
		{from: "logging/config", to: "logging/loggingtest", test: true, why: "routes whose sinks stand still"},
		{from: "logging/config", to: "logging/queue", test: true, why: "names the overflow policy in settings"},
		{from: "logging/config", to: "github.com/goccy/go-yaml", why: "the settings file, with line and column"},
		{from: "logging/config", to: "github.com/caarlos0/env/v11", why: "settings from the environment"},
	}
}

func suiteEdges() []edge {
	const in = "suites/internal/"
	return []edge{
		{from: "fixtures/netlimit", to: "github.com/Shopify/toxiproxy/v2/client", why: "the client of the proxy, whose server is a process of its own"},
		{from: "fixtures/server", to: "fixtures/numbered", why: "a collector checks what arrives"},

		{from: in + "stat", to: "golang.org/x/perf/benchmath", why: "the interval that benchstat shows"},
		{from: in + "stat", to: "github.com/HdrHistogram/hdrhistogram-go", why: "latencies"},

		{from: in + "result", to: in + "metric", why: "bench.txt declares the direction of each metric, a verdict is shown in its unit"},
		{from: in + "result", to: in + "stat", why: "a verdict holds its interval"},
		{from: in + "result", to: "golang.org/x/perf/benchfmt", why: "writes the Go benchmark format"},
		{from: in + "result", to: sys, why: "the kind of file system"},

		{from: in + "experiment", to: in + "metric", why: "a scenario declares its metrics by name"},
		{from: in + "experiment", to: in + "stat", why: "medians and latencies"},
		{from: in + "experiment", to: "github.com/HdrHistogram/hdrhistogram-go", why: "takes the warm-up's latencies off again"},
		{from: in + "experiment", to: "go.uber.org/goleak", why: "an arm counts what outlives its subject"},
		{from: in + "experiment", to: sys, why: "the clock of the process and its resource usage"},

		{from: in + "lockstep", to: in + "experiment", why: "what an arm runs"},
		{from: in + "lockstep", to: in + "result", why: "makes rows of repetitions"},
		{from: in + "lockstep", to: in + "stat", why: "medians of slice pairs"},
		{from: in + "lockstep", to: sys, why: "an arm watches its pipe with poll"},

		{from: in + "threshold", to: in + "metric", why: "a limit stands on a metric, in its unit"},
		{from: in + "threshold", to: in + "result", why: "judges rows"},
		{from: in + "threshold", to: in + "stat", why: "the interval that decides"},
		{from: in + "threshold", to: "github.com/goccy/go-yaml", why: "limits with line and column"},
		{from: in + "threshold", to: "github.com/google/jsonschema-go", why: "the schema for editors"},
		{from: in + "threshold", to: "github.com/santhosh-tekuri/jsonschema/v6", why: "its test holds schema and parser to the same examples"},

		{from: in + "report", to: in + "metric", why: "formats values in their unit"},
		{from: in + "report", to: in + "result", why: "what is shown"},
		{from: in + "report", to: in + "stat", why: "the median of a row"},
		{from: in + "report", to: "github.com/jedib0t/go-pretty/v6", why: "tables"},

		{from: in + "compare", to: in + "metric", why: "which direction is better, and what has no noise"},
		{from: in + "compare", to: in + "result", why: "the runs that it compares"},
		{from: in + "compare", to: in + "stat", why: "medians with intervals"},
		{from: in + "compare", to: "golang.org/x/perf/benchmath", why: "the test that benchstat shows"},
		{from: in + "report", to: in + "compare", why: "shows what two runs differ in"},
		{from: "suites/cmd/logperf", to: in + "compare", why: "compares two stored runs"},
		{from: in + "result", to: "github.com/HdrHistogram/hdrhistogram-go", test: true, why: "what other tools read of the histograms"},
		{from: in + "page", to: in + "compare", why: "shows what has changed since an older run"},
		{from: in + "page", to: in + "metric", why: "formats values in their unit, tells what a metric is"},
		{from: in + "page", to: in + "result", why: "what is shown"},
		{from: in + "page", to: in + "stat", why: "medians, intervals and percentiles"},
		{from: in + "page", to: in + "doctor", test: true, why: "the names of browsers"},
		{from: in + "page", to: "github.com/chromedp/chromedp", test: true, why: "the page is looked at in a browser"},
		{from: in + "page", to: "github.com/chromedp/cdproto", test: true, why: "what the browser tells of requests and errors"},

		{from: in + "matcher", to: in + "result", why: "the rows that it matches"},
		{from: in + "matcher", to: in + "threshold", why: "the limit that it holds them to"},
		{from: in + "matcher", to: gomega, why: "it is one of its matchers"},

		{from: in + "scenario", to: in + "experiment", why: "what a scenario is"},
		{from: in + "scenario", to: in + "stat", why: "subjects time single calls"},
		{from: in + "scenario", to: in + "result", why: "says which corpus was replayed"},
		{from: in + "scenario", to: "fixtures/workload", why: "the records that are logged"},
		{from: in + "scenario", to: "logging", why: "under test"},
		{from: in + "scenario", to: "logging/queue", why: "under test"},
		{from: in + "scenario", to: "logging/sink", why: "under test"},
		{from: in + "scenario", to: "logging/sink/file", why: "under test"},
		{from: in + "scenario", to: "github.com/phuslu/log", why: "a peer to compare with"},
		{from: in + "scenario", to: "github.com/rs/zerolog", why: "a peer to compare with"},
		{from: in + "scenario", to: "go.uber.org/zap", why: "a peer to compare with"},
		{from: in + "scenario", to: "github.com/puzpuzpuz/xsync/v4", why: "a queue to compare with"},

		{from: in + "load", to: in + "experiment", why: "what a scenario and a load are"},
		{from: in + "load", to: "fixtures/memlimit", why: "the far end leaves the limit on the logger's memory"},
		{from: in + "load", to: "fixtures/netlimit", why: "the trouble between a sink and its collector"},
		{from: in + "load", to: "fixtures/numbered", why: "records are looked for at the far end"},
		{from: in + "load", to: "fixtures/server", why: "the far end of the HTTP sink"},
		{from: in + "load", to: "fixtures/workload", why: "the records that are logged"},
		{from: in + "load", to: "logging", why: "under test"},
		{from: in + "load", to: "logging/sink/file", why: "under test"},
		{from: in + "load", to: "logging/queue", why: "the policies of a full queue"},
		{from: in + "load", to: "logging/sink/http", why: "under test"},
		{from: in + "load", to: "logging/sink/route", why: "under test"},
		{from: in + "load", to: "github.com/phuslu/log", why: "a peer under the same load"},
		{from: in + "load", to: "github.com/rs/zerolog", why: "a peer under the same load"},
		{from: in + "load", to: "go.uber.org/zap", why: "a peer under the same load"},
		{from: in + "load", to: in + "stat", why: "the trend of a soak"},

		{from: in + "sequential", to: in + "result", why: "PASS, FAIL and INCONCLUSIVE"},
		{from: in + "sequential", to: in + "stat", why: "signed ranks"},

		{from: in + "harness", to: in + "experiment", why: "a table entry is a scenario"},
		{from: in + "harness", to: in + "lockstep", why: "measures it"},
		{from: in + "harness", to: in + "metric", why: "units of the gmeasure view"},
		{from: in + "harness", to: in + "report", why: "progress and the table"},
		{from: in + "harness", to: in + "result", why: "keeps what was measured"},
		{from: in + "harness", to: in + "stat", why: "the median of the knees"},
		{from: in + "harness", to: in + "threshold", why: "coverage and verdicts"},
		{from: in + "harness", to: in + "matcher", why: "fails the spec where a limit does not hold"},
		{from: in + "harness", to: ginkgo, why: "it is the glue to Ginkgo"},
		{from: in + "harness", to: gomega, why: "it is the glue to Gomega"},

		{from: in + "count", to: sys, why: "the processor's own counter"},

		{from: in + "drill", to: in + "gate", why: "compares the tree with and without a plant"},
		{from: in + "drill", to: in + "result", why: "the verdicts of a run"},
		{from: in + "drill", to: "github.com/goccy/go-yaml", why: "a plant is a file"},
		{from: in + "drill", to: in + "experiment", test: true, why: "the scenarios that plants name exist"},
		{from: in + "drill", to: in + "load", test: true, why: "the scenarios that plants name exist"},
		{from: in + "drill", to: in + "scenario", test: true, why: "the scenarios that plants name exist"},
		{from: in + "drill", to: in + "threshold", why: "the gate's limits; the limits that plants name exist"},

		{from: in + "gate", to: in + "count", why: "counts instructions beside the times"},
		{from: in + "gate", to: in + "experiment", why: "what a scenario is, as an arm describes it"},
		{from: in + "gate", to: in + "lockstep", why: "runs pairs of arms"},
		{from: in + "gate", to: in + "metric", why: "formats values in their unit"},
		{from: in + "gate", to: in + "profile", why: "the functions that differ in what fails"},
		{from: in + "gate", to: in + "result", why: "verdicts, and what the machine is"},
		{from: in + "gate", to: in + "sequential", why: "decides"},
		{from: in + "gate", to: in + "stat", why: "typical values"},
		{from: in + "gate", to: in + "threshold", why: "how much slower a scenario may become"},
		{from: in + "gate", to: "github.com/jedib0t/go-pretty/v6", why: "its table"},
		{from: in + "gate", to: sys, why: "who holds the lock, and the processor time of others"},

		{from: "suites/cmd/logperf", to: in + "gate", why: "runs the gate"},
		{from: "suites/cmd/logperf", to: ginkgo, why: "its parser of label filters, so that gate and suite understand the same"},

		{from: "suites/cmd/arm", to: in + "experiment", why: "opens the subject whose instructions are counted"},
		{from: "suites/cmd/arm", to: in + "lockstep", why: "serves its scenarios"},
		{from: "suites/cmd/arm", to: in + "scenario", why: "the scenarios that it serves"},

		{from: in + "docscheck", to: in + "experiment", test: true, why: "what an example is"},
		{from: in + "docscheck", to: in + "load", test: true, why: "the names of its scenarios"},
		{from: in + "docscheck", to: in + "lockstep", test: true, why: "runs the examples"},
		{from: in + "docscheck", to: in + "metric", test: true, why: "the names of the figures"},
		{from: in + "docscheck", to: in + "result", test: true, why: "what the examples have measured"},
		{from: in + "docscheck", to: in + "stat", test: true, why: "the intervals of a comparison"},
		{from: in + "docscheck", to: in + "scenario", test: true, why: "the names of its scenarios"},
		{from: in + "docscheck", to: in + "threshold", test: true, why: "the limits of the examples"},
		{from: in + "docscheck", to: "logging", test: true, why: "the names of the settings, and an example"},
		{from: in + "docscheck", to: "logging/config", test: true, why: "reads the settings of the guides"},
		{from: in + "docscheck", to: "logging/sink", test: true, why: "an example"},
		{from: in + "advise", to: in + "metric", why: "tells figures in their unit"},
		{from: in + "advise", to: in + "result", why: "the rows that it goes by"},
		{from: in + "advise", to: in + "stat", why: "the interval of a gain"},
		{from: in + "advise", to: in + "profile", why: "where the processor time goes"},
		{from: in + "advise", to: "logging", why: "the settings that it changes, and the memory that they bound"},
		{from: in + "advise", to: "logging/queue", why: "the policies of a full queue"},
		{from: in + "advise", to: in + "lockstep", test: true, why: "its test takes a profile in an arm"},
		{from: in + "advise", to: in + "experiment", test: true, why: "its test takes a profile in an arm"},
		{from: in + "advise", to: "logging/sink", test: true, why: "a sink that discards"},
		{from: in + "advise", to: "github.com/google/pprof", test: true, why: "the profile of a program that is not here"},
		{from: "suites/cmd/logperf", to: in + "advise", why: "says what to set otherwise"},
		{from: "suites/cmd/logperf", to: "logging", why: "the settings that advice is given on"},

		{from: "suites/cmd/logperf", to: "logging/config", why: "the setting that names the folder of the results"},
		{from: "suites/cmd/logperf", to: "fixtures/server", why: "the binary is the collector of its arms"},
		{from: "suites/cmd/logperf", to: in + "experiment", why: "the scenario whose knee is searched"},
		{from: "suites/cmd/logperf", to: in + "drill", why: "plants known regressions"},
		{from: "suites/cmd/logperf", to: in + "load", why: "holds limits and scenarios against each other, searches knees"},
		{from: "suites/cmd/logperf", to: in + "lockstep", why: "searches a knee in arms that are its own binary"},
		{from: "suites/cmd/logperf", to: in + "metric", why: "names the nearest scenarios, tells of a rate"},
		{from: "suites/cmd/logperf", to: in + "report", why: "shows a stored run and a knee"},
		{from: "suites/cmd/logperf", to: in + "result", why: "reads a stored run"},
		{from: "suites/cmd/logperf", to: in + "scenario", why: "holds limits and scenarios against each other"},
		{from: "suites/cmd/logperf", to: in + "stat", why: "the median of the knees"},
		{from: "suites/cmd/logperf", to: in + "threshold", why: "reads the limits"},
		{from: "suites/cmd/logperf", to: in + "page", why: "writes a run as a page"},
		{from: "suites/cmd/logperf", to: "github.com/spf13/cobra", why: "the words of its command line"},

		{from: in + "profile", to: in + "metric", why: "figures in their unit"},
		{from: in + "profile", to: "github.com/google/pprof", why: "the format of profiles"},
		{from: in + "lockstep", to: in + "profile", test: true, why: "the profiles that arms leave can be read"},
		{from: in + "harness", to: in + "profile", why: "a failure names the heaviest functions"},
		{from: in + "doctor", to: in + "experiment", why: "the scenario that is measured against itself"},
		{from: in + "doctor", to: in + "lockstep", why: "measures an arm against itself"},
		{from: in + "doctor", to: in + "metric", why: "sizes and times in their unit"},
		{from: in + "doctor", to: in + "result", why: "the environment that figures are stored with"},
		{from: in + "doctor", to: in + "stat", why: "the interval of a ratio"},
		{from: "suites/cmd/logperf", to: in + "doctor", why: "tells whether the machine is fit to measure"},
		{from: "suites/cmd/logperf", to: "fixtures/memlimit", why: "the doctor tries whether memory can be limited"},
		{from: "suites/cmd/logperf", to: "fixtures/netlimit", why: "the doctor tries whether the proxy can be built"},

		{from: "suites", to: in + "harness", test: true, why: "measures and judges"},
		{from: "suites", to: in + "lockstep", test: true, why: "the binary is its own arm"},
		{from: "suites", to: in + "scenario", test: true, why: "the tables"},
		{from: "suites", to: in + "experiment", test: true, why: "the type of a table's rows"},
		{from: "suites", to: in + "load", test: true, why: "the tables"},
		{from: "suites", to: "fixtures/memlimit", test: true, why: "the binary enters a limit on its memory, and the bootstrap makes it"},
		{from: "suites", to: "fixtures/netlimit", test: true, why: "the bootstrap builds the proxy before anything is measured"},
		{from: "suites", to: "fixtures/server", test: true, why: "the binary is the collector too"},
		{from: "suites", to: in + "result", test: true, why: "the folder that relative paths of the settings begin at"},
		{from: "suites", to: "logging/config", test: true, why: "the bootstrap reads the settings"},
		{from: "suites", to: ginkgo, test: true, why: "specs"},
		{from: "suites", to: gomega, test: true, why: "specs"},
	}
}

func barriers() []barrier {
	const in = "suites/internal/"
	all := []barrier{
		{"logging", "suites", "the library does not know who measures it"},
		{"logging", "fixtures", "the library does not know what it is fed with"},
		{"fixtures", "logging", "inputs are the same for every library"},
		{"fixtures", "suites", "fixtures never measure"},
		{in + "experiment", "logging", "a maintainer of another library could use what measures"},
		{in + "lockstep", "logging", "a maintainer of another library could use what measures"},
		{in + "threshold", "logging", "a maintainer of another library could use what judges"},
		{in + "doctor", "logging", "a maintainer of another library could ask whether a machine is fit"},
		{in + "harness", "logging", "the bootstrap alone knows the library's settings"},
	}
	for _, heavy := range []string{ginkgo, gomega, "fixtures/server", "fixtures/netlimit", "fixtures/memlimit", in + "load", in + "threshold", "logging/config", "github.com/spf13/cobra"} {
		all = append(all, barrier{"suites/cmd/arm", heavy, "the arm of the gate is linked dozens of times and has to be small"})
	}
	for _, linked := range []string{"metric", "stat", "result", "experiment", "lockstep", "scenario"} {
		for _, heavy := range []string{ginkgo, gomega, in + "threshold", in + "matcher", in + "harness", in + "report"} {
			all = append(all, barrier{in + linked, heavy, "it is linked into the arms, which stay small and know nothing of specs and limits"})
		}
	}
	return all
}
