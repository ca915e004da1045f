package advise

import (
	"testing"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/queue"
)

func TestAProofSetsThePresentSettingsAndThenTheChange(t *testing.T) {
	s := logging.Settings{Queue: logging.QueueSettings{Overflow: queue.DropNewest}, Batch: logging.BatchSettings{Bytes: 1, Delay: 90 * time.Second}}
	const scenario = sweepPrefix + throughput
	secret := logging.Settings{Sink: logging.SinkSettings{HTTP: logging.HTTPSettings{URL: "http://user:secret@logs.invalid/in"}}}
	if got, want := commandOf(secret, "", "").proof(scenario, nil), "LOGPERF_SINK_HTTP_URL=http://localhost make perf ONLY=load/settings/throughput"; got != want {
		t.Errorf("with a collector the proof is\n%s\nwant\n%s", got, want)
	}
	for _, c := range []struct {
		file, run string
		set       []Change
		want      string
	}{
		{"app.yaml", "one", []Change{batchBytes(64 << 10)}, "LOGPERF_SETTINGS=app.yaml LOGPERF_BATCH_BYTES=64KiB make perf ONLY=load/settings/throughput; go tool logperf compare one latest"},
		{"my app's.yaml", "", nil, `LOGPERF_SETTINGS='my app'\''s.yaml' make perf ONLY=load/settings/throughput`},
		{"", "one", []Change{batchBytes(64 << 10)}, "LOGPERF_QUEUE_OVERFLOW=drop-newest LOGPERF_BATCH_BYTES=1B LOGPERF_BATCH_DELAY=1m30s LOGPERF_BATCH_BYTES=64KiB make perf ONLY=load/settings/throughput; go tool logperf compare one latest"},
		{"app.yaml", "", []Change{batchBytes(64 << 10)}, "LOGPERF_SETTINGS=app.yaml make perf ONLY=load/settings/throughput; LOGPERF_SETTINGS=app.yaml LOGPERF_BATCH_BYTES=64KiB make perf ONLY=load/settings/throughput; go tool logperf compare"},
	} {
		if got := commandOf(s, c.file, c.run).proof(scenario, c.set); got != c.want {
			t.Errorf("file %q, run %q: the proof is\n%s\nwant\n%s", c.file, c.run, got, c.want)
		}
	}
}
