package experiment

import (
	"context"
	"time"
)

// A Point is what a subject looks like at one moment of its load.
type Point struct {
	// At is the time since the load began.
	At time.Duration
	// Values are counters and states by name. They are no metrics: a timeline is
	// looked at and not judged.
	Values map[string]float64
}

// Watch calls sample now, every period and once more at the end, until the
// function that it returns is called, which gives the points. The samples come
// from a goroutine of its own; sample sets the values of a point and should take
// little: it runs beside what is measured.
func Watch(ctx context.Context, period time.Duration, sample func(values map[string]float64)) (stop func() []Point) {
	ctx, cancel := context.WithCancel(ctx)
	start := time.Now()
	var points []Point
	take := func() {
		p := Point{At: time.Since(start), Values: map[string]float64{}}
		sample(p.Values)
		points = append(points, p)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticks := time.NewTicker(period)
		defer ticks.Stop()
		take()
		for {
			select {
			case <-ticks.C:
				take()
			case <-ctx.Done():
				take()
				return
			}
		}
	}()
	return func() []Point {
		cancel()
		<-ended
		return points
	}
}
