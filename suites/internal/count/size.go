package count

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

const (
	// enough is how many instructions the operations of a count take together: what
	// the runtime does of its own accord is then some 0.3 % of it. To start the arm
	// takes longer.
	enough = 100_000_000
	// distinct is by how many instructions two counts have to differ before a size is
	// made of them: the same run twice differs by some 200,000.
	distinct = 5_000_000
	// cheapest is the least number of instructions of an operation that is counted:
	// below it the loop around the operations is a part of the figure that hides 1 %.
	cheapest = 50
	// step rounds the numbers: arms count in slices of so many.
	step = 500
)

// ErrTooCheap is the error of operations that take too few instructions to be
// told from the loop around them.
var ErrTooCheap = errors.New("an operation takes too few instructions to be counted")

// Size are the numbers of operations of the two runs whose difference is counted:
// what starts and ends the process is in both. The zero value is 2,000 and 12,000.
type Size struct{ Few, Many int }

func (z Size) withDefaults() Size {
	if z == (Size{}) {
		return Size{2_000, 12_000}
	}
	return z
}

// SizeFor finds how many operations a count needs. It begins with few and takes
// ten times as many until the difference of the two runs is clear of what the
// runtime does of its own accord: by a smaller one cheap operations would get the
// size of dear ones, and counts that are nothing but noise. Of operations of fewer
// than 50 instructions the error is ErrTooCheap. The two runs of a step go on side
// by side.
func SizeFor(ctx context.Context, counter Counter, run func(n int) Command) (Size, error) {
	for size := (Size{500, 1_500}); ; size = (Size{10 * size.Few, 10 * size.Many}) {
		difference, err := sideBySide(ctx, counter, run, size)
		if err != nil {
			return Size{}, err
		}
		operations := size.Many - size.Few
		switch {
		case difference >= distinct:
			return sizeOf(difference / float64(operations)), nil
		case operations >= distinct/cheapest:
			return Size{}, fmt.Errorf("%w: %d of them take %.0f, want %d each", ErrTooCheap, operations, difference, cheapest)
		}
	}
}

// sideBySide is the difference of two counts, in instructions. It may be negative.
func sideBySide(ctx context.Context, counter Counter, run func(n int) Command, size Size) (float64, error) {
	var counts [2]float64
	var errs [2]error
	var wait sync.WaitGroup
	for i, n := range []int{size.Few, size.Many} {
		wait.Go(func() { counts[i], errs[i] = whole(ctx, counter, run, n) })
	}
	wait.Wait()
	return counts[1] - counts[0], errors.Join(errs[:]...)
}

// sizeOf is the size for operations of so many instructions.
func sizeOf(each float64) Size {
	n := int(max(enough/each, 2_000))
	n = (n + step - 1) / step * step
	few := max(step, n/5/step*step)
	return Size{Few: few, Many: few + n}
}
