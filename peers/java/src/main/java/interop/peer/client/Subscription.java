package interop.peer.client;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import interop.peer.Delivery;
import interop.peer.Lines;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/** The consumer of one queue. The library calls it from one thread, in the order of the frames. */
final class Subscription extends DefaultConsumer {
  /** Makes of a message what the application is handed. */
  @FunctionalInterface
  interface Handing {
    Delivery handed(String queue, Envelope envelope, BasicProperties properties, byte[] body);
  }

  private final String queue;
  private final Consumer<ObjectNode> events;
  private final Handing handing;
  private final CountDownLatch answered;
  private final CountDownLatch ended = new CountDownLatch(1);

  Subscription(
      Channel channel,
      String queue,
      Consumer<ObjectNode> events,
      Handing handing,
      CountDownLatch answered) {
    super(channel);
    this.queue = queue;
    this.events = events;
    this.handing = handing;
    this.answered = answered;
  }

  /** Down when the library has told all that came before the end of this consumer. */
  CountDownLatch ended() {
    return ended;
  }

  /** Tells of a message. What is raised while it is handed over is the library's to deal with. */
  @Override
  public void handleDelivery(String tag, Envelope envelope, BasicProperties found, byte[] body) {
    awaitAnswer();
    Delivery delivery;
    try {
      delivery = handing.handed(queue, envelope, found, body);
    } catch (RuntimeException error) {
      events.accept(Lines.undecodable(queue, error));
      throw error;
    }
    events.accept(Lines.delivery(delivery));
  }

  @Override
  public void handleCancelOk(String tag) {
    ended.countDown();
  }

  @Override
  public void handleCancel(String tag) {
    awaitAnswer();
    events.accept(Lines.cancelled(queue));
    ended.countDown();
  }

  private void awaitAnswer() {
    try {
      answered.await();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }
}
