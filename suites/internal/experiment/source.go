package experiment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
)

// Source is the hash of the files that define a table of scenarios, for
// Scenario.Source: a stored result can then be told from that of an edited
// scenario. The files are those of the table and of its subjects; a hash of a
// whole package would make one edit look like an edit of every scenario.
//
// It panics where a file is not in the file system: the names are constants of
// the program.
func Source(files fs.ReadFileFS, names ...string) string {
	sum := sha256.New()
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(fmt.Sprintf("experiment: the source %s of a scenario is not embedded: %v", name, err))
		}
		_, _ = fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
