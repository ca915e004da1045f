package profile

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	runtimeprofile "runtime/pprof"
	"slices"
	"strings"
	"testing"

	pprof "github.com/google/pprof/profile"

	"github.com/logperf/logperf/suites/internal/metric"
)

var update = flag.Bool("update", false, "write the golden files anew")

// one is a sample: its stack from the innermost function, names that were inlined
// into the next joined to it by "<".
type one struct {
	stack string
	value int64
}

// made is a profile of those samples. Values are 10 ms of processor time each, or
// bytes.
func made(kind string, samples ...one) *pprof.Profile {
	p := &pprof.Profile{SampleType: []*pprof.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}}}
	if kind == Allocs {
		p.SampleType = []*pprof.ValueType{{Type: "alloc_objects", Unit: "count"}, {Type: "alloc_space", Unit: "bytes"}}
	}
	functions := map[string]*pprof.Function{}
	for _, s := range samples {
		sample := &pprof.Sample{Value: []int64{s.value, s.value}}
		if kind == CPU {
			sample.Value[1] *= 10_000_000
		}
		for _, location := range strings.Fields(s.stack) {
			l := &pprof.Location{ID: uint64(len(p.Location) + 1)}
			for _, name := range strings.Split(location, "<") {
				f, known := functions[name]
				if !known {
					f = &pprof.Function{ID: uint64(len(p.Function) + 1), Name: name, Filename: name[strings.LastIndexByte(name, '/')+1:] + ".go"}
					functions[name] = f
					p.Function = append(p.Function, f)
				}
				l.Line = append(l.Line, pprof.Line{Function: f})
			}
			p.Location = append(p.Location, l)
			sample.Location = append(sample.Location, l)
		}
		p.Sample = append(p.Sample, sample)
	}
	return p
}

// stored is the profile as Read gives it, through a file.
func stored(t testing.TB, raw *pprof.Profile) (*Profile, error) {
	t.Helper()
	var b bytes.Buffer
	if err := raw.Write(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "one.pprof")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return Read(path)
}

func read(t testing.TB, kind string, samples ...one) *Profile {
	t.Helper()
	p, err := stored(t, made(kind, samples...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// encoding is what a logger's arm spends its time on.
func encoding() []one {
	return []one{
		{"runtime.memmove example.com/log.appendString example.com/log.encode example.com/log.work", 20},
		{"example.com/log.appendString<example.com/log.encode example.com/log.work", 30},
		{"example.com/log.encode example.com/log.work", 10},
		{"syscall.write example.com/log.(*file).Write example.com/log.work", 25},
		{"runtime.scanobject runtime.gcAssistAlloc runtime.mallocgc example.com/log.encode example.com/log.work", 5},
		{"runtime.scanobject runtime.gcBgMarkWorker", 8},
		{"runtime.futex runtime.mstart", 2},
	}
}

func TestTheHeaviestFunctionStandsFirst(t *testing.T) {
	p := read(t, CPU, encoding()...)
	if p.Kind != CPU || p.Unit != metric.Nanoseconds || p.Total != 1_000_000_000 || p.Samples != 100 {
		t.Fatalf("the profile is one of %s in %s, %d in %d samples: want cpu, ns, 1 s in 100", p.Kind, p.Unit, p.Total, p.Samples)
	}
	top := Top(p, 3)
	want := []Function{
		{Name: "example.com/log.appendString", File: "log.appendString.go", Flat: 300_000_000, Cum: 500_000_000, Share: 0.3},
		{Name: "syscall.write", File: "syscall.write.go", Flat: 250_000_000, Cum: 250_000_000, Share: 0.25},
		{Name: "runtime.memmove", File: "runtime.memmove.go", Flat: 200_000_000, Cum: 200_000_000, Share: 0.2},
	}
	if len(top) != 3 {
		t.Fatalf("asked for 3 there are %d", len(top))
	}
	for i, f := range want {
		if top[i] != f {
			t.Errorf("number %d is %+v, want %+v", i+1, top[i], f)
		}
	}
	all := Top(p, 0)
	if last := all[len(all)-1]; len(all) != 12 || last.Flat != 0 {
		t.Errorf("there are %d functions, the last with %d of its own: want 12, and one that only calls", len(all), last.Flat)
	}
}

func TestARecursiveFunctionCountsOnce(t *testing.T) {
	p := read(t, Allocs, one{"a.walk a.walk<a.walk a.start", 64})
	for _, f := range Top(p, 0) {
		if f.Cum != 64 {
			t.Errorf("%s has %d of 64 bytes", f.Name, f.Cum)
		}
	}
	if p.Unit != metric.Bytes || p.Samples != 1 {
		t.Errorf("bytes are in %s, of %d stacks", p.Unit, p.Samples)
	}
}

func TestWhatTheProfilerCostsIsLeftOut(t *testing.T) {
	p := read(t, CPU, one{"a.work", 9}, one{"runtime.mallocgc runtime/pprof.(*profileBuilder).addCPUData runtime/pprof.profileWriter", 3})
	if p.Samples != 9 || len(Top(p, 0)) != 1 {
		t.Errorf("%d samples of %v", p.Samples, Top(p, 0))
	}
}

func TestTimeBelongsToTheFunctionThatWasInterrupted(t *testing.T) {
	p := read(t, CPU, one{"runtime.asyncPreempt a.work", 5}, one{"runtime.asyncPreempt", 1})
	if top := Top(p, 2); top[0].Name != "a.work" || top[0].Flat != 50_000_000 || top[1].Name != interrupted {
		t.Errorf("the heaviest are %+v", top)
	}
}

func TestWhatTheRuntimeAllocatesForItselfIsLeftOut(t *testing.T) {
	p := read(t, Allocs, one{"runtime.mallocgc runtime.newm runtime.schedule", 64}, one{"runtime.growslice a.work", 32})
	if p.Total != 32 {
		t.Errorf("%d bytes are allocated, want the 32 of work", p.Total)
	}
	if cpu := read(t, CPU, one{"runtime.scanobject runtime.gcBgMarkWorker", 4}); cpu.Samples != 4 {
		t.Errorf("the collector's time is left out: %d samples", cpu.Samples)
	}
}

func TestASampleBelongsToTheFirstStageInItsStack(t *testing.T) {
	p := read(t, CPU, encoding()...)
	shares := Stages(p, []Stage{
		{"GC", []string{"runtime.gcAssistAlloc", "runtime.gcBgMarkWorker"}},
		{"write", []string{"example.com/log.(*file)."}},
		{"encode", []string{"example.com/log.encode"}},
		{"queue", []string{"example.com/log/queue."}},
		{"runtime", []string{"runtime."}},
	})
	want := []StageShare{
		{"GC", 130_000_000, 0.13}, {"write", 250_000_000, 0.25}, {"encode", 600_000_000, 0.6}, {"queue", 0, 0}, {"runtime", 20_000_000, 0.02}, {Other, 0, 0},
	}
	if len(shares) != len(want) {
		t.Fatalf("the stages are %v", shares)
	}
	for i := range want {
		if shares[i].Name != want[i].Name || shares[i].Value != want[i].Value || math.Abs(shares[i].Share-want[i].Share) > 1e-9 {
			t.Errorf("stage %d is %+v, want %+v", i, shares[i], want[i])
		}
	}
	if rest := Stages(p, nil); len(rest) != 1 || rest[0].Share != 1 {
		t.Errorf("without stages all belongs to %v", rest)
	}
}

// What called a stage is no part of it, and what it calls is.
func TestThePartBelowAStageHasNoCallers(t *testing.T) {
	stages := []Stage{{"write", []string{"log.(*file)"}}, {"encode", []string{"log.encode"}}}
	p := read(t, CPU,
		one{"you.mask log.encode you.handle main.main", 30}, one{"log.encodeOne log.encode you.handle", 10},
		one{"you.mask log.(*file).Write log.encode", 5}, one{"you.mask you.handle main.main", 55})
	part := Below(p, stages, "encode")
	if part.Total != 400_000_000 || part.Kind != CPU {
		t.Errorf("the part is %d of %s, want 40 samples of 10 ms", part.Total, part.Kind)
	}
	var got []string
	for _, f := range Top(part, 0) {
		got = append(got, fmt.Sprintf("%s %d", f.Name, f.Cum/10_000_000))
	}
	if want := []string{"you.mask 30", "log.encodeOne 10", "log.encode 40"}; !slices.Equal(got, want) {
		t.Errorf("it has %q, want %q", got, want)
	}
	for _, name := range []string{Other, "none"} {
		if part := Below(p, stages, name); part.Total != 0 || len(Top(part, 0)) != 0 {
			t.Errorf("%s has %d", name, part.Total)
		}
	}
}

func TestADifferenceIsOneOfTheCostOfAnOperation(t *testing.T) {
	base := read(t, CPU, one{"log.encode", 60}, one{"log.write", 40}, one{"log.gone", 1})
	head := read(t, CPU, one{"log.encode", 160}, one{"log.write", 80}, one{"log.more", 12})
	base.Operations, head.Operations = 1000, 2000
	changes, err := Diff(base, head, 0)
	if err != nil {
		t.Fatal(err)
	}
	// write costs the same: 80 samples of twice as many operations.
	want := []Change{
		{"log.encode", "log.encode.go", 600_000, 800_000, 200.0 / 1010},
		{"log.more", "log.more.go", 0, 60_000, 60.0 / 1010},
		{"log.gone", "log.gone.go", 10_000, 0, -10.0 / 1010},
	}
	if len(changes) != len(want) {
		t.Fatalf("the changes are %+v", changes)
	}
	for i, c := range changes {
		if c.Name != want[i].Name || c.Base != want[i].Base || c.Head != want[i].Head || math.Abs(c.Share-want[i].Share) > 1e-9 {
			t.Errorf("change %d is %+v, want %+v", i, c, want[i])
		}
	}
	if most, err := Diff(base, head, 1); err != nil || len(most) != 1 || most[0].Short() != "log.encode" {
		t.Errorf("the largest is %v (%v)", most, err)
	}
}

func TestWithoutOperationsSharesAreCompared(t *testing.T) {
	base := read(t, CPU, one{"log.encode", 50}, one{"log.write", 50})
	head := read(t, CPU, one{"log.encode", 300}, one{"log.write", 100})
	changes, err := Diff(base, head, 0)
	if err != nil || len(changes) != 2 {
		t.Fatalf("%v, %v", changes, err)
	}
	for _, c := range changes {
		if math.Abs(math.Abs(c.Share)-0.25) > 1e-9 {
			t.Errorf("%+v: want a difference of 0.25", c)
		}
	}
	if _, err := Diff(base, read(t, Allocs, one{"a.b", 1}), 0); err == nil || !strings.Contains(err.Error(), "want two of a kind") {
		t.Errorf("time and bytes are compared: %v", err)
	}
}

func TestAnUnusableProfileIsOneSentence(t *testing.T) {
	dir := t.TempDir()
	var whole bytes.Buffer
	if err := made(CPU, encoding()...).Write(&whole); err != nil {
		t.Fatal(err)
	}
	goroutines := made(CPU, encoding()...)
	goroutines.SampleType[1] = &pprof.ValueType{Type: "goroutine", Unit: "count"}
	var other bytes.Buffer
	if err := goroutines.Write(&other); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"empty":     {nil, "is an empty file: its process ended before it was written"},
		"cut":       {whole.Bytes()[:whole.Len()/2], "is damaged or cut short: "},
		"text":      {[]byte("hello, world\n"), "is damaged or cut short: "},
		"goroutine": {other.Bytes(), "has the values samples/count, goroutine/count: want cpu/nanoseconds or alloc_space/bytes"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, c.data, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Read(path)
		if err == nil || !strings.HasPrefix(err.Error(), "the profile "+path+" "+c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one sentence with %q", name, err, c.want)
		}
	}
	if _, err := Read(filepath.Join(dir, "none")); err == nil || err.Error() != "the profile "+filepath.Join(dir, "none")+" cannot be read: no such file or directory" {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := stored(t, made(Allocs)); !errors.Is(err, ErrEmpty) {
		t.Errorf("a profile without samples: %v", err)
	}
	if _, err := stored(t, made(Allocs, one{"runtime/pprof.StartCPUProfile", 4})); !errors.Is(err, ErrEmpty) {
		t.Errorf("a profile of the profiler alone: %v", err)
	}
}

// held keeps what is allocated from being optimised away.
var held [][]byte

//go:noinline
func allocateMuch() {
	for range 64 {
		held = append(held, make([]byte, 1<<20))
	}
}

func TestAProfileOfGosAllocationsIsRead(t *testing.T) {
	allocateMuch()
	runtime.GC()
	path := filepath.Join(t.TempDir(), "allocs.pprof")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(runtimeprofile.Lookup("allocs").WriteTo(f, 0), f.Close()); err != nil {
		t.Fatal(err)
	}
	p, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	top := Top(p, 1)[0]
	if p.Kind != Allocs || top.Short() != "profile.allocateMuch" || top.Flat < 40<<20 || !strings.HasSuffix(top.File, "profile_test.go") {
		t.Errorf("of %s the heaviest is %+v, want allocateMuch with 64 MiB", p.Kind, top)
	}
	held = nil
}

func TestTextNamesFileFunctionsAndCommand(t *testing.T) {
	p := read(t, CPU, append(encoding(), one{"example.com/log.Map[go.shape.struct{example.com/x/y.Z}].Get example.com/log.work", 1})...)
	p.Path = "/srv/my results/profiles/one.cpu.pprof"
	short := read(t, CPU, one{"example.com/log.encode", 14})
	short.Path = "short.cpu.pprof"
	allocs := read(t, Allocs, one{"example.com/log.clone example.com/log.work", 3 << 20})
	allocs.Path = "/srv/results/profiles/a_b=1.allocs.pprof"
	got := Text(p, 8, "  ") + Text(short, 5, "") + Text(allocs, 5, "")
	const golden = "testdata/text.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("%s (%v) is not\n%s", golden, err, got)
	}
}

func FuzzParse(f *testing.F) {
	var whole bytes.Buffer
	if err := made(CPU, encoding()...).WriteUncompressed(&whole); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()/3])
	f.Add([]byte("heap profile: 1: 2 [3: 4] @ heapprofile\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parse("f", data)
		if err != nil {
			return
		}
		sum := 0.0
		for _, s := range Stages(p, []Stage{{"runtime", []string{"runtime."}}}) {
			sum += s.Share
		}
		flat := int64(0)
		for _, one := range Top(p, 0) {
			flat += one.Flat
		}
		if math.Abs(sum-1) > 1e-6 || flat != p.Total {
			t.Errorf("the stages come to %g, the functions to %d of %d", sum, flat, p.Total)
		}
		if changes, err := Diff(p, p, 0); err != nil || len(changes) > 0 {
			t.Errorf("a profile differs from itself: %v, %v", changes, err)
		}
	})
}
