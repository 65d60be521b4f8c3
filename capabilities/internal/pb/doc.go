// Package pb is the generated wire form of the provider contract.
package pb

//go:generate go run github.com/bufbuild/buf/cmd/buf@v1.72.0 generate
