package interop.peer.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import interop.peer.Contracts;
import interop.peer.Delivery;
import interop.peer.Failure;
import interop.peer.Json;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageProperties;
import org.springframework.amqp.rabbit.support.DefaultMessagePropertiesConverter;
import tools.jackson.databind.JsonNode;

class MessagesTest {
  private static final String[] NAMES = {
    "content_type",
    "content_encoding",
    "headers",
    "delivery_mode",
    "priority",
    "correlation_id",
    "reply_to",
    "expiration",
    "message_id",
    "timestamp",
    "type",
    "user_id",
    "app_id",
    "cluster_id"
  };

  static Stream<String> names() {
    return Stream.of(NAMES);
  }

  @ParameterizedTest
  @MethodSource("names")
  void eachPropertyIsSentAndReportedUnderItsName(String name) throws Exception {
    JsonNode wanted = Json.object().set(name, sample(name));
    MessageProperties made = Wanted.properties(Json.object().set("properties", wanted));
    BasicProperties sent =
        new DefaultMessagePropertiesConverter().fromMessageProperties(made, "UTF-8");
    Object reported = received(sent).properties().get(name);
    assertEquals(expected(name), reported);
  }

  @Test
  void whatIsNotAskedForKeepsSpringsDefault() throws Exception {
    MessageProperties made = Wanted.properties(Contracts.json("{\"properties\":{}}"));
    assertEquals(MessageProperties.DEFAULT_CONTENT_TYPE, made.getContentType());
    assertEquals(MessageDeliveryMode.PERSISTENT, made.getDeliveryMode());
  }

  @Test
  void aDeliveryModeThatTheEnumLacksIsUnsupported() {
    JsonNode message =
        Contracts.json("{\"properties\":{\"delivery_mode\":{\"type\":\"octet\",\"value\":\"3\"}}}");
    assertEquals(
        "range:delivery_mode", assertThrows(Failure.class, () -> Wanted.properties(message)).what);
    assertEquals(List.of("range:delivery_mode"), declared());
  }

  @Test
  void theEnvelopeIsReportedAsSpringHandsItOver() {
    Delivery delivery = received(new BasicProperties());
    assertEquals(
        "x k 5 true",
        delivery.exchange()
            + " "
            + delivery.routingKey()
            + " "
            + delivery.tag()
            + " "
            + delivery.redelivered());
  }

  private static List<String> declared() {
    return new SpringAmqp()
        .identity().unsupported().stream().filter(name -> name.endsWith("delivery_mode")).toList();
  }

  private static Delivery received(BasicProperties sent) {
    Envelope envelope = new Envelope(5, true, "x", "k");
    MessageProperties handed =
        new DefaultMessagePropertiesConverter().toMessageProperties(sent, envelope, "UTF-8");
    return Received.delivery("q", new Message(new byte[0], handed));
  }

  private static JsonNode sample(String name) {
    String text =
        switch (name) {
          case "headers" -> "{'type':'table','value':[['k',{'type':'int8','value':'7'}]]}";
          case "delivery_mode" -> "{'type':'octet','value':'1'}";
          case "priority" -> "{'type':'octet','value':'9'}";
          case "timestamp" -> "{'type':'timestamp','value':'5'}";
          default -> "{'type':'shortstr','value':'" + name + "!'}";
        };
    return Contracts.json(text.replace('\'', '"'));
  }

  private static Object expected(String name) {
    return switch (name) {
      case "headers" -> Map.of("k", (byte) 7);
      case "delivery_mode" -> 1;
      case "priority" -> 9;
      case "timestamp" -> new Date(5000);
      default -> Set.of(NAMES).contains(name) ? name + "!" : null;
    };
  }
}
