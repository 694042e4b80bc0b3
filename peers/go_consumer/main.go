// Go_consumer consumes from RabbitMQ with either Go library: as "peer" it obeys the suite's peer protocol on its
// standard streams.
package main

import (
	"context"
	"io"
	"maps"
	"slices"

	"go_plumbing/contract"
	"go_plumbing/protocol"
)

func main() { protocol.Main("go_consumer", run) }

// run does what args ask for and says with an error if it could not.
func run(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error {
	if len(args) == 0 || args[0] != "peer" {
		return protocol.NewUsageError("the only command is: peer")
	}
	known := slices.Collect(maps.Keys(libraries))
	name, c, err := protocol.Command("go_consumer", known, args[1:], errout)
	if err != nil {
		return err
	}
	return serve(ctx, libraries[name], c, in, out)
}

// serve answers requests until one of them is close, in ends, or ctx does.
func serve(ctx context.Context, l *library, c *contract.Contract, in io.Reader, out io.Writer) error {
	return protocol.Serve(ctx, c, in, out, func(lines *protocol.Lines) protocol.Peer {
		return newPeer(l, lines.Event)
	})
}
