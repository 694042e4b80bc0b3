package contract

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Contract is the peer protocol's JSON Schema: what lines may come in, and what lines may go out.
type Contract struct {
	Requests, Lines *jsonschema.Schema
}

// Load compiles the two schemas of the peer protocol in folder.
func Load(folder string) (*Contract, error) {
	requests, err := compileSchema(filepath.Join(folder, "peer-request.schema.json"))
	if err != nil {
		return nil, err
	}
	lines, err := compileSchema(filepath.Join(folder, "peer-line.schema.json"))
	if err != nil {
		return nil, err
	}
	return &Contract{requests, lines}, nil
}

func compileSchema(path string) (*jsonschema.Schema, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the contract: %w", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s is not JSON: %w", path, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.RegisterVocabulary(taggedVocabulary())
	compiler.AssertVocabs()
	if err := compiler.AddResource(path, tagUnions(document)); err != nil {
		return nil, fmt.Errorf("%s cannot be used: %w", path, err)
	}
	schema, err := compiler.Compile(path)
	if err != nil {
		return nil, fmt.Errorf("%s is not a JSON Schema: %w", path, err)
	}
	return schema, nil
}

// Check is the JSON value in line; an error says what is wrong with it by schema, naming each place.
func Check(schema *jsonschema.Schema, line []byte) (any, error) {
	if err := checkText(line); err != nil {
		return nil, err
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(line))
	if err != nil {
		return nil, fmt.Errorf("not one JSON value: %w", err)
	}
	if err := schema.Validate(document); err != nil {
		return nil, oneLine(err)
	}
	return document, nil
}

// oneLine is a schema error without its first line, which names the schema's own file.
func oneLine(err error) error {
	if !errors.As(err, new(*jsonschema.ValidationError)) {
		return err
	}
	var faults []string
	for _, line := range strings.Split(err.Error(), "\n")[1:] {
		faults = append(faults, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	return errors.New(strings.Join(faults, "; "))
}

// checkText refuses what encoding/json would silently turn into U+FFFD: octets that are not UTF-8, and
// escapes that are half a surrogate pair.
func checkText(line []byte) error {
	if !utf8.Valid(line) {
		return errors.New("not UTF-8")
	}
	for rest := line; ; {
		start := bytes.IndexByte(rest, '\\')
		if start < 0 || start+1 == len(rest) {
			return nil
		}
		length, err := escapeLength(rest[start:])
		if err != nil {
			return err
		}
		rest = rest[start+length:]
	}
}

// escapeLength is how many octets at the start of text, a backslash and more, belong together. An escape
// that is no escape is left to the JSON decoder.
func escapeLength(text []byte) (int, error) {
	const short, pair = 2, 12
	first, ok := escapedUnit(text)
	if !ok || !utf16.IsSurrogate(first) {
		return short, nil
	}
	second, ok := escapedUnit(text[pair/2:])
	if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
		return 0, fmt.Errorf("half a surrogate pair: %s", text[:pair/2])
	}
	return pair, nil
}

// escapedUnit is the UTF-16 code unit that text starts with, written as \u and four hexadecimal digits.
func escapedUnit(text []byte) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	return rune(unit), err == nil
}
