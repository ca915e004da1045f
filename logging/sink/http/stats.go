package http

// Stats are what a Sink has counted since New, at one moment. Always
//
//	Taken    = Delivered + FellBack + Lost + HeldRecords
//	Requests = Batches + Retries
//
// and after a Flush that waited for everything HeldRecords and Held are 0.
type Stats struct {
	// Taken counts the records that Write took.
	Taken uint64
	// Delivered counts the records whose batch was answered with 2xx.
	Delivered uint64
	// FellBack counts the records that the fallback confirmed.
	FellBack uint64
	// Lost counts the records that were given up or refused for good and that no
	// fallback has, and those that Close had no time for.
	Lost uint64
	// HeldRecords and Held are the records held now, and their bytes before
	// compression; the batch under way is among them.
	HeldRecords uint64
	Held        int

	// Requests counts the requests begun.
	Requests uint64
	// Batches counts the batches sent at least once; each half of a batch that
	// was split is one more.
	Batches uint64
	// Retries counts the requests that repeat one.
	Retries uint64
	// BytesSent counts the bytes of bodies that went to the client's transport,
	// after compression, retries included, headers not.
	BytesSent uint64

	// BreakerOpened counts how often the breaker opened, after failed probes too.
	BreakerOpened uint64
	// BreakerState is StateClosed, StateOpen or StateHalfOpen. An open breaker
	// stays open beyond its cooldown until there is a batch to probe with.
	BreakerState string
}

// Stats returns the counters. They belong to one moment.
func (s *Sink) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	st.HeldRecords = s.held()
	st.Held = s.lines.n
	st.BreakerOpened = s.breaker.opened
	st.BreakerState = s.breaker.state()
	return st
}

// Lost returns the number of records that Write took and that were lost
// afterwards: a logger that counted them as written takes them off. It never
// falls.
func (s *Sink) Lost() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.Lost
}
