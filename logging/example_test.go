package logging_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/logperf/logperf/logging"
)

// printer is a sink that prints what it is handed.
type printer struct{}

func (printer) Write(_ context.Context, b logging.Batch) (int, error) {
	fmt.Print(string(b.Lines))
	return b.Records, nil
}

func (printer) Flush(context.Context) error { return nil }

func (printer) Close(context.Context) error { return nil }

func Example() {
	ctx := context.Background()
	logger, err := logging.New(logging.Options{
		Sink: printer{},
		Settings: logging.Settings{
			Level:  "debug",
			Redact: logging.RedactSettings{Fields: []string{"password"}},
		},
		Processors: []logging.Processor{logging.ProcessorFunc(func(e *logging.Entry) error {
			e.Time = time.Time{} // so that the output is always the same
			return nil
		})},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	requests := logger.With(slog.String("service", "shop"))
	requests.Info(ctx, "login", slog.String("user", "ada"), slog.String("password", "secret"))
	if err := logger.Close(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(logger.Stats().Written, "written")
	// Output:
	// {"level":"INFO","msg":"login","service":"shop","user":"ada","password":"[REDACTED]"}
	// 1 written
}
