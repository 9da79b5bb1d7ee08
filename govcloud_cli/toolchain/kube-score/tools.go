//go:build tools

// Package tools pins kube-score, a peer of `make bench`, as a Go module, so that its build is checked against go.sum.
package tools

import _ "github.com/zegl/kube-score/cmd/kube-score"
