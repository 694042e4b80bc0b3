package interop.peer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.rabbitmq.client.impl.ValueReader;
import com.rabbitmq.client.impl.ValueWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class ValuesTest {
  /** What the library writes under another tag, because Java has no such type. */
  private static final Set<String> FOLDED = Set.of("uint8", "uint16", "uint32", "longlong");

  /** DataOutputStream writes every NaN as the same one, and no broker takes any. */
  private static final Set<String> CANONICAL =
      Set.of("float-nan-with-payload", "double-nan-with-payload");

  static Stream<JsonNode> fields() {
    return Contracts.vectors("fields.json");
  }

  static Stream<JsonNode> tables() {
    return Contracts.vectors("tables.json");
  }

  @ParameterizedTest
  @MethodSource("fields")
  void theLibraryWritesEveryTypeThatItHasUnderItsTag(JsonNode vector) throws Exception {
    JsonNode value = vector.get("value");
    if (holdsFolded(value) || CANONICAL.contains(vector.get("name").stringValue())) {
      return;
    }
    Object made;
    try {
      made = Values.field(value);
    } catch (Failure failure) {
      assertTrue(Values.UNSUPPORTED.contains(failure.what), failure.what);
      return;
    }
    byte[] octets = Contracts.octets(vector.get("hex"));
    assertArrayEquals(inTable(octets), written(Collections.singletonMap("k", made)));
  }

  @ParameterizedTest
  @MethodSource("fields")
  void whatTheLibraryReadsIsReportedWithItsValue(JsonNode vector) throws Exception {
    JsonNode value = vector.get("value");
    String type = value.get("type").stringValue();
    if (Set.of("longlong", "unparsed", "timestamp").contains(type) || holdsFolded(value)) {
      return; // of these, what the library makes is no equal: the matrix has them
    }
    Object read = read(inTable(Contracts.octets(vector.get("hex")))).get("k");
    JsonNode report = Reports.of(read);
    if (Set.of("boolean", "int8", "int16", "int32", "int64", "longstr", "binary").contains(type)) {
      assertEquals(value.get("value"), report.get("value"));
    }
    assertTrue(
        report.get("type").stringValue().startsWith("native-") || type.equals("longstr"), type);
  }

  @ParameterizedTest
  @MethodSource("tables")
  void aTableKeepsTheOrderOfItsPairs(JsonNode vector) throws Exception {
    if (holdsFolded(vector.get("table"))) {
      return;
    }
    try {
      Map<String, Object> made = Values.table(vector.get("table"));
      assertArrayEquals(Contracts.octets(vector.get("hex")), written(made));
    } catch (Failure failure) {
      assertTrue(Values.UNSUPPORTED.contains(failure.what), failure.what);
    }
  }

  @ParameterizedTest
  @CsvSource({"uint8,200", "uint16,65535"})
  void aSmallUnsignedIntegerIsAnInt(String type, int number) throws Exception {
    assertEquals(number, Values.field(typed(type, Integer.toString(number))));
  }

  @ParameterizedTest
  @CsvSource({"uint32,4294967295", "longlong,-1"})
  void aLargeUnsignedIntegerIsALong(String type, long number) throws Exception {
    assertEquals(number, Values.field(typed(type, Long.toString(number))));
  }

  @Test
  void aTimePastWhatADateHoldsIsUnsupported() throws Exception {
    assertEquals(
        9223372036854775L * 1000,
        Values.date(typed("timestamp", "9223372036854775").get("value")).getTime());
    Failure failure =
        assertThrows(Failure.class, () -> Values.field(typed("timestamp", "9223372036854776")));
    assertEquals("range:timestamp", failure.what);
  }

  @Test
  void twoEqualKeysAreUnsupported() {
    JsonNode pairs = Contracts.json("[[\"k\",{\"type\":\"void\"}],[\"k\",{\"type\":\"void\"}]]");
    assertEquals("duplicate-keys", assertThrows(Failure.class, () -> Values.table(pairs)).what);
  }

  @Test
  void aKeyThatIsNoTextIsUnsupported() {
    JsonNode pairs = Contracts.json("[[{\"base64\":\"/w==\"},{\"type\":\"void\"}]]");
    assertEquals("key:non-utf8", assertThrows(Failure.class, () -> Values.table(pairs)).what);
  }

  @Test
  void aTypeThatOnlyPropertiesHaveIsNoHeader() {
    assertThrows(IllegalArgumentException.class, () -> Values.field(typed("shortstr", "x")));
  }

  private static JsonNode typed(String type, String value) {
    return Json.typed(type).put("value", value);
  }

  private static boolean holdsFolded(JsonNode value) {
    return value
        .toString()
        .lines()
        .anyMatch(text -> FOLDED.stream().anyMatch(type -> text.contains('"' + type + '"')));
  }

  private static byte[] inTable(byte[] octets) {
    byte[] key = {1, 'k'};
    return ByteBuffer.allocate(4 + key.length + octets.length)
        .putInt(key.length + octets.length)
        .put(key)
        .put(octets)
        .array();
  }

  private static byte[] written(Map<String, Object> table) throws IOException {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    ValueWriter writer = new ValueWriter(new DataOutputStream(octets));
    writer.writeTable(table);
    writer.flush();
    return octets.toByteArray();
  }

  private static Map<String, Object> read(byte[] table) throws IOException {
    return new ValueReader(new DataInputStream(new ByteArrayInputStream(table))).readTable();
  }
}
