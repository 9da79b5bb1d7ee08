//go:build tools

// Package tools pins kubectl, the peer of `make bench`, as a Go module, so that its build is checked against go.sum.
package tools

import _ "k8s.io/kubernetes/cmd/kubectl"
