package interop.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class BodiesTest {
  private static final String ABABA =
      "a3c9fcb5ff3f1bb3d9aee6bf2b6dc2b0e3b0f4fbbd9a4c5a0b5b0c5a7cf3c8d1";

  @Test
  void anInlineBodyIsItsText() {
    JsonNode body = Contracts.json("{\"type\":\"inline\",\"value\":\"é\"}");
    assertArrayEquals("é".getBytes(StandardCharsets.UTF_8), Bodies.of(body));
  }

  @Test
  void aPatternIsRepeatedAndCut() {
    byte[] wanted = new byte[5000];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = (byte) "abc".charAt(i % 3);
    }
    String sum = Bodies.report(wanted).get("sha256").stringValue();
    JsonNode body = pattern("abc", 5000, sum);
    assertArrayEquals(wanted, Bodies.of(body));
  }

  @Test
  void aPatternOfAnotherSumIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Bodies.of(pattern("ab", 5, ABABA)));
  }

  @Test
  void anEmptyPatternCannotFillABody() {
    assertThrows(IllegalArgumentException.class, () -> Bodies.of(pattern("", 5, ABABA)));
  }

  @Test
  void aDigestCannotBeMade() {
    JsonNode digest = Json.typed("digest").put("length", 1).put("sha256", ABABA);
    assertThrows(IllegalArgumentException.class, () -> Bodies.of(digest));
  }

  @Test
  void aBodyOfMoreThan4096BytesIsReportedByItsDigest() {
    assertEquals("inline", Bodies.report(new byte[4096]).get("type").stringValue());
    JsonNode report = Bodies.report(new byte[4097]);
    assertEquals("digest", report.get("type").stringValue());
    assertEquals(4097, report.get("length").intValue());
    assertEquals("bytes", report.get("native").stringValue());
  }

  private static JsonNode pattern(String text, int length, String sum) {
    return Json.typed("pattern").put("pattern", text).put("length", length).put("sha256", sum);
  }
}
