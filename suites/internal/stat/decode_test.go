package stat

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

func TestAHistogramOfAnotherShapeIsRefused(t *testing.T) {
	for name, h := range map[string]*hdrhistogram.Histogram{
		"wider":         hdrhistogram.New(1, math.MaxInt64/2, 3),
		"narrower":      hdrhistogram.New(1, int64(time.Second), 3),
		"coarser":       hdrhistogram.New(1, histogramTop, 2),
		"begins higher": hdrhistogram.New(1000, histogramTop, 3),
	} {
		text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeHistogram(text); err == nil || !strings.Contains(err.Error(), "want 1 to 60000000000 ns at 3 digits") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeHistogram(f *testing.F) {
	h := NewHistogram()
	h.Record(42)
	h.Record(int64(time.Hour))
	text, err := h.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := DecodeHistogram(data)
		if err != nil {
			return
		}
		all := NewHistogram()
		all.Merge(h)
		if all.Count() != h.Count() {
			t.Errorf("%d of %d merged", all.Count(), h.Count())
		}
	})
}
