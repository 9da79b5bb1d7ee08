//go:build tools

// Package tools pins the Pulumi CLI as a Go module, so that its build is checked against go.sum.
package tools

import (
	_ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
	_ "github.com/pulumi/pulumi/sdk/v3/go/common/version"
)
