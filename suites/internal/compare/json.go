package compare

import (
	"encoding/json"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/stat"
)

// side is a run of a comparison, without its rows.
type side struct {
	ID      string         `json:"id"`
	Started time.Time      `json:"started"`
	Commit  string         `json:"commit"`
	Dirty   bool           `json:"dirty"`
	Outcome result.Outcome `json:"outcome"`
}

func sideOf(r *result.Run) side {
	return side{r.ID, r.Started, r.Environment.Commit, r.Environment.Dirty, r.Outcome}
}

// MarshalJSON writes the comparison with the names of its runs; what else they
// hold stands in their run.json.
func (c *Comparison) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Old         side          `json:"old"`
		New         side          `json:"new"`
		Differences []string      `json:"differences"`
		Settings    []string      `json:"settings"`
		References  stat.Interval `json:"references"`
		Rows        []Row         `json:"rows"`
		OnlyOld     []string      `json:"only_old"`
		OnlyNew     []string      `json:"only_new"`
	}{
		sideOf(c.Old), sideOf(c.New), some(c.Differences), some(c.Settings), c.References, c.rowsOf(), some(c.OnlyOld), some(c.OnlyNew),
	})
}

// some is an empty list for none: a reader of JSON wants to count.
func some(all []string) []string {
	if all == nil {
		return []string{}
	}
	return all
}

func (c *Comparison) rowsOf() []Row {
	if c.Rows == nil {
		return []Row{}
	}
	return c.Rows
}
