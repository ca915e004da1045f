package metric

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWhatFormatWritesIsRead(t *testing.T) {
	units := []Unit{Nanoseconds, Bytes, Ratio, PerSecond, MegabytesPerSecond, Count}
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom(units).Draw(t, "unit")
		// A ratio has three decimals from 0.0995 on, everything else three digits.
		v := math.Pow(10, rapid.Float64Range(-6, 11).Draw(t, "exponent"))
		if rapid.Bool().Draw(t, "negative") {
			v = -v
		}
		back, err := u.Parse(u.Format(v))
		if err != nil || math.Abs(back-v) > 0.0051*math.Abs(v) {
			t.Fatalf("%v %s is shown as %q and read as %v, %v", v, u, u.Format(v), back, err)
		}
	})
}

func TestRatesAreReadAsTheyAreShown(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		text string
		want float64
	}{
		{PerSecond, "2.05 M/s", 2_050_000},
		{PerSecond, "200k/s", 200_000},
		{PerSecond, "12/s", 12},
		{MegabytesPerSecond, "350 MB/s", 350},
	} {
		if got, err := c.unit.Parse(c.text); err != nil || math.Abs(got-c.want) > 1e-9*c.want {
			t.Errorf("%s %q is %v, %v: want %v", c.unit, c.text, got, err, c.want)
		}
	}
	for u, text := range map[Unit]string{Nanoseconds: "3/s", Count: "3/s", MegabytesPerSecond: "3/s", PerSecond: "3MB/s"} {
		if v, err := u.Parse(text); err == nil {
			t.Errorf("%s %q is read as %v", u, text, v)
		}
	}
}

func TestAUnitThatTakesANumberOutOfRangeIsRefused(t *testing.T) {
	if v, err := Nanoseconds.Parse("1e308s"); err == nil || !strings.Contains(err.Error(), `"1e308s" is not a number`) {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := Nanoseconds.Parse("1e308"); err != nil || v != 1e308 {
		t.Errorf("a number within the range: %v, %v", v, err)
	}
}

func TestASmallRatioIsNotShownAsNone(t *testing.T) {
	for v, want := range map[float64]string{0.00042: "0.00042", -0.0049: "-0.0049", 0.0421: "0.0421", 0.0999: "0.100", 0: "0.000"} {
		if got := Ratio.Format(v); got != want {
			t.Errorf("%v is shown as %q, want %q", v, got, want)
		}
	}
}
