// The Terraform provider for AWS as a Pulumi provider: the types that the program uses, under @pulumi/aws's names.
//
// What it does is upstream's; what is written here is what the official plugin's provider/resources.go writes too.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"strings"

	"fargate-cicd.sandbox/pulumi/bridged"
	"github.com/hashicorp/terraform-provider-aws/xpprovider"
	pf "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/pf/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	sdkv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/x/muxer"
	"github.com/pulumi/pulumi-terraform-bridge/v3/unstable/metadata"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// The version of @pulumi/aws, set when it is built.
var version string

func main() {
	ctx := context.Background()
	info := provider(ctx)
	bridged.Serve("AWS_ENDPOINT_URL", info, func() {
		pf.MainWithMuxer(ctx, "aws", info, []byte(`{"name":"aws"}`))
	})
}

func provider(ctx context.Context) tfbridge.ProviderInfo {
	log.SetOutput(io.Discard) // it tells which services it was built with
	framework, sdk, err := xpprovider.GetProvider(ctx)
	log.SetOutput(os.Stderr)
	if err != nil {
		log.Fatal(err)
	}
	info := tfbridge.ProviderInfo{
		P:                              pf.MuxShimWithPF(ctx, sdkv2.NewProvider(sdk), framework),
		Name:                           "aws",
		Version:                        version,
		MetadataInfo:                   tfbridge.NewProviderMetadata(nil),
		Resources:                      map[string]*tfbridge.ResourceInfo{},
		DataSources:                    map[string]*tfbridge.DataSourceInfo{},
		EnableAccurateBridgePreview:    true,
		EnableZeroDefaultSchemaVersion: true,
		PreConfigureCallback:           onThisMachine,
		Config: fields{
			"region":                 {Default: &tfbridge.DefaultInfo{EnvVars: []string{"AWS_REGION", "AWS_DEFAULT_REGION"}}},
			"max_retries":            {Default: &tfbridge.DefaultInfo{EnvVars: []string{"AWS_MAX_ATTEMPTS"}}},
			"skip_region_validation": {Default: &tfbridge.DefaultInfo{Value: true}},
		},
	}
	for name, token := range resources {
		info.Resources["aws_"+name] = &tfbridge.ResourceInfo{Tok: tokens.Type(member(token)), Fields: overrides[name]}
	}
	for name, token := range functions {
		info.DataSources["aws_"+name] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(member(token))}
	}
	info.Resources["aws_cloudwatch_log_group"].IDFields = []string{"name"}
	info.SetAutonaming(255, "-")
	for name, each := range info.Resources {
		schema := info.P.ResourcesMap().Get(name).Schema()
		all, hasTags := schema.GetOk("tags_all")
		_, hasRegion := schema.GetOk("region")
		switch {
		case hasTags && all.Optional(): // SDKv2's; the framework's are read-only
			each.PreCheckCallback = withAllTags
		case hasRegion:
			each.PreCheckCallback = withRegion
		}
	}
	dispatch, err := info.P.(interface {
		ResolveDispatch(*tfbridge.ProviderInfo) (muxer.DispatchTable, error)
	}).ResolveDispatch(&info)
	if err == nil {
		err = metadata.Set(info.GetMetadata(), "mux", dispatch)
	}
	if err != nil {
		log.Fatal(err)
	}
	return info
}

// member makes aws:ecs/taskDefinition:TaskDefinition of ecs/TaskDefinition.
func member(token string) string {
	module, name, _ := strings.Cut(token, "/")
	return "aws:" + module + "/" + strings.ToLower(name[:1]) + name[1:] + ":" + name
}

// onThisMachine refuses the endpoints of a stack's own configuration, which would take precedence over the environment's.
func onThisMachine(vars resource.PropertyMap, _ shim.ResourceConfig) error {
	return bridged.OnThisMachine(vars["endpoints"])
}

// Upstream's interceptors would add what follows between the engine's check and the plan.

func withRegion(_ context.Context, inputs, config resource.PropertyMap) (resource.PropertyMap, error) {
	inputs = inputs.Copy()
	if _, given := inputs["region"]; !given {
		if region, known := config["region"]; known {
			inputs["region"] = region
		}
	}
	return inputs, nil
}

func withAllTags(_ context.Context, inputs, _ resource.PropertyMap) (resource.PropertyMap, error) {
	inputs = inputs.Copy()
	inputs["tagsAll"] = resource.NewObjectProperty(resource.PropertyMap{})
	if tags, given := inputs["tags"]; given {
		inputs["tagsAll"] = tags
	}
	return inputs, nil
}
