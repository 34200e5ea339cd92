package bridged

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Serve runs a provider for the engine, once it is certain that it stays on this machine; with the argument `schema` it
// prints the types and their properties instead, under the names that a program gives them.
func Serve(endpoint string, info tfbridge.ProviderInfo, serve func()) {
	if len(os.Args) > 1 && os.Args[1] == "schema" {
		if err := printSchema(info); err != nil {
			fail(info, err)
		}
		return
	}
	if err := Require(endpoint); err != nil {
		fail(info, err)
	}
	serve()
}

// OnThisMachine refuses a provider's configuration that has any address of another machine in it.
func OnThisMachine(given resource.PropertyValue) error {
	switch {
	case given.IsString():
		return Check("the configured endpoint", given.StringValue())
	case given.IsSecret():
		return OnThisMachine(given.SecretValue().Element)
	case given.IsArray():
		for _, each := range given.ArrayValue() {
			if err := OnThisMachine(each); err != nil {
				return err
			}
		}
	case given.IsObject():
		for _, each := range given.ObjectValue() {
			if err := OnThisMachine(each); err != nil {
				return err
			}
		}
	}
	return nil
}

func printSchema(info tfbridge.ProviderInfo) error {
	// It would miss the types that are not mapped, of which there are hundreds, and upstream's documentation.
	os.Setenv("PULUMI_SKIP_MISSING_MAPPING_ERROR", "true")
	silent := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
	schema, err := tfgen.GenerateSchema(info, silent)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(schema)
}

func fail(info tfbridge.ProviderInfo, err error) {
	fmt.Fprintf(os.Stderr, "the sandbox's %s provider: %v\n", info.Name, err)
	os.Exit(1)
}
