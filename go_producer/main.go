// Go_producer publishes to RabbitMQ, in two ways: by hand it is the producer of the article "Message Queues:
// RabbitMQ in Go and Python"; as "peer" it obeys the suite's peer protocol on its standard streams.
package main

import (
	"context"
	"io"

	"go_plumbing/protocol"
)

func main() { protocol.Main("go_producer", run) }

// run does what args ask for and says with an error if it could not.
func run(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error {
	if len(args) > 0 && args[0] == "peer" {
		return peerCommand(ctx, args[1:], in, out, errout)
	}
	return articleCommand(ctx, args, out, errout)
}
