// Package peertest is what the unit tests of the Go peers share.
package peertest

import (
	"errors"
	"path/filepath"
	"runtime"
	"testing"

	"go_plumbing/contract"
	"go_plumbing/protocol"
)

// SchemaFolder is the folder of the JSON Schemas.
func SchemaFolder() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "..", "contract", "schema")
}

// Contract is the peer protocol's.
func Contract(t testing.TB) *contract.Contract {
	t.Helper()
	c, err := contract.Load(SchemaFolder())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ExpectFailure checks kind, code and scope of an error.
func ExpectFailure(t *testing.T, err error, kind string, code int, scope string) {
	t.Helper()
	f := new(protocol.Failure)
	if !errors.As(err, &f) {
		t.Fatalf("not a failure: %v", err)
	}
	if f.Kind != kind || f.Code != code || f.Scope != scope {
		t.Errorf("got %s, code %d, scope %q (%v); want %s, %d, %q", f.Kind, f.Code, f.Scope, err, kind, code, scope)
	}
}
