package queue

import "unsafe"

// PlaceBytes returns how many bytes of memory each place of a Queue[T] takes,
// used or not. What T refers to is not among them.
func PlaceBytes[T any]() int { return int(unsafe.Sizeof(slot[T]{})) }
