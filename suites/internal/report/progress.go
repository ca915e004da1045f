package report

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/logperf/logperf/suites/internal/result"
)

// Step is one scenario of a run and the time that it is expected to take.
type Step struct {
	Name string
	Time time.Duration
}

// ProgressOptions configures a Progress.
type ProgressOptions struct {
	// Terminal rewrites one line in place; otherwise each scenario has a line.
	Terminal bool
	// Steps are the scenarios to come. Their order does not matter.
	Steps []Step
	// Now tells the time; nil means time.Now.
	Now func() time.Time
}

// Progress shows which scenario of how many runs, and the time left: what the
// remaining steps are expected to take, corrected by what the finished ones
// took. It is safe for concurrent use.
type Progress struct {
	w io.Writer
	o ProgressOptions

	mu      sync.Mutex // guards all below
	left    map[string]time.Duration
	planned time.Duration // of the finished steps
	spent   time.Duration // by the finished steps
	begun   time.Time
	current string
	number  int
}

// NewProgress returns a progress before its first step.
func NewProgress(w io.Writer, o ProgressOptions) *Progress {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &Progress{w: w, o: o, left: map[string]time.Duration{}}
	for _, s := range o.Steps {
		p.left[s.Name] = s.Time
	}
	return p
}

// Begin shows that the step runs now.
func (p *Progress) Begin(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.number++
	p.current, p.begun = name, p.o.Now()
	line := fmt.Sprintf("[%2d/%d] %-42s %8s left ", p.number, len(p.o.Steps), name, p.timeLeft())
	if p.o.Terminal {
		line = "\r\x1b[K" + line
	}
	_, _ = io.WriteString(p.w, line)
}

// End records that the step that began last has finished. A failure keeps its
// line on a terminal.
func (p *Progress) End(outcome result.Outcome) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spent += p.o.Now().Sub(p.begun)
	p.planned += p.left[p.current]
	delete(p.left, p.current)
	if outcome != result.Pass && p.o.Terminal {
		_, _ = fmt.Fprintf(p.w, "%s\n", outcome)
	}
}

// Done clears the line of a terminal.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.o.Terminal {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}

func (p *Progress) timeLeft() string {
	var sum time.Duration
	for _, d := range p.left {
		sum += d
	}
	if p.planned > 0 {
		sum = time.Duration(float64(sum) * float64(p.spent) / float64(p.planned))
	}
	return sum.Round(time.Second).String()
}
