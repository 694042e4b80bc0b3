package protocol

import "errors"

// Reply is an answer that needs no further word: ok, confirmed, nacked, empty.
type Reply struct {
	Type string `json:"type"`
	ID   uint64 `json:"id"`
}

// Described is a peer's account of itself.
type Described struct {
	Reply
	Library     string   `json:"library"`
	Version     string   `json:"version"`
	Language    string   `json:"language"`
	Runtime     string   `json:"runtime"`
	Roles       []string `json:"roles"`
	Types       []string `json:"types"`
	Unsupported []string `json:"unsupported"`
}

// Failed is the error reply. What, code and scope are left out where there are none.
type Failed struct {
	Reply
	Kind    string `json:"kind"`
	Message string `json:"message"`
	What    string `json:"what,omitempty"`
	Code    int    `json:"code,omitempty"`
	Scope   string `json:"scope,omitempty"`
}

// Closed is the event of a channel or connection that was closed and that this peer had not asked to close.
type Closed struct {
	Type    string `json:"type"`
	Scope   string `json:"scope"`
	Message string `json:"message"`
	Code    int    `json:"code,omitempty"`
}

// Failure is an error that knows its kind in the protocol: unsupported, refused, disconnected or bug.
type Failure struct {
	Kind, Message string
	What          string
	Code          int
	Scope         string
}

func (f *Failure) Error() string { return f.Kind + ": " + f.Message }

// Unsupported says that the library cannot express something; what is the name that describe declares.
func Unsupported(what string) *Failure {
	return &Failure{Kind: "unsupported", What: what, Message: "declared as unsupported: " + what}
}

// FailedReply is the error reply for any error; one that knows no kind is the adapter's own.
func FailedReply(id uint64, err error) Failed {
	known := new(Failure)
	if !errors.As(err, &known) {
		known = &Failure{Kind: "bug", Message: err.Error()}
	}
	return Failed{
		Reply{"error", id}, known.Kind, known.Message, known.What, known.Code, known.Scope,
	}
}
