package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"strings"
)

// uPlot 1.6.32 is in the page as npm has it, and its licence before it.
//
//go:embed assets
var assets embed.FS

var templates = template.Must(template.ParseFS(assets, "assets/*.tmpl"))

// style and script are the same in each page. The page's policy names their
// hashes and allows nothing else: no other script, and no request.
var (
	style  = asset("assets/uPlot.min.css") + asset("assets/page.css")
	script = strings.Join([]string{"/*\n" + asset("assets/uPlot.LICENSE") + "*/", asset("assets/uPlot.iife.min.js"), asset("assets/plots.js"), asset("assets/page.js")}, "\n")
	policy = "default-src 'none'; style-src " + hash(style) + "; script-src " + hash(script) +
		"; base-uri 'none'; form-action 'none'"
)

// asset is a file that is built in.
func asset(name string) string {
	text, err := assets.ReadFile(name)
	if err != nil {
		panic(err) // it was there when the program was built
	}
	return string(text)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
