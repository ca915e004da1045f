package logging

const (
	// memoryBytes is four times what the memory sink keeps, which lies in a slice
	// of up to twice the size, and in an older one while that grows.
	memoryBytes = 4 << 20
	// gzipBytes is what a compressor takes at any level: 1.2 MB at the fastest.
	gzipBytes = 1280 << 10
	// copyBytes is the buffer through which rotated files are read.
	copyBytes = 32 << 10
	// clientBytes is for a connection of the HTTP sink: HTTP/2 copies a body
	// through up to 512 KiB.
	clientBytes = 1 << 20
	// extentBytes is what the HTTP sink notes of a batch that waits.
	extentBytes = 40
	// chunkBytes is the unit of a route's buffer.
	chunkBytes = 256 << 10
)

// bytes is the most memory that the sink takes, for lines of that length.
func (s SinkSettings) bytes(line int64) int64 {
	switch s.Kind {
	case SinkMemory:
		return memoryBytes
	case SinkFile:
		return s.Rotate.bytes()
	case SinkHTTP:
		return s.HTTP.bytes(line)
	case SinkRoute:
		var sum int64
		for _, r := range s.Routes {
			sum += r.bytes(line) + r.Sink().bytes(line)
		}
		return sum
	}
	return 0
}

func (r RotateSettings) bytes() int64 {
	if r.Compress {
		return gzipBytes + copyBytes
	}
	return 0
}

// bytes is the memory of the ring, the notes on its batches, the connection, and
// what is made of the batch under way.
func (h HTTPSettings) bytes(line int64) int64 {
	buffer := int64(h.BufferBytes)
	batch := min(max(int64(h.BatchBytes), line), buffer)
	sum := 2*buffer + buffer/2 + clientBytes
	// Of two batches in a row one is more than half full, or has all its records.
	batches := 2 * (buffer/int64(h.BatchBytes) + 1)
	if h.BatchRecords > 0 {
		batches += buffer / (shortestLine * int64(h.BatchRecords))
	}
	sum += 2 * grown(batches*extentBytes) // those at the front may be gone
	if h.Gzip {
		sum += gzipBytes + grown(batch)
	}
	if h.FallbackPath != "" {
		sum += batch // which may lie around the end of the ring
	}
	return sum
}

// bytes is the memory of the route's buffer. A chunk ends where the next line
// does not fit, so two in a row hold more than one chunk of lines; one more is
// with the sink, and one is being filled. A line longer than a chunk gets its
// own, while the others are kept to be used again.
func (r RouteSettings) bytes(line int64) int64 {
	buffer := int64(r.Buffer)
	sum := 2*buffer + 2*chunkBytes
	if line > chunkBytes {
		sum += buffer
	}
	return sum
}
