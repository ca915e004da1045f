package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/bits"
	"strconv"
)

// The names of the attributes that number the records. They are the last of
// their record, and no generated record has them.
const (
	producerKey = "load.producer"
	numberKey   = "load.n"
)

// Numbers checks the numbered records that have arrived: each producer counts
// its records from 0. The zero value is ready to use; it is not safe for
// concurrent use.
type Numbers struct {
	// Arrived counts all records, Unique each of them once.
	Arrived, Unique int
	// Disordered counts the records that came for the first time behind a later
	// one of their producer.
	Disordered int

	producers []seen
}

// seen is what has arrived of one producer.
type seen struct {
	next uint64   // after the highest number
	bits []uint64 // a bit for each number
}

// Duplicated is how often a record arrived that had arrived before.
func (n *Numbers) Duplicated() int { return n.Arrived - n.Unique }

// mostProducers and mostNumbers bound what a damaged line can make Add allocate.
const (
	mostProducers = 1 << 20
	mostNumbers   = 1 << 32
)

// Add notes the arrival of a record.
func (n *Numbers) Add(producer int, number uint64) error {
	if producer < 0 || producer >= mostProducers || number >= mostNumbers {
		return fmt.Errorf("record %d of producer %d is none that was sent", number, producer)
	}
	for len(n.producers) <= producer {
		n.producers = append(n.producers, seen{})
	}
	p := &n.producers[producer]
	word, bit := int(number/64), uint64(1)<<(number%64)
	if word >= len(p.bits) {
		p.bits = append(p.bits, make([]uint64, word+1-len(p.bits)+word/4)...)
	}
	n.Arrived++
	if p.bits[word]&bit != 0 {
		return nil
	}
	p.bits[word] |= bit
	n.Unique++
	if number < p.next {
		n.Disordered++
		return nil
	}
	p.next = number + 1
	return nil
}

// Missing returns up to most of the records that a producer sent before one that
// has arrived, and that have not: "3 of producer 0".
func (n *Numbers) Missing(most int) []string {
	var missing []string
	for producer, p := range n.producers {
		for word, have := range p.bits {
			for lost := ^have; lost != 0; lost &= lost - 1 {
				number := uint64(word*64 + bits.TrailingZeros64(lost))
				if number >= p.next || len(missing) == most {
					break
				}
				missing = append(missing, fmt.Sprintf("%d of producer %d", number, producer))
			}
		}
	}
	return missing
}

// Read notes all records of r, one JSON object a line.
func (n *Numbers) Read(r io.Reader) error {
	lines := bufio.NewReaderSize(r, 1<<20)
	for at := 1; ; at++ {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d of the far end: %w", at, err)
		}
		producer, number, ok := parse(line)
		if !ok {
			return fmt.Errorf("line %d of the far end has no numbers: %.200q", at, line)
		}
		if err := n.Add(producer, number); err != nil {
			return fmt.Errorf("line %d of the far end: %w", at, err)
		}
	}
}

// parse finds the numbers of a record. It looks for the keys from the end and
// leaves the rest of the line alone: to decode each record as JSON would take
// longer than the load.
func parse(line []byte) (producer int, number uint64, ok bool) {
	p, ok1 := valueOf(line, producerKey)
	n, ok2 := valueOf(line, numberKey)
	return int(p), n, ok1 && ok2 && p < mostProducers
}

func valueOf(line []byte, key string) (uint64, bool) {
	at := bytes.LastIndex(line, []byte(`"`+key+`":`))
	if at < 0 {
		return 0, false
	}
	digits := line[at+len(key)+3:]
	end := bytes.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return 0, false
	}
	v, err := strconv.ParseUint(string(digits[:end]), 10, 64)
	return v, err == nil
}
