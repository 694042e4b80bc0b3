package interop.peer.client;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.ConfirmListener;
import com.rabbitmq.client.ReturnListener;
import com.rabbitmq.client.ShutdownSignalException;
import interop.peer.Failure;
import interop.peer.Outcome;
import java.time.Duration;

/** What the broker says of publications: acks, nacks, returns. One is asked about at a time. */
final class Confirms implements ConfirmListener, ReturnListener {
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  private long settled;
  private boolean acked;
  private Outcome.Returned returned;
  private Failure lost;

  @Override
  public synchronized void handleAck(long tag, boolean multiple) {
    settle(tag, true);
  }

  @Override
  public synchronized void handleNack(long tag, boolean multiple) {
    settle(tag, false);
  }

  /** basic.return comes before the ack of what is returned, and on the same thread. */
  @Override
  public synchronized void handleReturn(
      int code, String text, String exchange, String key, BasicProperties properties, byte[] body) {
    returned = new Outcome.Returned(code, text);
  }

  synchronized void lost(ShutdownSignalException closed) {
    lost = Losses.loss(closed);
    notifyAll();
  }

  /** Waits until all before {@code tag} is settled: then what is returned next is its message. */
  synchronized void ready(long tag) throws Failure, InterruptedException {
    await(tag - 1);
    returned = null;
  }

  /** Waits for the word on the publication of this tag. */
  synchronized Outcome outcome(long tag) throws Failure, InterruptedException {
    await(tag);
    return new Outcome(acked, returned);
  }

  private void settle(long tag, boolean ack) {
    if (tag >= settled) {
      settled = tag;
      acked = ack;
    }
    notifyAll();
  }

  private void await(long tag) throws Failure, InterruptedException {
    long end = System.nanoTime() + DEADLINE.toNanos();
    while (settled < tag) {
      if (lost != null) {
        throw lost;
      }
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw Failure.refused("no confirm in " + DEADLINE.toSeconds() + " s");
      }
      wait(left);
    }
  }
}
