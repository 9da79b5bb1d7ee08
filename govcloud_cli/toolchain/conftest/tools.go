//go:build tools

// Package tools pins conftest, a peer of `make bench`, as a Go module, so that its build is checked against go.sum.
package tools

import _ "github.com/open-policy-agent/conftest"
