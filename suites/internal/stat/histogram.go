package stat

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// LongestTime is the most that a Histogram can tell apart.
const LongestTime = 60 * time.Second

const (
	histogramTop    = int64(LongestTime)
	histogramDigits = 3
)

// Histogram counts times from 1 ns to 60 s at three significant digits, so a
// quantile errs by at most 0.1 %. It is not safe for concurrent use: each
// goroutine records into its own, and they are merged after. Recording does not
// allocate.
type Histogram struct {
	h       *hdrhistogram.Histogram
	clamped int64
}

// NewHistogram returns an empty histogram.
func NewHistogram() *Histogram {
	return &Histogram{h: hdrhistogram.New(1, histogramTop, histogramDigits)}
}

// Record counts one time in nanoseconds. What lies outside the range is counted
// at its edge; Clamped tells how often that happened at the top.
func (h *Histogram) Record(ns int64) {
	if ns > histogramTop {
		ns = histogramTop
		h.clamped++
	}
	// The value is in range, so there is no error to look at.
	_ = h.h.RecordValue(max(ns, 1))
}

// Merge adds what other has counted.
func (h *Histogram) Merge(other *Histogram) {
	h.h.Merge(other.h)
	h.clamped += other.clamped
}

// Quantile returns the time in nanoseconds below which the share q of what was
// recorded lies, 0 <= q <= 1.
func (h *Histogram) Quantile(q float64) float64 { return float64(h.h.ValueAtQuantile(100 * q)) }

// Max is the longest time in nanoseconds.
func (h *Histogram) Max() float64 { return float64(h.h.Max()) }

// Count is how many times were recorded.
func (h *Histogram) Count() int64 { return h.h.TotalCount() }

// Clamped is how many times were longer than the range.
func (h *Histogram) Clamped() int64 { return h.clamped }

// Encode returns the histogram in the compressed V2 format that HDR tools read.
func (h *Histogram) Encode() ([]byte, error) {
	return h.h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// DecodeHistogram reads what Encode wrote. Clamped is not part of the format. A
// histogram of another range or precision is refused: Merge would leave out
// what it cannot hold without a word.
func DecodeHistogram(data []byte) (*Histogram, error) {
	h, err := hdrhistogram.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("the histogram cannot be read: %w", err)
	}
	return known(h)
}

// known takes a histogram of the range and precision of all others.
func known(h *hdrhistogram.Histogram) (*Histogram, error) {
	if h.LowestTrackableValue() != 1 || h.HighestTrackableValue() != histogramTop || h.SignificantFigures() != histogramDigits {
		return nil, fmt.Errorf("the histogram ranges from %d to %d ns at %d digits: want 1 to %d ns at %d digits",
			h.LowestTrackableValue(), h.HighestTrackableValue(), h.SignificantFigures(), histogramTop, histogramDigits)
	}
	return &Histogram{h: h}, nil
}
