package transport

import (
	"context"
	"net"
	"net/http"
)

// SetDial lets a test speak for the network.
func (c *Client) SetDial(dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	c.http.Transport.(*http.Transport).DialContext = dial
}

// MaxBody bounds an answer, in bytes.
const MaxBody = maxBody
