package experiment

import (
	"fmt"
	"math"
	"time"
)

// A CurvePoint is what became of one rate that was offered: a point of the curve
// of latency over throughput. Its times are in nanoseconds.
type CurvePoint struct {
	// Offered and Achieved are arrivals due, and calls that had returned by the
	// end of the load, a second.
	Offered, Achieved float64
	// ServiceP50 and ServiceP99 are quantiles of the time from a call to its
	// return.
	ServiceP50, ServiceP99 float64
	// ResponseP50, ResponseP99 and ResponseP999 are quantiles of the time from the
	// intended start to the return.
	ResponseP50, ResponseP99, ResponseP999 float64
	// Drain is how long after the last arrival the sink had all.
	Drain time.Duration
	// Held is set where the rate was not beyond the knee.
	Held bool
	// Missed is the share of arrivals that the pacer began late, from 0 to 1.
	// Beyond one in a hundred the times say nothing.
	Missed float64
}

// Check refuses what no load can have been: numbers that are not finite or
// negative, and a share above 1.
func (p CurvePoint) Check() error {
	for _, one := range []struct {
		what  string
		value float64
	}{
		{"offered rate", p.Offered},
		{"achieved rate", p.Achieved},
		{"p50 of the service time", p.ServiceP50},
		{"p99 of the service time", p.ServiceP99},
		{"p50 of the response time", p.ResponseP50},
		{"p99 of the response time", p.ResponseP99},
		{"p99.9 of the response time", p.ResponseP999},
		{"drain", float64(p.Drain)},
		{"missed share", p.Missed},
	} {
		if one.value < 0 || math.IsNaN(one.value) || math.IsInf(one.value, 0) {
			return fmt.Errorf("a point of its curve has %v for the %s: want a finite number from 0", one.value, one.what)
		}
	}
	if p.Missed > 1 {
		return fmt.Errorf("a point of its curve has %v for the missed share: want at most 1", p.Missed)
	}
	return nil
}
