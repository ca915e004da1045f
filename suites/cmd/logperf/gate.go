package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/onsi/ginkgo/v2/types"
	"github.com/spf13/cobra"

	"github.com/logperf/logperf/suites/internal/gate"
	"github.com/logperf/logperf/suites/internal/metric"
	"github.com/logperf/logperf/suites/internal/result"
	"github.com/logperf/logperf/suites/internal/scenario"
	"github.com/logperf/logperf/suites/internal/threshold"
)

// gateCall is a call of the command.
type gateCall struct {
	base, head   string
	labels, only string
	budget       time.Duration
	seed         uint64
	json         string
	markdown     string
	accept       string
	annotate     bool
	selects      func(name string, labels []string) bool
}

func gateCommand() *cobra.Command {
	var g gateCall
	c := &cobra.Command{
		Use:   "gate",
		Short: "Compare two versions of the library: did it get slower, by how much, how sure is that",
		Long: `Compare two versions of the library. Both are built in many layouts and run in
turns; thresholds.yaml says how much slower a scenario may become (regression:),
by default 4 %. docs/gate.md tells how to read the verdicts.

Exit status: 0 where nothing got slower than its limit, 1 where something did,
2 where there is no verdict, 3 where it is INCONCLUSIVE.`,
		Example: "  logperf gate --base main --label-filter 'subject:pipeline'",
		Args: func(c *cobra.Command, args []string) error {
			if err := cobra.NoArgs(c, args); err != nil {
				return err
			}
			return g.check()
		},
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := signal.NotifyContext(c.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return g.run(ctx, c.OutOrStdout(), c.ErrOrStderr())
		},
	}
	f := c.Flags()
	f.StringVar(&g.base, "base", "", "what is compared with: a branch, a tag or a commit; by default where the head left the main branch")
	f.StringVar(&g.head, "head", "", "what is compared; by default the files as they are")
	f.StringVar(&g.labels, "label-filter", "", "which scenarios, in Ginkgo's language; by default tier:smoke")
	f.StringVar(&g.only, "only", "", "the name of one scenario, in place of a filter")
	f.DurationVar(&g.budget, "budget", gate.DefaultBudget, "the time for links and pairs, without the builds before")
	f.Uint64Var(&g.seed, "seed", 0, "of layouts, orders and workload; by default one that is drawn and printed")
	f.StringVar(&g.json, "json", "", "write the report to this file as JSON")
	f.StringVar(&g.markdown, "markdown", "", "append the report to this file as Markdown")
	f.StringVar(&g.accept, "accept", "", "why slowdowns and removed scenarios are expected: they are shown, and do not fail; losses and leaks do")
	f.BoolVar(&g.annotate, "annotate", false, "print failures as annotations of a GitHub job")
	return c
}

// check refuses flags that no run could follow.
func (g *gateCall) check() error {
	if g.budget <= 0 {
		return fmt.Errorf("--budget is %v: want more than 0, such as 8m", g.budget)
	}
	if g.only != "" && g.labels != "" {
		return errors.New("--only and --label-filter exclude each other")
	}
	if g.only != "" {
		names := namesOf()
		if !slices.Contains(names, g.only) && g.head == "" {
			return fmt.Errorf("there is no scenario %q; the nearest are %s", g.only, strings.Join(metric.Nearest(g.only, names), ", "))
		}
		g.selects = func(name string, _ []string) bool { return name == g.only }
		return nil
	}
	filter, err := types.ParseLabelFilter(cmp.Or(strings.TrimSpace(g.labels), "tier:smoke"))
	if err != nil {
		return fmt.Errorf("--label-filter: %w", err)
	}
	g.selects = func(_ string, labels []string) bool { return filter(labels) }
	return nil
}

func namesOf() []string {
	var names []string
	for _, s := range scenario.All() {
		names = append(names, s.Name)
	}
	return names
}

// gateEnded is the end of a run that is not a PASS.
type gateEnded struct {
	code int
	text string
}

func (e gateEnded) Error() string { return e.text }

// Status is the exit status.
func (e gateEnded) Status() int { return e.code }

func (g *gateCall) run(ctx context.Context, out, errs io.Writer) error {
	root, err := result.FindRepository()
	if err != nil {
		return gateEnded{2, err.Error()}
	}
	limits, err := threshold.Load(root.Path("thresholds.yaml"), time.Now())
	if err != nil {
		return gateEnded{2, err.Error()}
	}
	results, err := resultsFolder()
	if err != nil {
		return gateEnded{2, err.Error()}
	}
	seed := g.seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())>>10&0xffffffff | 1
	}
	p := &gateProgress{w: errs, terminal: terminal(errs)}
	r, err := gate.Run(ctx, gate.Options{
		Root: string(root), Base: gate.Tree{Ref: g.base}, Head: gate.Tree{Ref: g.head}, Select: g.selects,
		Limits: limits, Budget: g.budget, Seed: seed, Progress: p.show,
		Profiles: fromHere(filepath.Join(results, "gate")),
	})
	p.done()
	switch {
	case ctx.Err() != nil:
		return gateEnded{130, "interrupted: the arms were ended, nothing was left behind, and there is no verdict"}
	case errors.Is(err, gate.ErrNothing):
		return gateEnded{2, g.nothing()}
	case err != nil:
		return gateEnded{2, err.Error()}
	}
	return g.tell(out, r)
}

// fromHere is the path from the working directory, where it lies below: the
// report prints commands with it.
func fromHere(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	if short, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(short) {
		return short
	}
	return path
}

// nothing says why no scenario is selected.
func (g *gateCall) nothing() string {
	if g.only != "" {
		return fmt.Sprintf("the scenario %s is not compared: the gate leaves out what measures the harness itself", g.only)
	}
	return fmt.Sprintf("the filter %q selects no scenario", cmp.Or(g.labels, "tier:smoke"))
}

// tell writes the report wherever it was asked for.
func (g *gateCall) tell(out io.Writer, r *gate.Report) error {
	if err := r.Text(out); err != nil {
		return err
	}
	if g.annotate {
		annotate(out, r)
	}
	if err := g.store(r); err != nil {
		return gateEnded{2, err.Error()}
	}
	return g.end(out, r)
}

// end is how the command ends: nil is a PASS, or what was accepted in its place.
func (g *gateCall) end(out io.Writer, r *gate.Report) error {
	accepted := func(what string) error {
		_, err := fmt.Fprintf(out, "%s accepted: %s\n", what, g.accept)
		return err
	}
	switch {
	case r.Verdict == result.Pass:
		return nil
	case r.Verdict == result.Fail && g.accept != "":
		failures := r.Failures()
		if i := slices.IndexFunc(failures, gate.Figure.Fault); i >= 0 {
			return gateEnded{1, fmt.Sprintf("the label accepts slowdowns, not losses: %s of %s", failures[i].Metric, failures[i].Name)}
		}
		return accepted("the slowdowns are")
	case r.Verdict == result.Fail:
		return gateEnded{1, "the head is slower than its limits allow"}
	case r.OnlyRemoved && g.accept != "":
		return accepted("the removal is")
	}
	return gateEnded{3, "INCONCLUSIVE: " + cmp.Or(r.Why, "some scenarios could not be decided")}
}

func (g *gateCall) store(r *gate.Report) error {
	if g.json != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return fmt.Errorf("the report cannot be written: %w", err)
		}
		if err := result.WriteFileAtomic(g.json, append(text, '\n')); err != nil {
			return err
		}
	}
	if g.markdown == "" {
		return nil
	}
	var b bytes.Buffer
	if err := r.Markdown(&b); err != nil {
		return err
	}
	// Appended: the summary of a job belongs to all of its steps.
	f, err := os.OpenFile(g.markdown, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	return errors.Join(err, f.Close())
}

// annotate prints each failure as a command of a GitHub job, which shows it at
// the line of thresholds.yaml concerned.
func annotate(w io.Writer, r *gate.Report) {
	for _, f := range r.Failures() {
		file, line, _ := strings.Cut(cmp.Or(f.At, "thresholds.yaml:1"), ":")
		_, _ = fmt.Fprintf(w, "::error file=%s,line=%s::%s\n", file, line, escape(f.String()))
	}
}

// escape is what a workflow command asks of its text.
func escape(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

// gateProgress shows where a run is: one line in place on a terminal, else a
// line a minute.
type gateProgress struct {
	w        io.Writer
	terminal bool
	last     time.Time
	said     bool
}

// logEvery is how often a log gets a line.
const logEvery = time.Minute

func (p *gateProgress) show(at gate.Progress) {
	line := at.Doing
	if at.Left >= 0 {
		line = fmt.Sprintf("%4d pairs, %2d scenarios open, %s to the next look, at most %s left: %s",
			at.Pairs, at.Open, at.Left.Round(time.Second), at.Most.Round(time.Second), at.Doing)
	}
	if p.terminal {
		p.said = true
		_, _ = fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	if now := time.Now(); now.Sub(p.last) >= logEvery {
		p.last = now
		_, _ = fmt.Fprintln(p.w, line)
	}
}

// done clears the line of a terminal.
func (p *gateProgress) done() {
	if p.said {
		_, _ = io.WriteString(p.w, "\r\x1b[K")
	}
}
