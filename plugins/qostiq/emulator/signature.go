package emulator

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Sign is the signature over those keys: their values in the order of the keys, joined by colons, and
// the secret right after them; of that the SHA-256 in small hexadecimal digits. A value counts as it is
// spelled, be it a number or a string.
func Sign(values map[string]string, keys []string, secret string) string {
	var signed []string
	for _, key := range slices.Sorted(slices.Values(keys)) {
		signed = append(signed, values[key])
	}
	sum := sha256.Sum256([]byte(strings.Join(signed, ":") + secret))
	return hex.EncodeToString(sum[:])
}
