package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func line(producer int, number uint64) string {
	return fmt.Sprintf(`{"level":"INFO","msg":"a","load.n":"not this","%s":%d,"%s":%d}`, producerKey, producer, numberKey, number) + "\n"
}

func TestNumbersFindWhatIsMissingDoubledAndOutOfOrder(t *testing.T) {
	for _, c := range []struct {
		name                          string
		sent                          []uint64 // of producer 1
		unique, duplicated, disorered int
		missing                       string
	}{
		{"all in order", []uint64{0, 1, 2, 3}, 4, 0, 0, ""},
		{"one missing", []uint64{0, 1, 3}, 3, 0, 0, "2 of producer 1"},
		{"one twice", []uint64{0, 1, 1, 2}, 3, 1, 0, ""},
		{"two exchanged", []uint64{0, 2, 1, 3}, 4, 0, 1, ""},
		{"a batch twice", []uint64{0, 1, 2, 0, 1, 2, 3}, 4, 3, 0, ""},
		{"nothing", nil, 0, 0, 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var text strings.Builder
			for _, n := range c.sent {
				text.WriteString(line(1, n))
			}
			var n Numbers
			if err := n.Read(strings.NewReader(text.String())); err != nil {
				t.Fatal(err)
			}
			if n.Arrived != len(c.sent) || n.Unique != c.unique || n.Duplicated() != c.duplicated || n.Disordered != c.disorered {
				t.Errorf("arrived %d, unique %d, duplicated %d, out of order %d", n.Arrived, n.Unique, n.Duplicated(), n.Disordered)
			}
			if got := strings.Join(n.Missing(3), ", "); got != c.missing {
				t.Errorf("missing %q, want %q", got, c.missing)
			}
		})
	}
}

func TestALineWithoutNumbersIsNamed(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{line(0, 0) + `{"msg":"x"}` + "\n", "line 2 of the far end has no numbers"},
		{`{"load.producer":1,"load.n":2`, "line 1 of the far end"},
		{`{"load.producer":99999999999,"load.n":2}` + "\n", "line 1 of the far end has no numbers"},
		{`{"load.producer":1,"load.n":99999999999}` + "\n", "line 1 of the far end: record 99999999999 of producer 1 is none that was sent"},
		{`{"load.producer":1,"load.n":-2}` + "\n", "has no numbers"},
	} {
		var n Numbers
		if err := n.Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.text, err, c.want)
		}
	}
}

// Whatever is lost, doubled and exchanged on the way, the counts are those of a
// check that keeps all that arrives.
func TestNumbersAgreeWithACheckThatKeepsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var arrivals [][2]uint64
		for producer := range uint64(rapid.IntRange(1, 4).Draw(t, "producers")) {
			for number := range uint64(rapid.IntRange(0, 200).Draw(t, "records")) {
				for range random.IntN(3) { // lost, once or twice
					arrivals = append(arrivals, [2]uint64{producer, number})
				}
			}
		}
		for range rapid.IntRange(0, 50).Draw(t, "exchanges") {
			if len(arrivals) > 1 {
				i := random.IntN(len(arrivals) - 1)
				arrivals[i], arrivals[i+1] = arrivals[i+1], arrivals[i]
			}
		}
		var n Numbers
		seen, highest, disorder := map[[2]uint64]bool{}, map[uint64]uint64{}, 0
		for _, a := range arrivals {
			if err := n.Add(int(a[0]), a[1]); err != nil {
				t.Fatal(err)
			}
			if h, ok := highest[a[0]]; !seen[a] && ok && a[1] < h {
				disorder++
			}
			seen[a] = true
			highest[a[0]] = max(highest[a[0]], a[1])
		}
		if n.Arrived != len(arrivals) || n.Unique != len(seen) || n.Disordered != disorder {
			t.Fatalf("arrived %d, unique %d, disordered %d: want %d, %d, %d", n.Arrived, n.Unique, n.Disordered, len(arrivals), len(seen), disorder)
		}
		for _, m := range n.Missing(1 << 20) {
			var number, producer uint64
			if _, err := fmt.Sscanf(m, "%d of producer %d", &number, &producer); err != nil || seen[[2]uint64{producer, number}] {
				t.Fatalf("%s is missing and has arrived (%v)", m, err)
			}
		}
	})
}

func TestMissingIsCutShort(t *testing.T) {
	var n Numbers
	if err := n.Add(0, 1000); err != nil {
		t.Fatal(err)
	}
	if got := n.Missing(2); !slices.Equal(got, []string{"0 of producer 0", "1 of producer 0"}) {
		t.Errorf("missing %q", got)
	}
}

func FuzzNumbers(f *testing.F) {
	f.Add([]byte(line(1, 2)))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var n Numbers
		_ = n.Read(strings.NewReader(string(text)))
		if n.Unique > n.Arrived || n.Disordered > n.Unique {
			t.Errorf("%+v", n)
		}
	})
}
