package interop.peer.spring;

import interop.peer.Delivery;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageProperties;

/** What a listener can read off the message that Spring hands it. */
final class Received {
  private Received() {}

  static Delivery delivery(String queue, Message message) {
    MessageProperties handed = message.getMessageProperties();
    return new Delivery(
        queue,
        handed.getDeliveryTag(),
        handed.isRedelivered(),
        handed.getReceivedExchange(),
        handed.getReceivedRoutingKey(),
        present(handed),
        message.getBody());
  }

  private static Map<String, Object> present(MessageProperties handed) {
    Map<String, Object> found = new LinkedHashMap<>();
    found.put("content_type", handed.getContentType());
    found.put("content_encoding", handed.getContentEncoding());
    found.put("headers", handed.getHeaders());
    found.put("delivery_mode", octet(handed.getReceivedDeliveryMode()));
    found.put("priority", handed.getPriority());
    found.put("correlation_id", handed.getCorrelationId());
    found.put("reply_to", handed.getReplyTo());
    found.put("expiration", handed.getExpiration());
    found.put("message_id", handed.getMessageId());
    found.put("timestamp", handed.getTimestamp());
    found.put("type", handed.getType());
    found.put("user_id", handed.getReceivedUserId());
    found.put("app_id", handed.getAppId());
    found.put("cluster_id", handed.getClusterId());
    found.values().removeIf(value -> value == null);
    return found;
  }

  /** The mode's number, which its enum has a method for. */
  private static Integer octet(MessageDeliveryMode mode) {
    return mode == null ? null : Integer.valueOf(MessageDeliveryMode.toInt(mode));
  }
}
