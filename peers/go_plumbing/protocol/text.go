package protocol

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Text is octets: in JSON a string if they are UTF-8, else {"base64": ...}.
type Text string

type base64Text struct {
	Base64 string `json:"base64"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Text) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(t))
	}
	var encoded base64Text
	if err := json.Unmarshal(raw, &encoded); err != nil {
		return err
	}
	octets, err := base64.StdEncoding.Strict().DecodeString(encoded.Base64)
	if err != nil {
		return fmt.Errorf("%q is not base64", encoded.Base64)
	}
	*t = Text(octets)
	return nil
}

// MarshalJSON implements json.Marshaler.
func (t Text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(base64Text{base64.StdEncoding.EncodeToString([]byte(t))})
}
