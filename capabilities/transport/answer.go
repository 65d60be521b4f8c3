package transport

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcp-payments/mcp-payments/capabilities"
)

// NoAnswer is what an HTTP answer means that is none of the provider's own: a
// server error, or one whose body cannot be read. unreadable says why, such as
// "its body is not the documented JSON". A request that was refused as a
// request was not carried out; anything else may have been.
func NoAnswer(ctx context.Context, provider string, status int, unreadable string) *capabilities.Refusal {
	message := fmt.Sprintf("%s answered HTTP %d", provider, status)
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusMethodNotAllowed, http.StatusUnsupportedMediaType:
		of := strings.ToUpper(provider)
		return capabilities.Rejected(message+": the request was not carried out", fmt.Sprintf("check %s_BASE_URL and %s_ENVIRONMENT", of, of))
	}
	if status < http.StatusInternalServerError {
		message += ", but " + unreadable
	}
	return capabilities.NotKnown(ctx, message)
}
