package page

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"go.uber.org/goleak"

	"github.com/logperf/logperf/suites/internal/doctor"
	"github.com/logperf/logperf/suites/internal/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// browser is a tab, and what was heard of it.
type browser struct {
	context.Context
	mu       sync.Mutex
	faults   []string // errors and warnings of the console, exceptions, refused by the policy
	requests []string
}

// chromium is a headless browser with a profile of its own; the test is skipped
// where there is none.
func chromium(t *testing.T) context.Context {
	t.Helper()
	var binary string
	for _, name := range doctor.Browsers() {
		if path, err := exec.LookPath(name); err == nil {
			binary = path
			break
		}
	}
	if binary == "" {
		t.Skip("no Chromium here, so nobody looks at the page: apt-get install chromium")
	}
	// The context of the test ends before its clean-up, in which the browser does.
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx,
		chromedp.ExecPath(binary), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-dev-shm-usage", true), // it is small in containers
	)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	// Before its folder is removed the browser has ended.
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil && ctx.Err() == nil {
			t.Error(err)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// open shows a page in a tab of its own.
func open(t *testing.T, chromium context.Context, in Input) *browser {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(written(t, in)), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(chromium)
	t.Cleanup(cancel)
	b := &browser{Context: ctx}
	b.do(t) // opens the tab
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	order(t, b, network.Enable, network.EnableParams{})
	address := url.URL{Scheme: "file", Path: path}
	b.do(t, chromedp.EmulateViewport(1200, 900), chromedp.Navigate(address.String()))
	return b
}

// hear keeps what a quiet page does not do.
func (b *browser) hear(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		fault := "console." + string(e.Type)
		for _, argument := range e.Args {
			fault += " " + string(argument.Value) + argument.Description
		}
		b.faults = append(b.faults, fault)
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, fmt.Sprintf("%s %v", e.ExceptionDetails.Text, e.ExceptionDetails.Exception))
	case *log.EventEntryAdded:
		b.faults = append(b.faults, e.Entry.Text)
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, e.Request.URL)
	}
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b, actions...); err != nil {
		t.Fatal(err)
	}
}

// order sends a command of the protocol.
func order[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	if _, err := chromedp.Call(b, command, params); err != nil {
		t.Fatal(err)
	}
}

// ask evaluates an expression; a promise is waited for.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	answer, err := chromedp.Run(b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return answer
}

// until waits for a condition in the page.
func (b *browser) until(t *testing.T, condition string) {
	t.Helper()
	ask[bool](t, b, fmt.Sprintf(`new Promise(done => { const look = () => %s ? done(true) : setTimeout(look, 10); look() })`, condition))
}

// quiet fails where the page had something to complain of or asked for anything
// but itself.
func (b *browser) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.faults) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(b.faults, "\n"))
	}
	if len(b.requests) != 1 {
		t.Errorf("the page makes requests: %v", b.requests)
	}
}

// settled opens all scenarios and waits until they are drawn: the browser tells
// of an opened element in a task of its own, and paints in another.
func (b *browser) settled(t *testing.T) {
	t.Helper()
	ask[bool](t, b, `(document.getElementById('open').click(), true)`)
	b.until(t, `[...document.querySelectorAll('details.scenario')].every(s => s.dataset.drawn)`)
	ask[bool](t, b, `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
}

// points are how many points the plots of a scenario have, by their kind and in
// their order, as the data of the page says.
func points(s *scenario) []string {
	var all []string
	add := func(kind string, series ...numbers) {
		n := 0
		for _, values := range series {
			good, _ := finiteOf(values)
			n += len(good)
		}
		all = append(all, fmt.Sprintf("%s %d", kind, n))
	}
	valuesOf := func(series []series) (values []numbers) {
		for _, one := range series {
			values = append(values, one.Values)
		}
		return values
	}
	d := s.Data
	if len(d.Strips) > 0 {
		var values []numbers
		for _, l := range d.Strips[0].Lines {
			values = append(values, l.Values)
		}
		add("strips", values...)
	}
	if d.Percentiles != nil {
		add("percentiles", valuesOf(d.Percentiles.Series)...)
	}
	if len(d.Timelines) > 0 {
		for _, p := range d.Timelines[0].Panels {
			add("timelines", valuesOf(p.Series)...)
		}
	}
	if d.Curve != nil {
		add("curve", valuesOf(d.Curve.Series)...)
	}
	if len(d.History) > 0 {
		add("history", d.History[0].Median)
	}
	return all
}

// TestThePageInABrowser has one browser, and a tab for each of its parts.
func TestThePageInABrowser(t *testing.T) {
	browser := chromium(t)
	for _, part := range []struct {
		name string
		test func(*testing.T, context.Context)
	}{
		{"EachPlotIsDrawnWithItsPointsAndNothingIsAskedFor", eachPlotIsDrawnWithItsPointsAndNothingIsAskedFor},
		{"AnotherFigureAndRepetitionAreDrawnInPlace", anotherFigureAndRepetitionAreDrawnInPlace},
		{"ThePageWorksWithoutAMouse", thePageWorksWithoutAMouse},
		{"AScreenReaderHasHeadingsInOrderAndAWordForEachPlot", aScreenReaderHasHeadingsInOrderAndAWordForEachPlot},
		{"ThePageFitsAPhoneTheDarkAndPaper", thePageFitsAPhoneTheDarkAndPaper},
		{"WithoutScriptsTheTablesAreOpen", withoutScriptsTheTablesAreOpen},
		{"AxesAndTablesWriteTheSameNumbers", axesAndTablesWriteTheSameNumbers},
		{"ALargePageIsOpenInTime", aLargePageIsOpenInTime},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, browser) })
	}
}

func eachPlotIsDrawnWithItsPointsAndNothingIsAskedFor(t *testing.T, chromium context.Context) {
	in := whole()
	b := open(t, chromium, in)
	b.settled(t)
	for _, g := range viewOf(in).Groups {
		for _, s := range g.Scenarios {
			got := ask[[]string](t, b, fmt.Sprintf(`[...document.querySelectorAll('#%s canvas')].map(c => c.closest('figure').dataset.plot + ' ' + c.dataset.points)`, s.ID))
			if want := points(s); !slices.Equal(got, want) {
				t.Errorf("%s: the plots have %v, want %v", s.Name, got, want)
			}
			// Lines are uPlot's own; other points are counted where they are drawn.
			drawn := ask[[]string](t, b, fmt.Sprintf(`[...document.querySelectorAll('#%s canvas')].map(c => {
				const kind = c.closest('figure').dataset.plot
				return kind + ' ' + (['percentiles', 'timelines'].includes(kind) ? c.dataset.points : c.dataset.drawn)
			})`, s.ID))
			if want := points(s); !slices.Equal(drawn, want) {
				t.Errorf("%s: within the plots are drawn %v, want %v", s.Name, drawn, want)
			}
		}
	}
	if failed := ask[[]string](t, b, `[...document.querySelectorAll('[data-failed]')].map(f => f.dataset.failed)`); len(failed) > 0 {
		t.Errorf("plots that cannot be drawn: %v", failed)
	}
	// Axes and grid are grey.
	blank := ask[int](t, b, `[...document.querySelectorAll('canvas')].filter(c => {
		const {data} = c.getContext('2d').getImageData(0, 0, c.width, c.height)
		for (let i = 0; i < data.length; i += 4) {
			const rgb = data.slice(i, i + 3)
			if (data[i + 3] > 100 && Math.max(...rgb) - Math.min(...rgb) > 60) return false
		}
		return true
	}).length`)
	if blank > 0 {
		t.Errorf("%d plots show nothing but their axes", blank)
	}
	b.quiet(t)
}

func anotherFigureAndRepetitionAreDrawnInPlace(t *testing.T, chromium context.Context) {
	b := open(t, chromium, whole())
	b.settled(t)
	before := ask[int](t, b, `logperf.plots.length`)
	for _, kind := range []string{"strips", "timelines"} {
		ask[bool](t, b, fmt.Sprintf(`(() => { const s = document.querySelector('#s-load-mixed figure[data-plot=%s] select'); s.value = '1'; s.dispatchEvent(new Event('change')); return true })()`, kind))
	}
	if after := ask[int](t, b, `logperf.plots.length`); after != before {
		t.Errorf("%d plots became %d", before, after)
	}
	label := ask[string](t, b, `document.querySelector('#s-load-mixed figure[data-plot=timelines] [role=img]').getAttribute('aria-label')`)
	if !strings.Contains(label, "repetition 2") {
		t.Errorf("the plot says of itself %q", label)
	}
	b.quiet(t)
}

func thePageWorksWithoutAMouse(t *testing.T, chromium context.Context) {
	b := open(t, chromium, whole())
	reached := map[string]bool{}
	for range 120 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		at := ask[string](t, b, `(e => e === document.body ? '' : e.id || e.className || e.hash || e.tagName + ' in ' + e.parentElement.id)(document.activeElement)`)
		if at == "" && len(reached) > 0 {
			break
		}
		reached[at] = true
		if at == "SUMMARY in s-load-mixed" {
			b.do(t, chromedp.KeyEvent(kb.Enter))
		}
		if shown := ask[bool](t, b, `(e => e === document.body || getComputedStyle(e).outlineStyle !== 'none')(document.activeElement)`); !shown {
			t.Errorf("one does not see that %s has the focus", at)
		}
	}
	for _, want := range []string{"skip", "#attention", "#s-queue-put", "filter", "open", "scroll", "SUMMARY in s-queue-put", "SUMMARY in s-load-mixed"} {
		if !reached[want] {
			t.Errorf("the key Tab does not reach %s; it reaches %v", want, reached)
		}
	}
	if !ask[bool](t, b, `document.getElementById('s-load-mixed').open`) {
		t.Error("the key Enter does not open a scenario")
	}
	b.quiet(t)
}

func aScreenReaderHasHeadingsInOrderAndAWordForEachPlot(t *testing.T, chromium context.Context) {
	b := open(t, chromium, whole())
	b.settled(t)
	last := 0
	for _, level := range ask[[]int](t, b, `[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1]))`) {
		if level > last+1 {
			t.Errorf("a heading of level %d follows one of level %d", level, last)
		}
		last = level
	}
	for what, expression := range map[string]string{
		"plots without a text":       `[...document.querySelectorAll('canvas')].filter(c => !(c.closest('[role=img]')?.getAttribute('aria-label')?.length > 20)).length`,
		"tables without a caption":   `[...document.querySelectorAll('table')].filter(t => !t.caption?.textContent).length`,
		"cells that name no row":     `[...document.querySelectorAll('tbody tr')].filter(r => r.cells[0].tagName !== 'TH').length`,
		"fields without a label":     `[...document.querySelectorAll('select, input')].filter(f => !f.labels.length).length`,
		"missing landmarks":          `['header', 'nav', 'main', 'footer'].filter(l => document.querySelectorAll(l).length !== 1).length`,
		"ids that stand twice":       `(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(e => e.id))`,
		"links that lead nowhere":    `[...document.querySelectorAll('a')].filter(a => !document.getElementById(a.hash.slice(1))).length`,
		"regions without a name":     `[...document.querySelectorAll('[role=region], section[aria-labelledby]')].filter(r => !r.ariaLabel && !document.getElementById(r.getAttribute('aria-labelledby'))).length`,
		"colours without their word": `[...document.querySelectorAll('.word')].filter(w => !/[A-Za-z~]/.test(w.textContent)).length`,
	} {
		if n := ask[int](t, b, expression); n > 0 {
			t.Errorf("%d %s", n, what)
		}
	}
}

func thePageFitsAPhoneTheDarkAndPaper(t *testing.T, chromium context.Context) {
	b := open(t, chromium, whole())
	b.settled(t)
	b.do(t, chromedp.EmulateViewport(360, 740))
	b.until(t, `logperf.plots.every(p => p.u.width <= 360)`) // the browser tells them in a task of its own
	if wide := ask[int](t, b, `document.documentElement.scrollWidth`); wide > 360 {
		t.Errorf("on a phone the page is %d pixels wide: want 360", wide)
	}
	light := ask[string](t, b, `getComputedStyle(document.body).backgroundColor`)
	order(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}})
	if dark := ask[string](t, b, `getComputedStyle(document.body).backgroundColor`); dark == light {
		t.Errorf("in the dark the page is %s too", dark)
	}
	if pdf, err := chromedp.Run(b, chromedp.PrintToPDF(chromedp.PDFPrintBackground())); err != nil || len(pdf) < 10_000 {
		t.Errorf("on paper the page has %d bytes (%v)", len(pdf), err)
	}
	b.quiet(t)
}

func withoutScriptsTheTablesAreOpen(t *testing.T, chromium context.Context) {
	b := open(t, chromium, whole())
	order(t, b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.do(t, chromedp.Reload())
	const visible = `[...document.querySelectorAll('#s-queue-put details.more table')].filter(t => t.getClientRects().length > 0).length`
	if n := ask[int](t, b, visible); n != 4 { // metrics, ratios, percentiles, history
		t.Errorf("%d tables are seen in a scenario that fails: want 4", n)
	}
	if n := ask[int](t, b, `[...document.querySelectorAll('figure, .tools')].filter(f => f.getClientRects().length > 0).length`); n != 0 {
		t.Errorf("%d parts are seen that do nothing without scripts", n)
	}
}

func axesAndTablesWriteTheSameNumbers(t *testing.T, chromium context.Context) {
	b := open(t, chromium, Input{Run: small()})
	for _, u := range []metric.Unit{metric.Nanoseconds, metric.Bytes, metric.Count, metric.Ratio, metric.PerSecond, metric.MegabytesPerSecond} {
		for _, v := range []float64{0, 0.0004, 0.0995, 0.5, 1, 1.245, 9.996, 12.34, 99.96, 412, 999.6, 1000, 1536, 1e5, 123456, 1e6, 2.05e6, 7.7e9, 3 << 30} {
			if got := ask[string](t, b, fmt.Sprintf(`logperf.format(%q, %v)`, u, v)); got != u.Format(v) {
				t.Errorf("%v in %s: an axis has %q and a table %q", v, u, got, u.Format(v))
			}
		}
	}
}

func aLargePageIsOpenInTime(t *testing.T, chromium context.Context) {
	if testing.Short() {
		t.Skip("a page of two megabytes")
	}
	b := open(t, chromium, largest())
	ask[bool](t, b, `(location.hash = '#s-pipeline-end-to-end-number-30', true)`)
	b.until(t, `document.getElementById('s-pipeline-end-to-end-number-30').dataset.drawn`)
	if n := ask[int](t, b, `document.querySelectorAll('#s-pipeline-end-to-end-number-30 canvas').length`); n < 5 {
		t.Errorf("a link to a scenario draws %d plots", n)
	}
	if n := ask[int](t, b, `document.querySelectorAll('details.scenario[data-drawn]').length`); n != 1 {
		t.Errorf("%d scenarios are drawn before anyone opens them", n-1)
	}
	b.quiet(t)
}
