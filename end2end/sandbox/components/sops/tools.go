//go:build tools

// Package components pins sops, in a module of its own since its libraries differ.
package components

import _ "github.com/getsops/sops/v3/cmd/sops"
