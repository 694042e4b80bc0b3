package interop.peer.client;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.GetResponse;
import com.rabbitmq.client.ShutdownSignalException;
import interop.peer.Bodies;
import interop.peer.Delivery;
import interop.peer.Failure;
import interop.peer.Library;
import interop.peer.Lines;
import interop.peer.Octets;
import interop.peer.Outcome;
import interop.peer.Request;
import interop.peer.Values;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** One connection with its one channel, used as the library is used by itself. */
public class ClientSession implements Library.Session {
  private static final int DEADLINE_SECONDS = 10;
  private static final boolean NO_LOCAL = false;
  private static final boolean INTERNAL = false;
  static final String DEFAULTS = "declare_queue:defaults";

  protected final Channel channel;
  private final Connection connection;
  private final Consumer<ObjectNode> events;
  private final Confirms confirms = new Confirms();
  private final Map<String, Subscription> subscriptions = new HashMap<>();
  private boolean confirming;
  private volatile boolean closing;

  protected ClientSession(Connection connection, Channel channel, Consumer<ObjectNode> events) {
    this.connection = connection;
    this.channel = channel;
    this.events = events;
  }

  /** Starts to listen, and gives itself back. */
  public ClientSession listening() {
    channel.addConfirmListener(confirms);
    channel.addReturnListener(confirms);
    channel.addShutdownListener(this::channelLost);
    connection.addShutdownListener(this::connectionLost);
    return this;
  }

  /** Hands a message to the library. What is not the library's doing is done before the call. */
  protected void send(String exchange, String key, boolean mandatory, JsonNode message, byte[] body)
      throws Failure {
    BasicProperties properties = Basics.of(message);
    Losses.act(() -> channel.basicPublish(exchange, key, mandatory, properties, body));
  }

  /** A delivery as the application is handed it. What this raises is the library's. */
  protected Delivery handed(
      String queue, Envelope envelope, BasicProperties properties, byte[] body) {
    return new Delivery(
        queue,
        envelope.getDeliveryTag(),
        envelope.isRedeliver(),
        envelope.getExchange(),
        envelope.getRoutingKey(),
        Basics.present(properties),
        body);
  }

  private void channelLost(ShutdownSignalException closed) {
    confirms.lost(closed);
    if (!closed.isHardError() && !closing) {
      events.accept(Lines.closed(Losses.loss(closed)));
    }
  }

  private void connectionLost(ShutdownSignalException closed) {
    if (!closing) {
      events.accept(Lines.closed(Losses.loss(closed)));
    }
  }

  @Override
  public void declareExchange(Request.DeclareExchange request) throws Failure {
    String name = exchange(request.name());
    Map<String, Object> arguments = Values.arguments(request.arguments());
    Losses.call(
        () ->
            request.passive()
                ? channel.exchangeDeclarePassive(name)
                : channel.exchangeDeclare(
                    name,
                    request.kind(),
                    request.durable(),
                    request.autoDelete(),
                    INTERNAL,
                    arguments));
  }

  @Override
  public void declareQueue(Request.DeclareQueue request) throws Failure {
    String name = queue(request.name());
    if (request.defaults()) {
      declareQueue(name);
      return;
    }
    Map<String, Object> arguments = Values.arguments(request.arguments());
    Losses.call(
        () ->
            request.passive()
                ? channel.queueDeclarePassive(name)
                : channel.queueDeclare(
                    name, request.durable(), request.exclusive(), request.autoDelete(), arguments));
  }

  /** By its name alone: this library has defaults only for a queue that the broker names. */
  protected void declareQueue(String name) throws Failure {
    throw Failure.unsupported(DEFAULTS);
  }

  @Override
  public void bind(Request.Bind request) throws Failure {
    String queue = queue(request.queue());
    String exchange = exchange(request.exchange());
    String key = routingKey(request.routingKey());
    Map<String, Object> arguments = Values.arguments(request.arguments());
    Losses.call(() -> channel.queueBind(queue, exchange, key, arguments));
  }

  @Override
  public void publish(Request.Publish request) throws Failure {
    String exchange = exchange(request.exchange());
    String key = routingKey(request.routingKey());
    byte[] body = Bodies.of(request.message().get("body"));
    send(exchange, key, request.mandatory(), request.message(), body);
  }

  @Override
  public Outcome confirm(Request.Publish request) throws Failure, InterruptedException {
    if (!confirming) {
      Losses.call(channel::confirmSelect);
      confirming = true;
    }
    long tag = channel.getNextPublishSeqNo();
    confirms.ready(tag);
    publish(request);
    return confirms.outcome(tag);
  }

  @Override
  public void consume(Request.Consume request, CountDownLatch answered) throws Failure {
    String queue = queue(request.queue());
    Map<String, Object> arguments = Values.arguments(request.arguments());
    Subscription subscription = new Subscription(channel, queue, events, this::handed, answered);
    Losses.act(
        () -> {
          if (request.prefetch() > 0) {
            channel.basicQos(request.prefetch());
          }
          channel.basicConsume(
              queue, request.noAck(), "", NO_LOCAL, request.exclusive(), arguments, subscription);
        });
    subscriptions.put(queue, subscription);
  }

  /** The library answers to the cancel while deliveries may still wait for their thread. */
  @Override
  public void cancel(Request.Cancel request) throws Failure, InterruptedException {
    String queue = queue(request.queue());
    Subscription subscription = subscriptions.remove(queue);
    if (subscription == null) {
      throw Failure.refused("nothing consumes " + queue);
    }
    Losses.act(() -> channel.basicCancel(subscription.getConsumerTag()));
    if (!subscription.ended().await(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
      throw Failure.refused("the consumer had not ended in " + DEADLINE_SECONDS + " s");
    }
  }

  @Override
  public Delivery get(Request.Get request) throws Failure {
    String queue = queue(request.queue());
    return Losses.call(
        () -> {
          GetResponse found = channel.basicGet(queue, false);
          return found == null
              ? null
              : handed(queue, found.getEnvelope(), found.getProps(), found.getBody());
        });
  }

  @Override
  public void settle(Request.Settle request) throws Failure {
    long tag = request.deliveryTag();
    Losses.act(
        () -> {
          switch (request.how()) {
            case ACK -> channel.basicAck(tag, request.multiple());
            case NACK -> channel.basicNack(tag, request.multiple(), request.requeue());
            case REJECT -> channel.basicReject(tag, request.requeue());
          }
        });
  }

  @Override
  public void close() throws Failure {
    closing = true;
    Losses.act(
        () -> {
          try {
            connection.close((int) TimeUnit.SECONDS.toMillis(DEADLINE_SECONDS));
          } catch (AlreadyClosedException closedBefore) {
            return; // closed is closed
          }
        });
  }

  private static String exchange(JsonNode name) throws Failure {
    return Octets.string(name, "exchange:non-utf8");
  }

  private static String queue(JsonNode name) throws Failure {
    return Octets.string(name, "queue:non-utf8");
  }

  private static String routingKey(JsonNode name) throws Failure {
    return Octets.string(name, "routing_key:non-utf8");
  }
}
