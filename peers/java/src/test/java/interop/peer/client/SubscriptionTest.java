package interop.peer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Envelope;
import interop.peer.Delivery;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SubscriptionTest {
  private static final BasicProperties NONE = new BasicProperties();

  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final CountDownLatch answered = new CountDownLatch(1);

  @Test
  void whatIsRaisedWhileAMessageIsHandedOverIsToldAndLeftToTheLibrary() {
    answered.countDown();
    Subscription subscription =
        subscription(
            (queue, envelope, properties, body) -> {
              throw new IllegalArgumentException("Unknown mode: 3");
            });
    assertThrows(
        IllegalArgumentException.class,
        () -> subscription.handleDelivery("t", envelope(), NONE, new byte[0]));
    assertEquals(List.of("undecodable"), List.copyOf(told));
  }

  @Test
  void nothingIsToldBeforeConsumeIsAnswered() throws Exception {
    Subscription subscription = subscription(SubscriptionTest::delivery);
    Thread library =
        new Thread(
            () -> {
              subscription.handleDelivery("t", envelope(), NONE, new byte[0]);
              subscription.handleCancel("t");
            });
    library.start();
    told.add("ok");
    answered.countDown();
    library.join();
    assertEquals(List.of("ok", "delivery", "cancelled"), List.copyOf(told));
    assertEquals(true, subscription.ended().await(0, TimeUnit.SECONDS));
  }

  private Subscription subscription(Subscription.Handing handing) {
    return new Subscription(
        null, "q", line -> told.add(line.get("type").stringValue()), handing, answered);
  }

  private static Delivery delivery(
      String queue, Envelope envelope, BasicProperties properties, byte[] body) {
    return new Delivery(queue, envelope.getDeliveryTag(), false, "x", "k", Map.of(), body);
  }

  private static Envelope envelope() {
    return new Envelope(1, false, "x", "k");
  }
}
