package protocol

import "encoding/json"

// TypedValue is a value as it crosses the pipe. What is in "value" is read by the type's own reader.
type TypedValue struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
	Tag   json.RawMessage `json:"tag"`
	Rest  json.RawMessage `json:"rest"`
}

// Pair is an item of a table, in JSON [key, value].
type Pair struct {
	Key   Text
	Value TypedValue
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Pair) UnmarshalJSON(raw []byte) error {
	var parts [2]json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return err
	}
	if err := json.Unmarshal(parts[0], &p.Key); err != nil {
		return err
	}
	return json.Unmarshal(parts[1], &p.Value)
}
