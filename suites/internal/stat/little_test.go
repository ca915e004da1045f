package stat

import (
	"testing"
	"time"
)

// looked are looks at a system where so many come in a second and each stays that
// long, every 25 ms for half a second.
func looked(rate float64, stay time.Duration) []Look {
	var all []Look
	for at := time.Duration(0); at <= 500*time.Millisecond; at += 25 * time.Millisecond {
		came := 1000 + rate*at.Seconds()
		all = append(all, Look{At: 7*time.Second + at, Came: came, Left: came - rate*stay.Seconds()})
	}
	return all
}

func TestLittlesLawTellsHowLongOneStays(t *testing.T) {
	for _, want := range []time.Duration{0, 5 * time.Millisecond, 300 * time.Millisecond} {
		if got, ok := Sojourn(looked(2000, want)); !ok || got < want-want/50 || got > want+want/50 {
			t.Errorf("who stays %v: %v, %v", want, got, ok)
		}
	}
	ahead := looked(2000, -time.Millisecond) // counters that are read one after the other
	if got, ok := Sojourn(ahead); !ok || got != 0 {
		t.Errorf("more have left than came: %v, %v", got, ok)
	}
}

func TestWhereNobodyComesNobodyStays(t *testing.T) {
	for name, looks := range map[string][]Look{
		"two looks":          looked(2000, time.Second)[:2],
		"no looks":           nil,
		"nobody":             looked(0, time.Second),
		"all at one moment":  {{Came: 1}, {Came: 2}, {Came: 3}},
		"the counters began": {{At: 1, Came: 5}, {At: 2}, {At: 3, Came: 1}},
	} {
		if got, ok := Sojourn(looks); ok {
			t.Errorf("%s: %v", name, got)
		}
	}
}
