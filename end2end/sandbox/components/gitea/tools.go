//go:build tools

// Package components pins Gitea, in a module of its own since its libraries differ.
package components

import _ "code.gitea.io/gitea"
