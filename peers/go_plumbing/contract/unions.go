package contract

import (
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// The schemas name every message and every typed value by a tag, and list them in anyOf. Trying thirty
// alternatives for each header costs 0.4 ms a line; looking the one up that the tag allows costs a tenth, and
// its error speaks of that one alone. So each anyOf whose alternatives exclude each other by a required
// one-word enum is turned into the keyword below, which accepts exactly the same documents.

const taggedKeyword = "taggedUnion"

// tagUnions returns document with each such anyOf replaced.
func tagUnions(document any) any {
	root, ok := document.(map[string]any)
	if !ok {
		return document
	}
	definitions, _ := root["$defs"].(map[string]any)
	return replaceUnions(document, definitions)
}

func replaceUnions(node any, definitions map[string]any) any {
	switch node := node.(type) {
	case []any:
		for i, item := range node {
			node[i] = replaceUnions(item, definitions)
		}
	case map[string]any:
		for key, value := range node {
			node[key] = replaceUnions(value, definitions)
		}
		for _, tag := range []string{"type", "op"} {
			if cases, ok := taggedCases(node["anyOf"], tag, definitions); ok {
				delete(node, "anyOf")
				node[taggedKeyword] = map[string]any{"tag": tag, "cases": cases}
			}
		}
	}
	return node
}

// taggedCases is the reference of each alternative by its tag; not ok if a single one has none of its own.
func taggedCases(anyOf any, tag string, definitions map[string]any) (map[string]any, bool) {
	alternatives, _ := anyOf.([]any)
	cases := map[string]any{}
	for _, alternative := range alternatives {
		schema, _ := alternative.(map[string]any)
		reference, _ := schema["$ref"].(string)
		definition, _ := definitions[strings.TrimPrefix(reference, "#/$defs/")].(map[string]any)
		word, ok := tagOf(definition, tag)
		if _, taken := cases[word]; taken || !ok || len(schema) != 1 {
			return nil, false
		}
		cases[word] = reference
	}
	return cases, len(cases) > 1
}

func tagOf(definition map[string]any, tag string) (string, bool) {
	properties, _ := definition["properties"].(map[string]any)
	property, _ := properties[tag].(map[string]any)
	words, _ := property["enum"].([]any)
	required, _ := definition["required"].([]any)
	if len(words) != 1 || definition["type"] != "object" || !slices.Contains(required, any(tag)) {
		return "", false
	}
	word, ok := words[0].(string)
	return word, ok
}

// taggedUnion validates an object by the one alternative that its tag names.
type taggedUnion struct {
	tag   string
	words []any
	cases map[string]*jsonschema.Schema
}

func taggedVocabulary() *jsonschema.Vocabulary {
	return &jsonschema.Vocabulary{URL: "urn:tagged-union", Compile: compileTagged}
}

func compileTagged(ctx *jsonschema.CompilerContext, schema map[string]any) (jsonschema.SchemaExt, error) {
	keyword, ok := schema[taggedKeyword].(map[string]any)
	if !ok {
		return nil, nil
	}
	union := &taggedUnion{tag: keyword["tag"].(string), cases: map[string]*jsonschema.Schema{}}
	references := keyword["cases"].(map[string]any)
	for _, word := range slices.Sorted(maps.Keys(references)) {
		compiled, err := ctx.EnqueueRef(references[word].(string))
		if err != nil {
			return nil, err
		}
		union.cases[word] = compiled
		union.words = append(union.words, word)
	}
	return union, nil
}

// Validate implements jsonschema.SchemaExt.
func (u *taggedUnion) Validate(ctx *jsonschema.ValidatorContext, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		ctx.AddError(&kind.Type{Got: typeName(value), Want: []string{"object"}})
		return
	}
	tag, present := object[u.tag]
	if !present {
		ctx.AddError(&kind.Required{Missing: []string{u.tag}})
		return
	}
	word, _ := tag.(string)
	schema, known := u.cases[word]
	if !known {
		ctx.AddError(&kind.Enum{Got: tag, Want: u.words})
		return
	}
	if err := ctx.Validate(schema, value, nil); err != nil {
		ctx.AddErr(err)
	}
}

func typeName(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	default:
		return "number"
	}
}
