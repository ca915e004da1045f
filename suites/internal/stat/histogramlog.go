package stat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// WriteHistogramLog writes histograms in the HDR log format, version 1.3, one line
// for each tag in the order of their names. The line's maximum is in
// milliseconds, as in the format's other writers; the histograms stay in
// nanoseconds. began and lasted are when they were taken.
//
// Source: HistogramLogWriter of HdrHistogram (https://hdrhistogram.org).
func WriteHistogramLog(w io.Writer, began time.Time, lasted time.Duration, byTag map[string]*Histogram) error {
	log := hdrhistogram.NewHistogramLogWriter(w)
	if err := errors.Join(
		log.OutputLogFormatVersion(),
		log.OutputComment("times of single calls in ns"),
		log.OutputStartTime(began.UnixMilli()),
		log.OutputLegend(),
	); err != nil {
		return err
	}
	for _, tag := range slices.Sorted(maps.Keys(byTag)) {
		h := byTag[tag].h
		h.SetTag(tag)
		h.SetStartTimeMs(began.UnixMilli())
		h.SetEndTimeMs(began.Add(lasted).UnixMilli())
		if err := log.OutputIntervalHistogram(h); err != nil {
			return fmt.Errorf("the histogram %s cannot be written: %w", tag, err)
		}
	}
	return nil
}

// ReadHistogramLog reads what WriteHistogramLog wrote. Several lines of one tag
// are added up. What cannot be read does not hide the rest: the histograms that
// can be are returned beside the error.
func ReadHistogramLog(text []byte) (map[string]*Histogram, error) {
	var faults []error
	if !bytes.HasSuffix(text, []byte("\n")) {
		// The reader would pass over half a line, or take half of a histogram.
		faults = append(faults, errors.New("it is cut off in its last line"))
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	}
	byTag := map[string]*Histogram{}
	for number, line := range bytes.SplitAfter(text, []byte("\n")) {
		if err := addLine(byTag, line); err != nil {
			faults = append(faults, fmt.Errorf("line %d: %w", number+1, err))
		}
	}
	if len(byTag) == 0 && len(faults) == 0 {
		faults = append(faults, errors.New("it holds no histogram"))
	}
	return byTag, errors.Join(faults...)
}

// addLine reads one line by a reader of its own: one that reads on behind a line
// that it does not understand does not tell which that was.
func addLine(byTag map[string]*Histogram, line []byte) error {
	if len(line) == 0 || line[0] == '#' || line[0] == '"' {
		return nil
	}
	h, err := hdrhistogram.NewHistogramLogReader(bytes.NewReader(line)).NextIntervalHistogram()
	if err != nil {
		return fmt.Errorf("the histogram cannot be read: %w", err)
	}
	if h == nil {
		return errors.New("it is no line of a histogram log: want Tag=NAME,start,length,maximum,histogram")
	}
	one, err := known(h)
	if err != nil {
		return err
	}
	if sum, ok := byTag[h.Tag()]; ok {
		sum.Merge(one)
		return nil
	}
	byTag[h.Tag()] = one
	return nil
}
