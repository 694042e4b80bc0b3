package interop.peer;

import tools.jackson.databind.JsonNode;

/**
 * A request, of which the schema has said that it has the right shape. Names, texts and tables stay
 * JSON until somebody needs them, because what can't be read of them is an answer of its own.
 */
public sealed interface Request {
  long id();

  record Describe(long id) implements Request {}

  record Connect(long id, String url) implements Request {}

  record DeclareExchange(
      long id,
      JsonNode name,
      String kind,
      boolean durable,
      boolean autoDelete,
      boolean passive,
      JsonNode arguments)
      implements Request {}

  record DeclareQueue(
      long id,
      JsonNode name,
      boolean durable,
      boolean exclusive,
      boolean autoDelete,
      boolean passive,
      JsonNode arguments,
      boolean defaults)
      implements Request {}

  record Bind(long id, JsonNode queue, JsonNode exchange, JsonNode routingKey, JsonNode arguments)
      implements Request {}

  record Publish(
      long id,
      JsonNode exchange,
      JsonNode routingKey,
      boolean mandatory,
      boolean confirm,
      JsonNode message)
      implements Request {}

  record Consume(
      long id, JsonNode queue, int prefetch, boolean noAck, boolean exclusive, JsonNode arguments)
      implements Request {}

  record Cancel(long id, JsonNode queue) implements Request {}

  record Get(long id, JsonNode queue) implements Request {}

  /** How an ack, nack or reject settles. */
  enum Settling {
    ACK,
    NACK,
    REJECT
  }

  record Settle(long id, Settling how, long deliveryTag, boolean multiple, boolean requeue)
      implements Request {}

  record Close(long id) implements Request {}

  /** The request in a line that the schema accepts. */
  static Request of(JsonNode line) {
    long id = line.get("id").asLong();
    return switch (line.get("op").stringValue()) {
      case "describe" -> new Describe(id);
      case "connect" -> new Connect(id, line.get("url").stringValue());
      case "declare_exchange" ->
          new DeclareExchange(
              id,
              line.get("name"),
              line.get("kind").stringValue(),
              flag(line, "durable", false),
              flag(line, "auto_delete", false),
              flag(line, "passive", false),
              line.get("arguments"));
      case "declare_queue" ->
          new DeclareQueue(
              id,
              line.get("name"),
              flag(line, "durable", false),
              flag(line, "exclusive", false),
              flag(line, "auto_delete", false),
              flag(line, "passive", false),
              line.get("arguments"),
              flag(line, "defaults", false));
      case "bind" ->
          new Bind(
              id,
              line.get("queue"),
              line.get("exchange"),
              line.get("routing_key"),
              line.get("arguments"));
      case "publish" ->
          new Publish(
              id,
              line.get("exchange"),
              line.get("routing_key"),
              flag(line, "mandatory", false),
              flag(line, "confirm", false),
              line.get("message"));
      case "consume" ->
          new Consume(
              id,
              line.get("queue"),
              line.path("prefetch").asInt(0),
              flag(line, "no_ack", false),
              flag(line, "exclusive", false),
              line.get("arguments"));
      case "cancel" -> new Cancel(id, line.get("queue"));
      case "get" -> new Get(id, line.get("queue"));
      case "ack" -> settle(id, Settling.ACK, line);
      case "nack" -> settle(id, Settling.NACK, line);
      case "reject" -> settle(id, Settling.REJECT, line);
      case "close" -> new Close(id);
      default -> throw new IllegalArgumentException("the schema knows a request that we do not");
    };
  }

  private static Settle settle(long id, Settling how, JsonNode line) {
    long tag = line.get("delivery_tag").asLong();
    return new Settle(id, how, tag, flag(line, "multiple", false), flag(line, "requeue", true));
  }

  private static boolean flag(JsonNode line, String name, boolean otherwise) {
    JsonNode found = line.get(name);
    return found == null ? otherwise : found.booleanValue();
  }
}
