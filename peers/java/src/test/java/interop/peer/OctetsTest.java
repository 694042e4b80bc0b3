package interop.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class OctetsTest {
  private static final JsonNode NO_TEXT = Contracts.json("{\"base64\":\"/w==\"}");

  @Test
  void whatIsNoTextIsBase64() {
    assertEquals(NO_TEXT, Octets.text(new byte[] {(byte) 0xff}));
    assertArrayEquals(new byte[] {(byte) 0xff}, Octets.of(NO_TEXT));
  }

  @Test
  void textIsItself() {
    byte[] octets = {(byte) 0xc3, (byte) 0xa9};
    assertEquals(Contracts.json("\"é\""), Octets.text(octets));
    assertArrayEquals(octets, Octets.of(Contracts.json("\"\\u00e9\"")));
  }

  @Test
  void aNameThatIsNoTextIsUnsupportedByTheNameThatIsDeclared() {
    Failure failure =
        assertThrows(Failure.class, () -> Octets.string(NO_TEXT, "exchange:non-utf8"));
    assertEquals("exchange:non-utf8", failure.what);
    assertEquals(Failure.Kind.UNSUPPORTED, failure.kind);
  }

  @Test
  void halfASurrogatePairIsNoText() {
    JsonNode half = Contracts.json("\"\\ud800\"");
    assertThrows(IllegalArgumentException.class, () -> Octets.of(half));
    assertThrows(IllegalArgumentException.class, () -> Octets.string(half, "queue:non-utf8"));
  }
}
