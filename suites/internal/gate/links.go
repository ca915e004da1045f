package gate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// sideBySide is how many links run at a time.
const sideBySide = 2

// linker makes one binary of a side; the layout is never 0.
type linker func(ctx context.Context, out string, layout uint32) error

// links is the pool of binaries of both sides, each with a layout of its own.
// All scenarios share it. Nothing is timed while it grows.
type links struct {
	dir        string
	make       [2]linker // of base, of head
	layouts    [2]*rand.Rand
	seen       [2]map[uint32]bool
	base, head []string
	spent      time.Duration
}

func newLinks(dir string, seed uint64, base, head linker) *links {
	l := &links{dir: dir, make: [2]linker{base, head}}
	for i := range l.layouts {
		l.layouts[i] = rand.New(rand.NewPCG(seed, uint64(i)+1))
		l.seen[i] = map[uint32]bool{}
	}
	return l
}

// layout is one that the side has not had.
func (l *links) layout(side int) uint32 {
	for {
		n := l.layouts[side].Uint32() >> 1 // the linker takes a signed number
		if n != 0 && !l.seen[side][n] {
			l.seen[side][n] = true
			return n
		}
	}
}

// grow links until there are n of each side. The first error ends it.
func (l *links) grow(ctx context.Context, n int) error {
	if n <= len(l.base) {
		return nil
	}
	began := time.Now()
	defer func() { l.spent += time.Since(began) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wait sync.WaitGroup
	room := make(chan struct{}, sideBySide)
	for i := len(l.base); i < n; i++ {
		for side, name := range []string{"base", "head"} {
			path, layout := filepath.Join(l.dir, fmt.Sprintf("%s-%d", name, i)), l.layout(side)
			if side == 0 {
				l.base = append(l.base, path)
			} else {
				l.head = append(l.head, path)
			}
			room <- struct{}{}
			wait.Go(func() {
				defer func() { <-room }()
				if ctx.Err() != nil {
					return
				}
				if err := l.make[side](ctx, path, layout); err != nil {
					cancel(fmt.Errorf("link %d of %s: %w", i+1, name, err))
				}
			})
		}
	}
	wait.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return l.check(n)
}

// check refuses a link that is not there: the go command was told to write it.
func (l *links) check(n int) error {
	var errs []error
	for _, path := range append(append([]string{}, l.base[:n]...), l.head[:n]...) {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			errs = append(errs, fmt.Errorf("the link %s is missing or empty", path))
		}
	}
	return errors.Join(errs...)
}

// draw is the order in which one scenario takes the links of the pool: pair
// number p takes a link of either side that this scenario has not had. Each batch
// of links is permuted by itself, because the pool grows.
type draw struct {
	rand       *rand.Rand
	base, head []int
}

// extend covers n links.
func (d *draw) extend(n int) {
	for _, order := range []*[]int{&d.base, &d.head} {
		from := len(*order)
		if from >= n {
			continue
		}
		for _, i := range d.rand.Perm(n - from) {
			*order = append(*order, from+i)
		}
	}
}
