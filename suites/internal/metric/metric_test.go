package metric

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryMetricIsWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		if m.Name == "" || strings.ContainsAny(m.Name, " \t") || seen[m.Name] {
			t.Errorf("the name %q is empty, has a space or stands twice", m.Name)
		}
		seen[m.Name] = true
		if !strings.HasSuffix(m.Help, ".") || m.Unit == "" {
			t.Errorf("%s needs a sentence of help and a unit", m.Name)
		}
		if m.Exact && m.Machine {
			t.Errorf("%s cannot be free of noise and depend on the machine's speed", m.Name)
		}
		if found, ok := Lookup(m.Name); !ok || found != m {
			t.Errorf("Lookup(%q) is %+v, %v", m.Name, found, ok)
		}
	}
	if !slices.IsSortedFunc(All(), func(a, b Metric) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("All is not sorted")
	}
	if _, ok := Lookup("alocs/op"); ok {
		t.Error("a misspelt name is found")
	}
}

func TestAllReturnsACopy(t *testing.T) {
	All()[0].Name = "changed"
	if All()[0].Name == "changed" {
		t.Error("the caller can change the table")
	}
}

func TestValuesAreReadWithTheirUnit(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		text string
		want float64
	}{
		{Nanoseconds, "412", 412},
		{Nanoseconds, "20us", 20_000},
		{Nanoseconds, "1.5 ms", 1_500_000},
		{Nanoseconds, "2s", 2e9},
		{Bytes, "64KiB", 65_536},
		{Bytes, "64B", 64},
		{Ratio, "1.2", 1.2},
		{Ratio, "3%", 0.03},
		{PerSecond, "200k", 200_000},
		{MegabytesPerSecond, "350", 350},
		{Count, "0", 0},
	} {
		if got, err := c.unit.Parse(c.text); err != nil || math.Abs(got-c.want) > 1e-9*math.Abs(c.want) {
			t.Errorf("%s %q is %v, %v: want %v", c.unit, c.text, got, err, c.want)
		}
	}
}

func TestAWrongUnitNamesTheRightOnes(t *testing.T) {
	for _, c := range []struct {
		unit       Unit
		text, want string
	}{
		{Nanoseconds, "3KiB", "want s, ms, us, ns"},
		{Bytes, "3us", "want GiB, MiB, KiB, B"},
		{Ratio, "3us", "want %"},
		{MegabytesPerSecond, "3k", "plain number"},
		{Nanoseconds, "fast", "is not a number"},
		{Nanoseconds, "", "is not a number"},
		{Count, "NaN", "is not a number"},
		{Count, "1e999", "is not a number"},
	} {
		if _, err := c.unit.Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want a message with %q", c.unit, c.text, err, c.want)
		}
	}
}

func TestFormatHasThreeDigits(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{Nanoseconds, 412, "412 ns"},
		{Nanoseconds, 17.84, "17.8 ns"},
		{Nanoseconds, 1_240_000, "1.24 ms"},
		{Nanoseconds, 999.9, "1.00 us"},
		{Bytes, 65_536, "64 KiB"},
		{Bytes, 373.9, "374 B"},
		{PerSecond, 2_050_000, "2.05 M/s"},
		{PerSecond, 12, "12 /s"},
		{MegabytesPerSecond, 1929.4, "1929 MB/s"},
		{Ratio, 0.94, "0.940"},
		{Count, 0, "0"},
		{Count, 2.74, "2.74"},
		{Count, math.NaN(), "-"},
		{Count, math.Inf(1), "inf"},
	} {
		if got := c.unit.Format(c.v); got != c.want {
			t.Errorf("%v %s is shown as %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestWhatIsShownReadsBackAsTheSameValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := rapid.SampledFrom([]Unit{Nanoseconds, Bytes, Ratio, PerSecond, Count}).Draw(t, "unit")
		v := math.Pow(10, rapid.Float64Range(-1, 11).Draw(t, "exponent"))
		if u == Ratio {
			v = math.Mod(v, 100) + 0.1
		}
		back, err := u.Parse(strings.TrimSuffix(u.Format(v), "/s"))
		if err != nil || math.Abs(back-v) > 0.006*v {
			t.Fatalf("%v is shown as %q and reads back as %v, %v", v, u.Format(v), back, err)
		}
	})
}

func TestNearestPutsTheLikeliestFirst(t *testing.T) {
	names := []string{"allocs/op", "B/op", "ns/op", "p99-ns"}
	if got := Nearest("alocs/op", names); len(got) != 3 || got[0] != "allocs/op" {
		t.Errorf("nearest to alocs/op: %v", got)
	}
	names = []string{"cpu/idle", "queue/put-take/producers=8/capacity=1024"}
	if got := Nearest("queue/put", names); got[0] != names[1] {
		t.Errorf("Nearest(queue/put) = %q: the name that begins so comes first, however long it is", got)
	}
	if got := Nearest("x", nil); len(got) != 0 {
		t.Errorf("nearest of nothing: %v", got)
	}
}

func TestDistanceIsAMetric(t *testing.T) {
	if d := distance("kitten", "sitting"); d != 3 { // the textbook example
		t.Errorf("kitten to sitting is %d, want 3", d)
	}
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-c]{0,6}`)
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		if distance(a, b) != distance(b, a) || (distance(a, b) == 0) != (a == b) || distance(a, c) > distance(a, b)+distance(b, c) {
			t.Fatalf("%q %q %q: %d %d %d", a, b, c, distance(a, b), distance(b, c), distance(a, c))
		}
	})
}
