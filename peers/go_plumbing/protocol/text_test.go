package protocol

import (
	"encoding/json"
	"testing"
)

func TestTextThatIsNotUTF8TravelsAsBase64(t *testing.T) {
	for octets, want := range map[Text]string{"é": `"é"`, "\xff\xfe": `{"base64":"//4="}`, "": `""`} {
		encoded, err := json.Marshal(octets)
		if err != nil || string(encoded) != want {
			t.Errorf("got %s, %v; want %s", encoded, err, want)
		}
		var back Text
		if err := json.Unmarshal(encoded, &back); err != nil || back != octets {
			t.Errorf("got back %q, %v; want %q", back, err, octets)
		}
	}
}
