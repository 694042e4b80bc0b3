package interop.peer.client;

import com.rabbitmq.client.AMQP.BasicProperties;
import interop.peer.Failure;
import interop.peer.Octets;
import interop.peer.Values;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/** The 14 properties of class basic. To this library, null is absent and all else is present. */
public final class Basics {
  private Basics() {}

  /** What a message asks for, to be handed to the library. */
  static BasicProperties of(JsonNode message) throws Failure {
    refuseFraming(message);
    JsonNode wanted = message.get("properties");
    return new BasicProperties.Builder()
        .contentType(text(wanted, "content_type"))
        .contentEncoding(text(wanted, "content_encoding"))
        .headers(wanted.has("headers") ? Values.table(value(wanted, "headers")) : null)
        .deliveryMode(octet(wanted, "delivery_mode"))
        .priority(octet(wanted, "priority"))
        .correlationId(text(wanted, "correlation_id"))
        .replyTo(text(wanted, "reply_to"))
        .expiration(text(wanted, "expiration"))
        .messageId(text(wanted, "message_id"))
        .timestamp(wanted.has("timestamp") ? Values.date(value(wanted, "timestamp")) : null)
        .type(text(wanted, "type"))
        .userId(text(wanted, "user_id"))
        .appId(text(wanted, "app_id"))
        .clusterId(text(wanted, "cluster_id"))
        .build();
  }

  /** What the library handed over, by the names of the protocol. */
  static Map<String, Object> present(BasicProperties handed) {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("content_type", handed.getContentType());
    found.put("content_encoding", handed.getContentEncoding());
    found.put("headers", handed.getHeaders());
    found.put("delivery_mode", handed.getDeliveryMode());
    found.put("priority", handed.getPriority());
    found.put("correlation_id", handed.getCorrelationId());
    found.put("reply_to", handed.getReplyTo());
    found.put("expiration", handed.getExpiration());
    found.put("message_id", handed.getMessageId());
    found.put("timestamp", handed.getTimestamp());
    found.put("type", handed.getType());
    found.put("user_id", handed.getUserId());
    found.put("app_id", handed.getAppId());
    found.put("cluster_id", handed.getClusterId());
    found.values().removeIf(value -> value == null);
    return found;
  }

  /** No library lets one choose the octets of frames. */
  public static void refuseFraming(JsonNode message) throws Failure {
    if (message.hasNonNull("framing")) {
      throw Failure.unsupported("framing");
    }
  }

  /** A short string that is asked for, null if it is absent. */
  public static String text(JsonNode wanted, String name) throws Failure {
    return wanted.has(name) ? Octets.string(value(wanted, name), "shortstr:non-utf8") : null;
  }

  /** An octet that is asked for, null if it is absent. */
  public static Integer octet(JsonNode wanted, String name) {
    return wanted.has(name) ? Integer.valueOf(value(wanted, name).stringValue()) : null;
  }

  private static JsonNode value(JsonNode wanted, String name) {
    return wanted.get(name).get("value");
  }
}
