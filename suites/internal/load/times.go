package load

import (
	"github.com/logperf/logperf/suites/internal/experiment"
	"github.com/logperf/logperf/suites/internal/stat"
)

// histograms are the times of a load that are kept with its figures.
func histograms(t experiment.Traffic) map[string]*stat.Histogram {
	return map[string]*stat.Histogram{"service": t.Service, "response": t.Response}
}

// Times are those of the load whose figures are reported.
func (d *drive) Times() map[string]*stat.Histogram { return histograms(d.traffic[0]) }

// Times are those of the whole load.
func (p *played) Times() map[string]*stat.Histogram { return histograms(p.traffic) }

// Times are those of the whole load.
func (g *generator) Times() map[string]*stat.Histogram { return histograms(g.traffic) }

var _, _, _, _ experiment.Timed = (*drive)(nil), (*library)(nil), (*reference)(nil), (*generator)(nil)
