// Package logging is a structured logger that writes in the background: a call
// copies the record into a bounded queue and returns, and one worker filters,
// enriches, redacts and encodes it and hands blocks of lines to a sink.
//
//	logger, err := logging.New(logging.Options{Sink: sink.NewWriter(os.Stdout)})
//	if err != nil {
//		return err
//	}
//	requests := logger.With(slog.String("service", "shop"))
//	requests.Info(ctx, "served", slog.Int("status", 200), slog.Duration("took", took))
//	...
//	err = logger.Close(ctx) // writes what is queued
//
// Attributes and levels are those of log/slog, and [Logger.Handler] is a
// slog.Handler. Package logging/sink has sinks, logging/config reads [Settings]
// from a file and the environment, logging/loggingtest helps to test what logs.
//
// # What it promises
//
// No record is lost silently. Each one offered is counted, and what became of it:
// [Stats] holds two laws for a logger that is flushed or closed,
//
//	Offered  = Accepted + Rejected
//	Accepted = Written + Filtered + Evicted + Failed
//
// and with the default settings nothing is rejected or evicted before Close:
// where the queue is full, the caller waits. [Options.OnError], Flush and Close
// tell why a record failed. Logging itself never fails and never panics.
//
// Order: the records of one goroutine are written in the order of its calls.
// [Logger.Flush] returns after all that was accepted before it has reached the
// sink. A process that ends without Close loses what is queued.
//
// # Who owns what
//
// A line shows the values as they were at the call: what can change later is
// resolved or copied in it, so the caller may reuse all that it passed. Stages
// and encoders have their [Entry], and a sink its [Batch], only until they
// return. The logger owns its sink: Close closes it.
//
// # Concurrency
//
// All methods of a [Logger] may be called by any number of goroutines. The
// worker is one goroutine, so filters, enrichers, processors, the encoder and
// the sink need no locks of their own; a [Redactor] also runs in the calls of
// With. Log valuers, Error and MarshalJSON methods run in the call that logs
// them and may log themselves; a stage must not log to its own logger.
package logging
