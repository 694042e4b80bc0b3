package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const schemaFolder = "../../../contract/schema"

func testContract(t testing.TB) *Contract {
	t.Helper()
	c, err := Load(schemaFolder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// requestLines are lines of input, each with a word of what must be wrong with it, "" if nothing is.
var requestLines = map[string]struct{ line, fault string }{
	"typical publish":        {typicalPublish, ""},
	"describe":               {`{"op":"describe","id":1}`, ""},
	"an emoji as escapes":    {`{"op":"connect","id":1,"url":"\ud83d\ude00\\ud800"}`, ""},
	"a consumer's request":   {`{"op":"get","id":1,"queue":{"base64":"/w=="}}`, ""},
	"framing left out":       {publishOf(`"framing":null,"properties":{},"body":{"type":"inline","value":""}`), ""},
	"not JSON":               {`{"op":`, "not one JSON value"},
	"two values":             {`{"op":"describe","id":1} {}`, "not one JSON value"},
	"not UTF-8":              {"{\"op\":\"connect\",\"id\":1,\"url\":\"\xff\"}", "not UTF-8"},
	"half a pair":            {`{"op":"connect","id":1,"url":"\ud800"}`, "surrogate"},
	"half a pair, then more": {`{"op":"connect","id":1,"url":"\ud800\u0041"}`, "surrogate"},
	"second half alone":      {`{"op":"connect","id":1,"url":"\udc00"}`, "surrogate"},
	"a list":                 {`[]`, "want object"},
	"no op":                  {`{"id":1}`, "'op'"},
	"op is a number":         {`{"id":1,"op":2}`, "one of"},
	"unknown op":             {`{"op":"purge","id":1}`, "one of"},
	"no id":                  {`{"op":"describe"}`, "'id'"},
	"id 0":                   {`{"op":"describe","id":0}`, "/id"},
	"id in words":            {`{"op":"describe","id":"1"}`, "/id"},
	"an unknown field":       {`{"op":"describe","id":1,"now":true}`, "'now'"},
	"an unknown property":    {publishOf(`"properties":{"colour":{"type":"shortstr","value":"x"}},"body":{"type":"inline","value":""}`), "colour"},
	"an unknown type":        {publishOf(`"properties":{"app_id":{"type":"char","value":"x"}},"body":{"type":"inline","value":""}`), "/message/properties/app_id"},
	"a number for a text":    {publishOf(`"properties":{"priority":{"type":"octet","value":5}},"body":{"type":"inline","value":""}`), "/message/properties/priority/value"},
	"a leading zero":         {publishOf(`"properties":{"priority":{"type":"octet","value":"05"}},"body":{"type":"inline","value":""}`), "/message/properties/priority/value"},
	"no body":                {publishOf(`"properties":{}`), "'body'"},
	"a fault deep inside": {publishOf(`"properties":{"headers":{"type":"table","value":[["k",{"type":"array","value":[{"type":"void","value":"x"}]}]]}},` +
		`"body":{"type":"inline","value":""}`), "/message/properties/headers/value/0/1/value/0"},
}

// The typical message of a case: four properties, one of them three headers.
const typicalPublish = `{"op":"publish","id":12,"exchange":"x-0123456789ab","routing_key":"r.12345","message":{` +
	`"properties":{"content_type":{"type":"shortstr","value":"text/plain"},"delivery_mode":{"type":"octet","value":"2"},` +
	`"headers":{"type":"table","value":[["a",{"type":"longstr","value":"x"}],` +
	`["b",{"type":"int64","value":"-9223372036854775808"}],["c",{"type":"boolean","value":"true"}]]},` +
	`"message_id":{"type":"shortstr","value":"m-1"}},"body":{"type":"inline","value":"LA DEE DA"}}}`

func publishOf(message string) string {
	return `{"op":"publish","id":5,"exchange":"","routing_key":"","message":{` + message + `}}`
}

func TestARequestIsCheckedAndItsFaultIsNamed(t *testing.T) {
	c := testContract(t)
	for name, r := range requestLines {
		t.Run(name, func(t *testing.T) {
			_, err := Check(c.Requests, []byte(r.line))
			switch {
			case r.fault == "" && err != nil:
				t.Errorf("refused: %v", err)
			case r.fault != "" && (err == nil || !strings.Contains(err.Error(), r.fault)):
				t.Errorf("got %v, want a fault that names %s", err, r.fault)
			case err != nil && strings.Contains(err.Error(), "\n"):
				t.Errorf("the fault has more than one line: %v", err)
			}
		})
	}
}

func TestTheTaggedUnionsAcceptWhatTheSchemaAccepts(t *testing.T) {
	tagged := testContract(t).Requests
	plain, err := jsonschema.NewCompiler().Compile(filepath.Join(schemaFolder, "peer-request.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range requestLines {
		t.Run(name, func(t *testing.T) {
			document, err := jsonschema.UnmarshalJSON(strings.NewReader(r.line))
			if err != nil {
				return // no JSON: the schemas are not asked
			}
			want, got := plain.Validate(document), tagged.Validate(document)
			if (want == nil) != (got == nil) {
				t.Errorf("the schema says %v, the tagged unions %v", want, got)
			}
		})
	}
}

func TestAnUnionThatItsTagsDoNotTellApartIsLeftAlone(t *testing.T) {
	definitions := map[string]any{
		"A": taggedDefinition("a"), "B": taggedDefinition("b"), "B2": taggedDefinition("b"),
		"Loose": map[string]any{"type": "object"},
	}
	for name, c := range map[string]struct {
		references []any
		ok         bool
	}{
		"two tags":       {[]any{reference("A"), reference("B")}, true},
		"one tag twice":  {[]any{reference("B"), reference("B2")}, false},
		"one without":    {[]any{reference("A"), reference("Loose")}, false},
		"not references": {[]any{map[string]any{"type": "string"}, reference("A")}, false},
		"a single one":   {[]any{reference("A")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if _, ok := taggedCases(c.references, "type", definitions); ok != c.ok {
				t.Errorf("replaced: %t, want %t", ok, c.ok)
			}
		})
	}
}

func taggedDefinition(word string) map[string]any {
	return map[string]any{
		"type": "object", "required": []any{"type"},
		"properties": map[string]any{"type": map[string]any{"enum": []any{word}}},
	}
}

func reference(name string) map[string]any { return map[string]any{"$ref": "#/$defs/" + name} }

func TestAContractThatCannotBeReadIsSaidSo(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":   {"{", "is not JSON"},
		"no schema": {`{"type": 5}`, "is not a JSON Schema"},
		"no object": {`[]`, "is not a JSON Schema"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "peer-request.schema.json")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Load(folder); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	t.Run("no file", func(t *testing.T) {
		if _, err := Load(t.TempDir()); err == nil || !strings.Contains(err.Error(), "cannot read the contract") {
			t.Errorf("got %v", err)
		}
	})
}
