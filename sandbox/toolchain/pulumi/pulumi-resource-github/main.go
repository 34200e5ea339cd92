// The Terraform provider for GitHub as a Pulumi provider, under @pulumi/github's names.
package main

import (
	"fargate-cicd.sandbox/pulumi/bridged"
	"github.com/integrations/terraform-provider-github/v6/github"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// The version of @pulumi/github, set when it is built.
var version string

func main() {
	info := provider()
	bridged.Serve("GITHUB_BASE_URL", info, func() {
		tfbridge.Main("github", version, info, []byte(`{"name":"github"}`))
	})
}

func provider() tfbridge.ProviderInfo {
	// @pulumi/github is made from a newer release, where the secret's text has this name.
	value := map[string]*tfbridge.SchemaInfo{"plaintext_value": {Name: "value"}}
	info := tfbridge.ProviderInfo{
		P:                              sdkv2.NewProvider(github.Provider()),
		Name:                           "github",
		Version:                        version,
		MetadataInfo:                   tfbridge.NewProviderMetadata(nil),
		EnableAccurateBridgePreview:    true,
		EnableZeroDefaultSchemaVersion: true,
		EnableRawStateDelta:            true,
		PreConfigureCallback:           onThisMachine,
		Config: map[string]*tfbridge.SchemaInfo{
			"base_url": {Default: &tfbridge.DefaultInfo{EnvVars: []string{"GITHUB_BASE_URL"}, Value: "https://api.github.com/"}},
			"token":    {Default: &tfbridge.DefaultInfo{EnvVars: []string{"GITHUB_TOKEN"}}, Secret: tfbridge.True()},
			// The sandbox's GitHub has no limits to keep: without this every write takes a second.
			"write_delay_ms": {Default: &tfbridge.DefaultInfo{EnvVars: []string{"GITHUB_WRITE_DELAY_MS"}}},
		},
		Resources: map[string]*tfbridge.ResourceInfo{
			"github_actions_environment_secret": {DeleteBeforeReplace: true, Fields: value},
			"github_actions_secret":             {Fields: value},
		},
	}
	info.MustComputeTokens(tokens.SingleModule("github_", "index", tokens.MakeStandard("github")))
	info.SetAutonaming(255, "-")
	return info
}

// onThisMachine refuses the address of a stack's own configuration, which takes precedence over the environment's.
func onThisMachine(vars resource.PropertyMap, _ shim.ResourceConfig) error {
	return bridged.OnThisMachine(vars["baseUrl"])
}
