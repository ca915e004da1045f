package stat

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestQuantilesErrByLessThanATenthOfAPercent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ns := rapid.SliceOfN(rapid.Int64Range(1, int64(time.Second)), 1, 200).Draw(t, "ns")
		h := NewHistogram()
		for _, v := range ns {
			h.Record(v)
		}
		slices.Sort(ns)
		if h.Count() != int64(len(ns)) {
			t.Fatalf("%d of %d counted", h.Count(), len(ns))
		}
		top := float64(ns[len(ns)-1])
		if got := h.Max(); got < top || got > top*1.001+1 {
			t.Fatalf("the longest is %v, want %v", got, top)
		}
		middle := float64(ns[(len(ns)-1)/2])
		if got := h.Quantile(0.5); got < middle*0.999-1 || got > float64(ns[len(ns)/2])*1.001+1 {
			t.Fatalf("the median is %v, want %v", got, middle)
		}
	})
}

func TestWhatIsOutOfRangeIsCountedAtTheEdge(t *testing.T) {
	h := NewHistogram()
	h.Record(-5)
	h.Record(0)
	h.Record(int64(2 * time.Hour))
	if h.Count() != 3 || h.Clamped() != 1 {
		t.Errorf("counted %d, clamped %d", h.Count(), h.Clamped())
	}
	if top := time.Duration(h.Max()); top < 59*time.Second || top > 61*time.Second {
		t.Errorf("the longest is %v", top)
	}
}

func TestMergeAndEncodeKeepTheCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	a, b, all := NewHistogram(), NewHistogram(), NewHistogram()
	for i := range 1000 {
		v := random.Int64N(1_000_000)
		all.Record(v)
		if i%2 == 0 {
			a.Record(v)
		} else {
			b.Record(v)
		}
	}
	a.Merge(b)
	text, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeHistogram(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []float64{0, 0.5, 0.99, 0.999, 1} {
		if back.Quantile(q) != all.Quantile(q) {
			t.Errorf("the %v-quantile is %v, want %v", q, back.Quantile(q), all.Quantile(q))
		}
	}
	if _, err := DecodeHistogram([]byte("no histogram")); err == nil {
		t.Error("rubbish is read as a histogram")
	}
}

func TestRecordDoesNotAllocate(t *testing.T) {
	h := NewHistogram()
	v := int64(0)
	if n := testing.AllocsPerRun(1000, func() { v += 997; h.Record(v) }); n != 0 {
		t.Errorf("Record allocates %v times", n)
	}
}
