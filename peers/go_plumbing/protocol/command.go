package protocol

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"go_plumbing/contract"
)

// UsageError is a command line that cannot be followed.
type UsageError struct{ error }

// NewUsageError says what is wrong with a command line.
func NewUsageError(format string, words ...any) UsageError {
	return UsageError{fmt.Errorf(format, words...)}
}

// Unwrap implements errors.Unwrap.
func (e UsageError) Unwrap() error { return e.error }

// ExitStatus is what the program ends with after err: 2 for a wrong command line, else 1.
func ExitStatus(err error) int {
	if errors.As(err, new(UsageError)) {
		return 2
	}
	return 1
}

// Main is a program's main function: it runs run, which a signal interrupts, and ends with its status.
func Main(
	program string, run func(ctx context.Context, args []string, in io.Reader, out, errout io.Writer) error,
) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, program+":", err)
		stop()
		os.Exit(ExitStatus(err))
	}
}

// Command reads the flags of peer mode: which of the known libraries, and the contract.
func Command(
	program string, known []string, args []string, errout io.Writer,
) (library string, c *contract.Contract, err error) {
	known = slices.Sorted(slices.Values(known))
	flags := flag.NewFlagSet(program+" peer", flag.ContinueOnError)
	name := flags.String("library", "", "the client library: "+strings.Join(known, " or "))
	schema := flags.String("schema", "", "the folder contract/schema")
	if err := ParseFlags(flags, args, errout); err != nil {
		return "", nil, err
	}
	if !slices.Contains(known, *name) {
		return "", nil, NewUsageError("unknown --library %q; known: %s", *name, strings.Join(known, ", "))
	}
	if *schema == "" {
		return "", nil, NewUsageError("--schema is missing: the folder contract/schema")
	}
	c, err = contract.Load(*schema)
	return *name, c, err
}

// ParseFlags reads args and refuses what is left over. Asked for help it lists the flags and is flag.ErrHelp.
func ParseFlags(flags *flag.FlagSet, args []string, errout io.Writer) error {
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		flags.SetOutput(errout)
		flags.PrintDefaults()
		return err
	case err != nil:
		return UsageError{fmt.Errorf("%w; -h lists the flags", err)}
	case flags.NArg() > 0:
		return NewUsageError("unexpected argument %q", flags.Arg(0))
	}
	return nil
}
