package route_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/logperf/logperf/logging"
	"github.com/logperf/logperf/logging/sink"
	"github.com/logperf/logperf/logging/sink/route"
)

// All records go to stdout; errors go to a second sink too, which may be slow: its
// route drops records rather than hold up the others.
func ExampleNew() {
	errs := sink.NewMemory(sink.MemoryOptions{})
	s, err := route.New(
		route.Route{Name: "all", Sink: sink.NewWriter(os.Stdout)},
		route.Route{Name: "errors", Sink: errs, Levels: route.AtLeast(slog.LevelError), Overflow: route.Drop},
	)
	if err != nil {
		panic(err)
	}
	withoutTime := func(e *logging.Entry) error { // for an output that stays the same
		e.Time = time.Time{}
		return nil
	}
	l, err := logging.New(logging.Options{Sink: s, Processors: []logging.Processor{logging.ProcessorFunc(withoutTime)}})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	l.Info(ctx, "started")
	l.Error(ctx, "disk is full")
	if err := l.Close(ctx); err != nil {
		panic(err)
	}
	for _, st := range s.Stats() {
		fmt.Println(st.Route, st.Written)
	}
	fmt.Printf("%s", errs.Bytes())
	// Output:
	// {"level":"INFO","msg":"started"}
	// {"level":"ERROR","msg":"disk is full"}
	// all 2
	// errors 1
	// {"level":"ERROR","msg":"disk is full"}
}
