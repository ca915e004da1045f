package logging

import "fmt"

// Stats are the counters of a logger since New. For a logger that is flushed or
// closed, with no caller inside Log, two laws hold:
//
//	Offered  = Accepted + Rejected
//	Accepted = Written + Filtered + Evicted + Failed
//
// Records below the logger's level are not offered.
type Stats struct {
	// Offered counts the calls that passed the level check.
	Offered uint64
	// Accepted counts the records that got a place in the queue.
	Accepted uint64
	// Rejected counts the records that got none: the queue was full under
	// drop-newest, the block timeout was over, or the logger was closed.
	Rejected uint64
	// Filtered counts the accepted records that a Filter stopped.
	Filtered uint64
	// Evicted counts the accepted records that made room for newer ones under
	// drop-oldest.
	Evicted uint64
	// Failed counts the accepted records that a stage or the sink lost, be it
	// after Write (LossReporter), and those that Close had no time for.
	Failed uint64
	// Written counts the records that the sink has confirmed.
	Written uint64
	// QueueDepth is the number of records in the queue now.
	QueueDepth int
	// Writes counts the calls of Sink.Write.
	Writes uint64
	// Bytes counts the bytes handed to Sink.Write.
	Bytes uint64
}

// Check returns an error if one of the two laws does not hold. It is meant for
// a logger that is flushed or closed: one at work has records under way.
func (s Stats) Check() error {
	if s.Offered != s.Accepted+s.Rejected {
		return fmt.Errorf("logging: offered %d != accepted %d + rejected %d", s.Offered, s.Accepted, s.Rejected)
	}
	if s.Accepted != s.Written+s.Filtered+s.Evicted+s.Failed {
		return fmt.Errorf("logging: accepted %d != written %d + filtered %d + evicted %d + failed %d",
			s.Accepted, s.Written, s.Filtered, s.Evicted, s.Failed)
	}
	return nil
}
