package sequential

import (
	"fmt"
	"math"

	"github.com/logperf/logperf/suites/internal/stat"
)

const (
	// ControlPairs is the number of pairs of a control.
	ControlPairs = 24
	// controlLevel is the chance that a fit machine seems unfit, over all controls.
	controlLevel = 0.01
)

// Control is what pairs of head against head say about the machine. Its figures are
// ratios, as in Decision.
type Control struct {
	Fit                    bool
	Estimate, Lower, Upper float64
	Pairs                  int
}

// JudgeControl decides from the log ratios of a control, ControlPairs of them, of
// a scenario with a limit. controls is how many there are in the run. The machine is unfit
// where the two sides differ, at 0.01 over all controls and two-sided, by half the
// limit or more: what is significant and small harms no verdict.
func JudgeControl(logRatios []float64, limit float64, controls int) (Control, error) {
	if len(logRatios) != ControlPairs {
		return Control{}, fmt.Errorf("the control has %d pairs: want %d", len(logRatios), ControlPairs)
	}
	for i, y := range logRatios {
		if math.IsNaN(y) || math.IsInf(y, 0) {
			return Control{}, fmt.Errorf("pair %d of the control has no finite ratio", i+1)
		}
	}
	if !(limit > 0) || controls < 1 {
		return Control{}, fmt.Errorf("the limit %v and %d controls: want a limit above 0 and at least one control", limit, controls)
	}
	w := stat.WalshAverages(logRatios)
	c := stat.NewSignedRank(ControlPairs).Critical(controlLevel / float64(controls) / 2)
	lower, upper, center := w.Lower(c), w.Upper(c), w.Center()
	significant := lower > 0 || upper < 0
	return Control{
		Fit:      !significant || math.Abs(center) < math.Log1p(limit)/2,
		Estimate: math.Exp(center), Lower: math.Exp(lower), Upper: math.Exp(upper), Pairs: ControlPairs,
	}, nil
}
