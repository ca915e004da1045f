package queue

import "fmt"

// Policy says what Put does when the queue is full.
type Policy uint8

const (
	// Block makes the producer wait until there is room. It is the default:
	// nothing is lost.
	Block Policy = iota
	// DropNewest rejects the item that does not fit.
	DropNewest
	// DropOldest evicts the oldest item to make room.
	DropOldest
)

var policyNames = [...]string{"block", "drop-newest", "drop-oldest"}

// String returns the name that settings use: block, drop-newest, drop-oldest.
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return fmt.Sprintf("policy(%d)", uint8(p))
}

// MarshalText implements encoding.TextMarshaler.
func (p Policy) MarshalText() ([]byte, error) {
	if int(p) >= len(policyNames) {
		return nil, fmt.Errorf("queue: policy %d does not exist", uint8(p))
	}
	return []byte(p.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Policy) UnmarshalText(text []byte) error {
	for i, name := range policyNames {
		if string(text) == name {
			*p = Policy(i)
			return nil
		}
	}
	return fmt.Errorf("queue: unknown overflow policy %q: want block, drop-newest or drop-oldest", text)
}
