package interop.peer.spring;

import interop.peer.Failure;
import interop.peer.Values;
import interop.peer.client.Basics;
import org.springframework.amqp.core.MessageDeliveryMode;
import org.springframework.amqp.core.MessageProperties;
import tools.jackson.databind.JsonNode;

/**
 * What a message asks for, set as a user would: what is not asked for keeps Spring's own default.
 */
final class Wanted {
  private Wanted() {}

  static MessageProperties properties(JsonNode message) throws Failure {
    Basics.refuseFraming(message);
    JsonNode wanted = message.get("properties");
    MessageProperties made = new MessageProperties();
    if (wanted.has("content_type")) {
      made.setContentType(Basics.text(wanted, "content_type"));
    }
    if (wanted.has("headers")) {
      Values.table(wanted.get("headers").get("value")).forEach(made::setHeader);
    }
    if (wanted.has("delivery_mode")) {
      made.setDeliveryMode(mode(Basics.octet(wanted, "delivery_mode")));
    }
    if (wanted.has("priority")) {
      made.setPriority(Basics.octet(wanted, "priority"));
    }
    if (wanted.has("timestamp")) {
      made.setTimestamp(Values.date(wanted.get("timestamp").get("value")));
    }
    made.setContentEncoding(Basics.text(wanted, "content_encoding"));
    made.setCorrelationId(Basics.text(wanted, "correlation_id"));
    made.setReplyTo(Basics.text(wanted, "reply_to"));
    made.setExpiration(Basics.text(wanted, "expiration"));
    made.setMessageId(Basics.text(wanted, "message_id"));
    made.setType(Basics.text(wanted, "type"));
    made.setUserId(Basics.text(wanted, "user_id"));
    made.setAppId(Basics.text(wanted, "app_id"));
    made.setClusterId(Basics.text(wanted, "cluster_id"));
    return made;
  }

  /** The enum has the two modes of the specification, and no more. */
  private static MessageDeliveryMode mode(int octet) throws Failure {
    return switch (octet) {
      case 1 -> MessageDeliveryMode.NON_PERSISTENT;
      case 2 -> MessageDeliveryMode.PERSISTENT;
      default -> throw Failure.unsupported("range:delivery_mode");
    };
  }
}
