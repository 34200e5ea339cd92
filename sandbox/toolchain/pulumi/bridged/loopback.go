// Package bridged is what both bridged providers have alike. It keeps them on this machine. The upstream providers call whatever they are pointed at, and AWS and
// GitHub themselves where nothing points them elsewhere; the sandbox's copies refuse to start then.
package bridged

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
)

// Require fails unless every variable that can move the provider's calls holds an address of this machine, and those that
// are needed are set.
//
// The endpoints of the AWS SDKs: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
func Require(needed ...string) error {
	for _, name := range needed {
		if os.Getenv(name) == "" {
			return fmt.Errorf("%s is not set: without it this provider would leave the sandbox; npm run sandbox:up sets it", name)
		}
	}
	if ignored := os.Getenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"); ignored != "" && ignored != "false" {
		return fmt.Errorf("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS is %q: unset it, or this provider would leave the sandbox", ignored)
	}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if value == "" || !(name == "GITHUB_BASE_URL" || strings.HasPrefix(name, "AWS_ENDPOINT_URL")) {
			continue
		}
		if err := Check(name, value); err != nil {
			return err
		}
	}
	return nil
}

// Check fails unless the address is one of this machine.
func Check(name, address string) error {
	parsed, err := url.Parse(address)
	if err == nil {
		host := parsed.Hostname()
		ip := net.ParseIP(host)
		if host == "localhost" || strings.HasSuffix(host, ".localhost") || (ip != nil && ip.IsLoopback()) {
			return nil
		}
	}
	return fmt.Errorf("%s is %q, which is not on this machine: the sandbox calls nothing else; give an address such as http://127.0.0.1:4566", name, address)
}
