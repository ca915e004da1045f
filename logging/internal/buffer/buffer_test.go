package buffer

import (
	"fmt"
	"testing"
)

func TestBufferIsAnEmptyWriter(t *testing.T) {
	b := Get()
	if len(b.B) != 0 {
		t.Fatalf("a new buffer holds %q", b.B)
	}
	fmt.Fprintf(b, "%s-%d", "a", 1)
	if string(b.B) != "a-1" {
		t.Errorf("holds %q after writing a-1", b.B)
	}
	b.Free()
	if b = Get(); len(b.B) != 0 {
		t.Errorf("a buffer from the pool holds %q", b.B)
	}
}

func TestLargeBufferIsNotKept(t *testing.T) {
	b := Get()
	b.B = make([]byte, 0, MaxKept+1)
	b.Free()
	for range 100 {
		if got := Get(); cap(got.B) > MaxKept {
			t.Fatalf("the pool kept a buffer of %d bytes", cap(got.B))
		}
	}
}
