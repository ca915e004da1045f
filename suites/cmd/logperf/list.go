package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/spf13/cobra"

	"github.com/logperf/logperf/suites/internal/report"
	"github.com/logperf/logperf/suites/internal/result"
)

func listCommand() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "list", Short: "List the stored runs, the newest first",
		Long: `List the stored runs, the newest first: when, which commit, the verdict, and what
their environment has other than that of the newest. Times of runs of another
environment are not compared. A run that cannot be read is named below the list.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			results, err := resultsFolder()
			if err != nil {
				return err
			}
			runs, err := result.At(results).List(c.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return writeJSON(c, runs)
			}
			if len(runs) == 0 {
				_, err := fmt.Fprintf(c.OutOrStdout(), "there are no runs in %s: make perf leaves one\n", results)
				return err
			}
			return report.Runs(report.PlainWriter(c.OutOrStdout()), runs)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return c
}

// writeJSON prints JSON.
func writeJSON(c *cobra.Command, value any) error { return indented(c.OutOrStdout(), value) }

// indented writes JSON for people too, in which what cannot be printed is escaped.
func indented(w io.Writer, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", printable(string(text)))
	return err
}

// printable escapes the runes that a terminal obeys and encoding/json leaves: the
// control characters from U+007F on, and marks that turn the direction of writing.
// They stand in strings alone.
func printable(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
