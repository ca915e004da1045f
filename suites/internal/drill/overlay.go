package drill

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Apply returns the text of the plant's file with the fault in it. An anchor
// that is gone or doubled is an error: the plant might otherwise do nothing, or
// something else than it says.
func (p Plant) Apply(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.File)))
	if err != nil {
		return "", fmt.Errorf("plant %s no longer applies: %w", p.Name, err)
	}
	return p.replace(string(text))
}

func (p Plant) replace(text string) (string, error) {
	if n := strings.Count(text, p.Anchor); n != 1 {
		return "", fmt.Errorf("plant %s no longer applies: its anchor occurs %d times in %s, want once", p.Name, n, p.File)
	}
	return strings.Replace(text, p.Anchor, p.Fault, 1), nil
}

// Planted are plants as the go command takes them.
type Planted struct {
	// Files maps each file that is replaced, by its path from the root of the
	// repository, to what stands in its place.
	Files map[string]string
	// Overlay is the path of the file that `go build -overlay` reads.
	Overlay string
}

// Lay applies the plants and writes what comes of it into dir. They are applied
// one after the other, so several may share a file as long as each still finds
// its anchor once.
func Lay(root, dir string, plants ...Plant) (Planted, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return Planted{}, err
	}
	texts := map[string]string{}
	for _, p := range plants {
		text, seen := texts[p.File]
		if seen {
			text, err = p.replace(text)
		} else {
			text, err = p.Apply(root)
		}
		if err != nil {
			return Planted{}, err
		}
		texts[p.File] = text
	}
	laid := Planted{Files: map[string]string{}, Overlay: filepath.Join(dir, "overlay.json")}
	replaced := map[string]string{}
	for file, text := range texts {
		// The compiler shows this name: the file can be told by it.
		path := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return Planted{}, err
		}
		laid.Files[file] = path
		replaced[filepath.Join(root, filepath.FromSlash(file))] = path
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": replaced})
	if err != nil {
		return Planted{}, err
	}
	return laid, os.WriteFile(laid.Overlay, text, 0o600)
}
