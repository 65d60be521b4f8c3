package qostiq

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/mcp-payments/mcp-payments/capabilities"
	"github.com/mcp-payments/mcp-payments/capabilities/wire"
)

// WebhookInput is a webhook as it was received.
type WebhookInput struct {
	Body string `json:"body" jsonschema:"maxLength=65536" jsonschema_description:"the raw body of the callback, byte for byte as received"`
}

func (c *client) verifyWebhook(_ context.Context, in WebhookInput) (capabilities.WebhookClaim, error) {
	return readWebhook(in, c.config)
}

// readWebhook reads a webhook that Qostiq signed for this shop, over whatever
// fields it has. The signature says who wrote the values and not which is
// which, so nothing in it counts before it was asked for.
func readWebhook(in WebhookInput, config Config) (capabilities.WebhookClaim, error) {
	values, err := readFields(in.Body)
	if err != nil {
		return capabilities.WebhookClaim{}, notOurs("text that is no webhook of Qostiq's: " + err.Error())
	}
	switch {
	case !authentic(values, config.SecretKey):
		return capabilities.WebhookClaim{}, notOurs("a webhook of which anybody may be the author: its sign does not hold")
	case values["shop_id"] != config.ShopID:
		return capabilities.WebhookClaim{}, notOurs("a webhook for another shop_id")
	case values["shop_order_id"] == "":
		return capabilities.WebhookClaim{}, notOurs("no shop_order_id")
	}
	return capabilities.WebhookClaim{
		Reference: values["shop_order_id"],
		State:     claimed(values["status"]),
		Amount:    values["shop_amount"],
		Authentic: true,
	}, nil
}

func notOurs(found string) error {
	return capabilities.InvalidField("body", found,
		"the raw body as received, signed with QOSTIQ_SECRET_KEY for QOSTIQ_SHOP_ID; do not fulfil on this one, ask for the status")
}

// claimed reads what a webhook says: in words, where a status has numbers.
func claimed(status string) capabilities.State {
	switch status {
	case "success":
		return capabilities.Succeeded
	case "rejected":
		return capabilities.Failed
	}
	return capabilities.Unknown
}

// readFields reads the fields of a webhook: a form, as the platform most
// likely sends it, or a JSON object. One key has one value.
func readFields(body string) (map[string]string, error) {
	if strings.HasPrefix(strings.TrimSpace(body), "{") {
		return readObject([]byte(body))
	}
	return readForm(body)
}

func readForm(body string) (map[string]string, error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, errors.New("it is neither a form nor a JSON object")
	}
	values := map[string]string{}
	for key, all := range form {
		if len(all) > 1 {
			return nil, fmt.Errorf("the key %q is there twice", key)
		}
		if !utf8.ValidString(key + all[0]) {
			return nil, errors.New("it is not UTF-8")
		}
		values[key] = all[0]
	}
	return values, nil
}

// readObject takes every value as it is spelled, an object within too. Should
// Qostiq sign such a one in another spelling, the webhook is not believed.
func readObject(body []byte) (map[string]string, error) {
	if err := wire.Read(body, nil); err != nil { // a key that is there twice, say
		return nil, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, err
	}
	values := map[string]string{}
	for key, raw := range object {
		var s string
		if json.Unmarshal(raw, &s) != nil { // null is an empty one
			s = string(raw)
		}
		values[key] = s
	}
	return values, nil
}
