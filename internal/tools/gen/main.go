// Command gen writes the generated catalogue of tools and their reference page.
// Run it with go generate in the parent folder.
package main

import (
	"log"
	"os"

	"quantdesk/internal/tools"
)

func main() {
	cat := tools.Catalogue()
	raw, err := cat.Generate()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("catalogue.json", raw, 0o644); err != nil {
		log.Fatal(err)
	}
	page, err := cat.Markdown()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("../../docs/tools.md", page, 0o644); err != nil {
		log.Fatal(err)
	}
}
