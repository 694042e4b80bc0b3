package client

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"

	"go_plumbing/protocol"
)

// AsError finds the library's own error in err.
func AsError[Err ErrorOf](err error) (Error, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		if own, ok := any(err).(*Err); ok {
			return Error(*own), true
		}
	}
	return Error{}, false
}

// ConnectFailure tells a broker that cannot be reached or will not have us from a library that will not try.
func ConnectFailure[Err ErrorOf](err error) error {
	err = WithoutURL(err)
	own, isOwn := AsError[Err](err)
	if !isOwn && !isNetwork(err) {
		return Refused(err)
	}
	return disconnected("connection", own, err.Error())
}

// Refused is the failure of a library that raised err.
func Refused(err error) error { return &protocol.Failure{Kind: "refused", Message: err.Error()} }

// WithoutURL drops the URL from an error about it: it holds a password.
func WithoutURL(err error) error {
	if broken := new(url.Error); errors.As(err, &broken) {
		return fmt.Errorf("the URL is not valid: %w", broken.Err)
	}
	return err
}

// disconnected is the failure after a close; only a code that the broker itself said is reported.
func disconnected(scope string, reason Error, message string) *protocol.Failure {
	made := &protocol.Failure{Kind: "disconnected", Scope: scope, Message: message}
	if reason.Server {
		made.Code = reason.Code
	}
	return made
}

func isNetwork(err error) bool {
	return errors.As(err, new(net.Error)) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
