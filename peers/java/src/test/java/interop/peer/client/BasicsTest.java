package interop.peer.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.rabbitmq.client.AMQP.BasicProperties;
import interop.peer.Contracts;
import interop.peer.Failure;
import interop.peer.Json;
import interop.peer.Reports;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class BasicsTest {
  static Stream<JsonNode> headers() {
    return Contracts.vectors("headers.json");
  }

  @ParameterizedTest
  @MethodSource("headers")
  void theLibraryWritesThePropertiesThatAreAskedForAndNoOthers(JsonNode vector) throws Exception {
    JsonNode wanted = vector.get("properties");
    if (wanted.path("headers").path("value").size() > 1) {
      return; // the library keeps headers in no order
    }
    try {
      BasicProperties made = Basics.of(Json.object().set("properties", wanted));
      long size = Long.parseUnsignedLong(vector.get("body_size").stringValue());
      byte[] octets = made.toFrame(1, size).getPayload();
      assertArrayEquals(Contracts.octets(vector.get("hex")), octets);
    } catch (Failure failure) {
      assertTrue(Set.of("shortstr:non-utf8", "range:timestamp").contains(failure.what));
    }
  }

  @ParameterizedTest
  @MethodSource("headers")
  void whatIsPresentIsReportedAndNothingElse(JsonNode vector) throws Exception {
    byte[] octets = Contracts.octets(vector.get("hex"));
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(octets));
    in.skipNBytes(Short.BYTES); // the class
    Map<String, Object> found = Basics.present(new BasicProperties(in));
    JsonNode wanted = vector.get("properties");
    assertEquals(Set.copyOf(wanted.propertyNames()), found.keySet());
    for (String name : wanted.propertyNames()) {
      JsonNode value = wanted.get(name).get("value");
      if (!Set.of("headers", "timestamp").contains(name) && value.isString()) {
        assertEquals(value, Reports.of(found.get(name)).get("value"), name);
      }
    }
  }

  @Test
  void framesAreTheLibrarysOwnAffair() {
    JsonNode message = Contracts.json("{\"properties\":{},\"framing\":{\"frames\":[1]}}");
    assertEquals("framing", assertThrows(Failure.class, () -> Basics.of(message)).what);
  }

  @Test
  void aShortStringThatIsNoTextIsUnsupported() {
    JsonNode message =
        Contracts.json(
            "{\"properties\":{\"type\":{\"type\":\"shortstr\",\"value\":{\"base64\":\"/w==\"}}}}");
    assertEquals("shortstr:non-utf8", assertThrows(Failure.class, () -> Basics.of(message)).what);
  }
}
