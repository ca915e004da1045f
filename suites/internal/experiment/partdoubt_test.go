package experiment

import (
	"context"
	"maps"
	"testing"
	"time"
)

// known knows how large and how long its slice is, and what it cannot tell.
type known struct {
	lasts  time.Duration
	doubts map[string]string
	closed bool
}

func (k *known) Run(context.Context, int) error { return nil }
func (k *known) Close(context.Context) error    { k.closed = true; return nil }
func (k *known) Size() int                      { return 7 }
func (k *known) Lasts() time.Duration           { return k.lasts }

// Doubts are asked for behind Close: before it they may not all be known.
func (k *known) Doubts() map[string]string {
	if !k.closed {
		return map[string]string{"ns/op": "it was asked too early"}
	}
	return k.doubts
}

// sizedOnly has no idea of its time.
type sizedOnly struct{ timed }

func (s *sizedOnly) Size() int { return 7 }

func TestASubjectThatKnowsItsTimeSaysItInCalibration(t *testing.T) {
	for _, c := range []struct {
		name    string
		subject Subject
		want    Calibration
	}{
		{"half an hour", &known{lasts: 30 * time.Minute}, Calibration{N: 7, Lasts: 30 * time.Minute}},
		{"no time", &known{}, Calibration{N: 7}},
		{"unknown", &sizedOnly{}, Calibration{N: 7}},
	} {
		s := plain(c.subject)
		s.Sized, s.Slices = true, 1
		got, err := start(t, s, Options{}).Calibrate(t.Context())
		if err != nil || got != c.want {
			t.Errorf("%s: Calibrate() = %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestDoubtsAboutSingleMetricsAreReported(t *testing.T) {
	want := map[string]string{"ns/op": "the limit was not in force"}
	r := start(t, plain(&known{doubts: want}), Options{})
	if err := r.Begin(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Slice(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p, err := r.Finish(t.Context())
	if err != nil || !maps.Equal(p.Doubts, want) || p.Doubt != "" {
		t.Errorf("the report has the doubts %v and %q (%v), want %v", p.Doubts, p.Doubt, err, want)
	}
}
