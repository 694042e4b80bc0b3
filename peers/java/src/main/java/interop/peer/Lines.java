package interop.peer;

import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/** The lines that a peer writes: replies and events. */
public final class Lines {
  private Lines() {}

  /** A reply that needs no further word: ok, confirmed, nacked, empty. */
  static ObjectNode reply(String type, long id) {
    return Json.typed(type).put("id", id);
  }

  static ObjectNode described(long id, Identity identity) {
    ObjectNode made =
        reply("described", id)
            .put("library", identity.library())
            .put("version", identity.version())
            .put("language", "java")
            .put("runtime", Runtime.version().toString());
    identity.roles().forEach(made.putArray("roles")::add);
    Values.TYPES.forEach(made.putArray("types")::add);
    identity.unsupported().stream().sorted().forEach(made.putArray("unsupported")::add);
    return made;
  }

  /** The answer to a publish that waited for the broker's word. */
  static ObjectNode outcome(long id, Outcome outcome) {
    if (outcome.returned() != null) {
      return reply("returned", id)
          .put("code", outcome.returned().code())
          .put("text", outcome.returned().text());
    }
    return reply(outcome.acked() ? "confirmed" : "nacked", id);
  }

  static ObjectNode failed(long id, Failure failure) {
    ObjectNode made =
        reply("error", id)
            .put("kind", failure.kind.name().toLowerCase(Locale.ROOT))
            .put("message", failure.getMessage());
    if (failure.what != null) {
      made.put("what", failure.what);
    }
    if (failure.code != null) {
      made.put("code", failure.code);
    }
    if (failure.scope != null) {
      made.put("scope", scope(failure));
    }
    return made;
  }

  /** The adapter's own fault. */
  static ObjectNode bug(long id, Throwable error) {
    return reply("error", id).put("kind", "bug").put("message", Failure.said(error));
  }

  public static ObjectNode delivery(Delivery delivery) {
    ObjectNode made =
        Json.typed("delivery")
            .put("queue", delivery.queue())
            .put("delivery_tag", delivery.tag())
            .put("redelivered", delivery.redelivered())
            .put("exchange", delivery.exchange())
            .put("routing_key", delivery.routingKey());
    ObjectNode properties = made.putObject("properties");
    for (Map.Entry<String, Object> property : delivery.properties().entrySet()) {
      properties.set(property.getKey(), Reports.of(property.getValue()));
    }
    made.set("body", Bodies.report(delivery.body()));
    return made;
  }

  /** The library raised while it handed a message over. */
  public static ObjectNode undecodable(String queue, Throwable error) {
    return Json.typed("undecodable").put("queue", queue).put("message", Failure.said(error));
  }

  public static ObjectNode cancelled(String queue) {
    return Json.typed("cancelled").put("queue", queue);
  }

  /** Channel or connection went, and nobody had asked. */
  public static ObjectNode closed(Failure loss) {
    ObjectNode made =
        Json.typed("closed").put("scope", scope(loss)).put("message", loss.getMessage());
    return loss.code == null ? made : made.put("code", loss.code);
  }

  private static String scope(Failure failure) {
    return failure.scope.name().toLowerCase(Locale.ROOT);
  }
}
