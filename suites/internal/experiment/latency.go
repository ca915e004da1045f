package experiment

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/logperf/logperf/suites/internal/stat"
)

// encodedLatency is what the subject has recorded so far; nil if nothing. It is
// encoded at once because the subject may go on using the histogram.
func encodedLatency(s Subject) ([]byte, error) {
	l, ok := s.(Latencies)
	if !ok {
		return nil, nil
	}
	h := l.Latency()
	if h == nil || h.Count() == 0 {
		return nil, nil
	}
	return h.Encode()
}

// encodeAll encodes what holds any times.
func encodeAll(byTag map[string]*stat.Histogram) (map[string][]byte, error) {
	all := map[string][]byte{}
	for tag, h := range byTag {
		if h == nil || h.Count() == 0 {
			continue
		}
		encoded, err := h.Encode()
		if err != nil {
			return nil, fmt.Errorf("its histogram of the %s time: %w", tag, err)
		}
		all[tag] = encoded
	}
	return all, nil
}

// recorded returns the latencies of the measured slices alone: those at the
// end without those at the beginning. Subjects need not know where the warm-up
// ends.
func (r *Runner) recorded() ([]byte, error) {
	all, err := encodedLatency(r.subject)
	if err != nil || all == nil || r.latency == nil {
		return all, err
	}
	after, err := hdrhistogram.Decode(all)
	if err != nil {
		return nil, err
	}
	before, err := hdrhistogram.Decode(r.latency)
	if err != nil {
		return nil, err
	}
	counts := after.Export()
	for i, n := range before.Export().Counts {
		counts.Counts[i] -= n
	}
	if err := counts.Validate(); err != nil {
		return nil, fmt.Errorf("its histogram forgets what it has recorded: %w", err)
	}
	return hdrhistogram.Import(counts).EncodeV2()
}

// tooLong is the fault of a subject whose longest calls its histogram could not
// hold: they stand there as its edge, and so would the longest call. The encoded
// form does not tell.
func tooLong(s Subject) string {
	l, ok := s.(Latencies)
	if !ok {
		return ""
	}
	h := l.Latency()
	if h == nil || h.Clamped() == 0 {
		return ""
	}
	return fmt.Sprintf("%d calls took longer than %v, the most that a latency can be", h.Clamped(), stat.LongestTime)
}

// quantiles are the metrics read from the histogram.
var quantiles = []struct {
	name string
	q    float64
}{{"p50-ns", 0.5}, {"p99-ns", 0.99}, {"p99.9-ns", 0.999}}

func latencyValues(encoded []byte, values map[string]float64) error {
	if len(encoded) == 0 {
		return nil
	}
	h, err := stat.DecodeHistogram(encoded)
	if err != nil {
		return fmt.Errorf("its latencies: %w", err)
	}
	if h.Count() == 0 {
		return nil
	}
	for _, one := range quantiles {
		values[one.name] = h.Quantile(one.q)
	}
	values["max-ns"] = h.Max()
	return nil
}
