package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"go_plumbing/fakebroker"
	"go_plumbing/peertest"
	"go_plumbing/protocol"
)

// runArticle runs the program by hand, as its user does.
func runArticle(ctx context.Context, args ...string) (stdout string, err error) {
	var out, errout bytes.Buffer
	err = run(ctx, args, strings.NewReader(""), &out, &errout)
	return out.String(), err
}

func TestTheArticlesMessageIsPublishedAndSaidSo(t *testing.T) {
	broker := fakebroker.New(t)
	got, err := runArticle(t.Context(), "-url", broker.URL())
	if err != nil {
		t.Fatal(err)
	}
	const want = `published to exchange "test_exchange" with routing key "routingkey" as text/plain: ` +
		"LA DEE DA, THIS IS OUR SUPER COOL MESSAGE\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if header := string(broker.LastHeader()); !strings.HasSuffix(header, "\x80\x00\x0atext/plain") {
		t.Errorf("the properties are not the content type alone: %q", header)
	}
}

func TestTheEnvironmentSaysWhereTheBrokerIsUnlessTheFlagDoes(t *testing.T) {
	broker, refused := fakebroker.New(t).URL(), refusedURL(t)
	t.Setenv("AMQP_URL", broker)
	if out, err := runArticle(t.Context()); err != nil || !strings.HasPrefix(out, "published") {
		t.Errorf("with the environment alone: got %q, %v", out, err)
	}
	if _, err := runArticle(t.Context(), "-url", refused); err == nil {
		t.Error("the flag was passed over")
	}
	t.Setenv("AMQP_URL", refused)
	if out, err := runArticle(t.Context(), "-url", broker); err != nil || !strings.HasPrefix(out, "published") {
		t.Errorf("the flag was passed over: got %q, %v", out, err)
	}
}

func TestTheHelpDoesNotShowThePasswordOfTheEnvironment(t *testing.T) {
	t.Setenv("AMQP_URL", "amqp://guest:secret@localhost/")
	var help strings.Builder
	err := run(t.Context(), []string{"-h"}, strings.NewReader(""), io.Discard, &help)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "$AMQP_URL") || strings.Contains(help.String(), "secret") {
		t.Errorf("got %v and %q", err, help.String())
	}
}

func TestAFailureSaysAtWhichStep(t *testing.T) {
	broker, refused := fakebroker.New(t).URL(), refusedURL(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nobody listens":       {[]string{"-url", refused}, "cannot connect: dial tcp 127.0.0.1:"},
		"no AMQP URL":          {[]string{"-url", "http://127.0.0.1/"}, "cannot connect: AMQP scheme"},
		"a queue that differs": {[]string{"-url", broker, "-queue", fakebroker.NameRefused}, `cannot declare the queue "refused": Exception (406)`},
		"no such exchange":     {[]string{"-url", broker, "-queue", fakebroker.KeyChannel}, `cannot publish to the exchange "test_exchange": Exception (404)`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := runArticle(t.Context(), c.args...)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if out != "" || protocol.ExitStatus(err) != 1 {
				t.Errorf("got output %q, status %d", out, protocol.ExitStatus(err))
			}
		})
	}
}

func refusedURL(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return "amqp://guest:guest@" + listener.Addr().String() + "/"
}

func TestThePasswordIsNotTold(t *testing.T) {
	_, err := runArticle(t.Context(), "-url", "amqp://guest:secret@127.0.0.1:port/")
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

func TestAnInterruptEndsTheStepUnderWay(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, interrupt := context.WithCancel(t.Context())
	go func() {
		if socket, err := silent.Accept(); err == nil {
			defer socket.Close()
			interrupt()
			socket.Read(make([]byte, 64)) // until the program closes its side
		}
	}()
	began := time.Now()
	_, err = runArticle(ctx, "-url", "amqp://guest:guest@"+silent.Addr().String()+"/")
	if err == nil || err.Error() != "interrupted at the step: connect" {
		t.Errorf("got %v", err)
	}
	if time.Since(began) > 10*time.Second {
		t.Error("it waited for the handshake's deadline")
	}
}

func TestACommandLineThatCannotBeFollowedHasStatus2(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"an unknown flag":     {[]string{"-colour"}, "not defined: -colour"},
		"a word too many":     {[]string{"now"}, `unexpected argument "now"`},
		"no library":          {[]string{"peer", "--schema", peertest.SchemaFolder()}, "known: amqp091-go, streadway"},
		"an unknown library":  {[]string{"peer", "--library", "pika"}, `unknown --library "pika"`},
		"no schema":           {[]string{"peer", "--library", "streadway"}, "--schema is missing"},
		"a peer's wrong flag": {[]string{"peer", "-url", "x"}, "not defined: -url"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runArticle(t.Context(), c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) || protocol.ExitStatus(err) != 2 {
				t.Errorf("got %v, want %q and status 2", err, c.want)
			}
		})
	}
}

func TestHelpListsTheFlags(t *testing.T) {
	var out, errout bytes.Buffer
	err := run(t.Context(), []string{"-h"}, strings.NewReader(""), &out, &errout)
	if !errors.Is(err, flag.ErrHelp) || !strings.Contains(errout.String(), "-exchange") {
		t.Errorf("got %v, %q", err, errout.String())
	}
}

func TestThePeerCommandServesEitherLibrary(t *testing.T) {
	for _, name := range []string{"streadway", "amqp091-go"} {
		t.Run(name, func(t *testing.T) {
			var out, errout bytes.Buffer
			args := []string{"peer", "--library", name, "--schema", peertest.SchemaFolder()}
			requests := strings.NewReader("{\"op\":\"describe\",\"id\":1}\n{\"op\":\"close\",\"id\":2}\n")
			if err := run(t.Context(), args, requests, &out, &errout); err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(out.String(), `{"type":"described","id":1,"library":"`+name+`"`) ||
				!strings.HasSuffix(out.String(), "{\"type\":\"ok\",\"id\":2}\n") {
				t.Errorf("got %s", out.String())
			}
		})
	}
}
