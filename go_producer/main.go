// Go_producer publishes to RabbitMQ, in two ways: by hand it is the producer of the article "Message Queues:
// RabbitMQ in Go and Python"; as "peer" it obeys the suite's peer protocol on its standard streams.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "go_producer:", err)
		stop()
		os.Exit(exitStatus(err))
	}
}

// run does what args ask for and says with an error if it could not.
func run(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error {
	if len(args) > 0 && args[0] == "peer" {
		return peerCommand(ctx, args[1:], in, out, errout)
	}
	return articleCommand(ctx, args, out, errout)
}

// usageError is a command line that cannot be followed.
type usageError struct{ error }

func exitStatus(err error) int {
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}
