package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/streadway/amqp"

	"go_plumbing/client"
	"go_plumbing/protocol"
)

// article is what the article's producer is told: where the broker is, and what goes where.
type article struct {
	url, exchange, queue, body string
}

// Where the broker is, if no flag says it: what the environment says, which no list of processes shows, else
// the article's own.
const urlVariable, articleURL = "AMQP_URL", "amqp://guest:guest@localhost:5672/"

// articleCommand reads the flags of the article's producer and runs it.
func articleCommand(ctx context.Context, args []string, out, errout io.Writer) error {
	a := article{url: cmp.Or(os.Getenv(urlVariable), articleURL)}
	flags := flag.NewFlagSet("go_producer", flag.ContinueOnError)
	// Not a StringVar: its help would show the default, and that may hold a password.
	flags.Func("url", "the broker's `URL` (default $"+urlVariable+", else "+articleURL+")", func(text string) error {
		a.url = text
		return nil
	})
	flags.StringVar(&a.exchange, "exchange", "test_exchange", "the exchange to publish to; it must exist")
	flags.StringVar(&a.queue, "queue", "routingkey", "the queue to declare; its name is the routing key")
	flags.StringVar(&a.body, "body", "LA DEE DA, THIS IS OUR SUPER COOL MESSAGE", "the message, as plain text")
	if err := protocol.ParseFlags(flags, args, errout); err != nil {
		return err
	}
	return a.publish(ctx, out)
}

// publish declares the queue, publishes the message once, and returns when the broker has taken it in:
// closing the channel is a round trip, so an exchange that does not exist is an error here. The error says
// at which step it came. When ctx ends, the socket is closed and the step under way fails.
func (a article) publish(ctx context.Context, out io.Writer) error {
	connection, err := amqp.DialConfig(a.url, amqp.Config{Dial: dialer(ctx), Locale: "en_US"})
	if err != nil {
		return failedStep(ctx, "connect", client.WithoutURL(err))
	}
	defer connection.Close()

	channel, err := connection.Channel()
	if err != nil {
		return failedStep(ctx, "open a channel", err)
	}
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))

	const durable, autoDelete, exclusive, noWait = false, false, false, false
	queue, err := channel.QueueDeclare(a.queue, durable, autoDelete, exclusive, noWait, nil)
	if err != nil {
		return failedStep(ctx, fmt.Sprintf("declare the queue %q", a.queue), err)
	}

	const mandatory, immediate = false, false
	message := amqp.Publishing{ContentType: "text/plain", Body: []byte(a.body)}
	if err := channel.Publish(a.exchange, queue.Name, mandatory, immediate, message); err != nil {
		return failedStep(ctx, fmt.Sprintf("publish to the exchange %q", a.exchange), err)
	}

	err = channel.Close()
	if refusal := <-closed; refusal != nil { // nil when the channel was closed because we asked for it
		return failedStep(ctx, fmt.Sprintf("publish to the exchange %q", a.exchange), refusal)
	}
	if err != nil {
		return failedStep(ctx, "close the channel", err)
	}
	fmt.Fprintf(out, "published to exchange %q with routing key %q as %s: %s\n",
		a.exchange, queue.Name, message.ContentType, message.Body)
	return nil
}

// dialer connects for the library and closes the socket as soon as ctx ends, whatever the library waits for.
func dialer(ctx context.Context) func(network, address string) (net.Conn, error) {
	const handshake = 30 * time.Second // the library lifts this deadline once the connection is open
	return func(network, address string) (net.Conn, error) {
		socket, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(ctx, func() { socket.Close() })
		return socket, socket.SetDeadline(time.Now().Add(handshake))
	}
}

// failedStep says what was being done when err came, or that it was interrupted.
func failedStep(ctx context.Context, step string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("interrupted at the step: %s", step)
	}
	return fmt.Errorf("cannot %s: %w", step, err)
}
