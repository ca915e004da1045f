package logging

import (
	"context"
	"log/slog"
)

// A Batch is what a [Sink] is handed: the encoded bytes of whole records, in
// the order in which they were accepted.
//
// Lines and Marks belong to the caller of Write, and are read only: a sink that
// needs them after Write returns copies them.
type Batch struct {
	// Lines holds the records, each ended by a newline.
	Lines []byte
	// Records is the number of records in Lines.
	Records int
	// Marks has an element for each record in Lines, in their order, where the
	// sink is a Marker that needs them; else it is nil.
	Marks []Mark
}

// A Mark is what a Batch tells of one of its records.
type Mark struct {
	// End is the offset behind the record's newline in Batch.Lines: the record
	// begins at the End of the mark before, or at 0.
	End int
	// Level is the level that the record was encoded with.
	Level slog.Level
}

// A Marker is a Sink that can ask for Batch.Marks, as one that routes by level
// does. A sink that wraps another and hands its batches on passes the question
// on too; else the inner one gets none.
type Marker interface {
	// NeedsMarks reports whether batches are to have marks. A logger asks once,
	// when it starts; without a yes, marks cost it nothing.
	NeedsMarks() bool
}

// A Sink is where encoded records end up. The logger's worker is the only
// caller of Write and Flush, so an implementation needs no lock of its own for
// them; Close is called once, after the last Write.
type Sink interface {
	// Write hands over a batch and returns how many of its records, counted
	// from the first, are written for certain. The rest counts as failed; then
	// the error says why.
	Write(ctx context.Context, b Batch) (records int, err error)
	// Flush pushes whatever the sink itself holds back to where it is meant to
	// end up.
	Flush(ctx context.Context) error
	// Close flushes and releases the sink.
	Close(ctx context.Context) error
}

// A LossReporter is a Sink whose Write takes records that it may still lose, as
// one that sends them over a network from a goroutine of its own. Such records
// move from Stats.Written to Stats.Failed.
type LossReporter interface {
	// Lost returns how many of the records that Write confirmed have been lost
	// since. It never falls, and may be called from any goroutine at any time.
	Lost() uint64
}
