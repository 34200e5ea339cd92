// Command sbom lists what is in an image with Syft, as docker/buildkit-syft-scanner does, which BuildKit runs for an SBOM:
// https://github.com/moby/buildkit/blob/master/docs/attestations/sbom-protocol.md
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/anchore/syft/syft"
	"github.com/anchore/syft/syft/format"
	"github.com/anchore/syft/syft/format/spdxjson"
	"github.com/anchore/syft/syft/source/sourceproviders"
	_ "modernc.org/sqlite" // which databases of packages are read with
)

func main() {
	destination := os.Getenv("BUILDKIT_SCAN_DESTINATION")
	targets := []string{os.Getenv("BUILDKIT_SCAN_SOURCE")}
	if extras := os.Getenv("BUILDKIT_SCAN_SOURCE_EXTRAS"); extras != "" {
		more, _ := filepath.Glob(filepath.Join(extras, "*"))
		targets = append(targets, more...)
	}
	for _, target := range targets {
		if err := scan(target, destination); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", target, err)
			os.Exit(1)
		}
	}
}

// scan writes the packages in the file system at target, in SPDX, as a statement of in-toto whose subject BuildKit fills in.
func scan(target, destination string) error {
	ctx := context.Background()
	name := filepath.Base(target)
	config := syft.DefaultGetSourceConfig().WithSources(sourceproviders.DirTag).WithBasePath(target)
	src, err := syft.GetSource(ctx, target, config)
	if err != nil {
		return err
	}
	defer src.Close()
	found, err := syft.CreateSBOM(ctx, src, syft.DefaultCreateSBOMConfig())
	if err != nil {
		return err
	}
	encoder, err := spdxjson.NewFormatEncoderWithConfig(spdxjson.DefaultEncoderConfig())
	if err != nil {
		return err
	}
	predicate, err := format.Encode(*found, encoder)
	if err != nil {
		return err
	}
	statement, err := json.Marshal(map[string]any{
		"_type":         "https://in-toto.io/Statement/v0.1",
		"predicateType": "https://spdx.dev/Document",
		"subject":       []any{},
		"predicate":     json.RawMessage(predicate),
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(destination, name+".spdx.json"), statement, 0o644)
}
