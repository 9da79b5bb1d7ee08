//go:build tools

// Package tools pins the Kubernetes control plane as a Go module, so that its build is checked against go.sum.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
)
