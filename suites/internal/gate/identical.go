package gate

import (
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
)

// content are the sections of a Go binary that say what it does: its
// instructions, its constants, what its variables begin with. Line tables and
// build notes change with a comment.
var content = []string{".text", ".rodata", ".data", ".noptrdata"}

// fingerprint is the hash of what a binary does. Two builds without a random
// layout and with the same fingerprint are the same program.
func fingerprint(path string) (string, error) {
	f, err := elf.Open(path)
	if err != nil {
		return "", fmt.Errorf("the binary %s cannot be read: %w", path, err)
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	for _, name := range content {
		section := f.Section(name)
		if section == nil {
			if name == ".text" {
				return "", fmt.Errorf("the binary %s has no instructions", path)
			}
			continue
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n", name, section.Size)
		if _, err := io.Copy(sum, section.Open()); err != nil {
			return "", fmt.Errorf("the binary %s cannot be read: %w", path, err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
