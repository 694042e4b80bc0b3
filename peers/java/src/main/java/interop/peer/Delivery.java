package interop.peer;

import java.util.Map;

/** A message as the application was handed it. Properties are those that are present. */
public record Delivery(
    String queue,
    long tag,
    boolean redelivered,
    String exchange,
    String routingKey,
    Map<String, Object> properties,
    byte[] body) {}
