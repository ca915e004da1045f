package route

// Stats are what a route has counted since New, at one moment. Always
//
//	Taken = Written + Dropped + Failed + Held
//
// and after a Flush that returned nil, with no Write since, Held is 0.
type Stats struct {
	// Route is the route's name.
	Route string
	// Taken counts the records that belong to the route and that Write handed to
	// it, those that it dropped included.
	Taken uint64
	// Written counts the records that the route's sink has confirmed and, where
	// it is a logging.LossReporter, not lost since.
	Written uint64
	// Dropped counts the records that found the buffer full under Drop, and those
	// larger than the whole buffer.
	Dropped uint64
	// Failed counts the records that the route's sink did not confirm, that it
	// lost later, and that Close had no time for.
	Failed uint64
	// Held is the number of records in the buffer now, those that the sink is
	// writing included.
	Held uint64
	// HeldBytes is the size of these records.
	HeldBytes int
}

// Stats returns the counters of all routes, in the order in which New got them.
// The counters of one route belong to one moment. The caller owns the slice.
func (s *Sink) Stats() []Stats {
	all := make([]Stats, len(s.lanes))
	for i, l := range s.lanes {
		all[i] = l.snapshot()
	}
	return all
}

// Lost returns the sum of Dropped and Failed over all routes, for a logger that
// counted these records as written. It never falls.
//
// The rule is that no loss is left out: a record counts once for each of its
// routes that lost it. So the number is exact while the losses are those of one
// route, or of routes with no level in common, and is too high by the records
// that several routes lost. It is too high as well by those that Write did not
// confirm because one route took too few, and another route lost. (To count
// these once would take a list of the records of all routes that are not
// settled.)
func (s *Sink) Lost() uint64 {
	var sum uint64
	for _, l := range s.lanes {
		st := l.snapshot()
		sum += st.Dropped + st.Failed
	}
	return sum
}

// snapshot returns the counters with what the sink has lost since it confirmed.
func (l *lane) snapshot() Stats {
	var lost uint64
	if l.reporter != nil { // not under the mutex: the sink may have one of its own
		_ = guarded(func() error { lost = l.reporter.Lost(); return nil })
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lost = max(l.lost, lost) // it panicked, or a call that began later was faster
	st := l.stats
	lost = min(l.lost, st.Written)
	st.Written, st.Failed = st.Written-lost, st.Failed+lost
	return st
}
