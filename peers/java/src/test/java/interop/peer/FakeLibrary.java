package interop.peer;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/** A library that does what its test says, and keeps what it was asked. */
final class FakeLibrary implements Library, Library.Session {
  final List<Request> asked = new ArrayList<>();
  Failure failure;
  Outcome outcome = new Outcome(true, null);
  Delivery waiting;
  boolean closed;
  private Consumer<ObjectNode> events;
  private Thread teller;

  static Delivery delivery(long tag) {
    return new Delivery("q", tag, false, "x", "k", Map.of("priority", 3), new byte[] {'b'});
  }

  @Override
  public Identity identity() {
    return new Identity("fake", "1", List.of("zero:priority"));
  }

  @Override
  public Session connect(String url, Consumer<ObjectNode> heard) throws Failure {
    take(null);
    events = heard;
    closed = false;
    return this;
  }

  private void take(Request request) throws Failure {
    asked.add(request);
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void declareExchange(Request.DeclareExchange request) throws Failure {
    take(request);
  }

  @Override
  public void declareQueue(Request.DeclareQueue request) throws Failure {
    take(request);
  }

  @Override
  public void bind(Request.Bind request) throws Failure {
    take(request);
  }

  @Override
  public void publish(Request.Publish request) throws Failure {
    take(request);
  }

  @Override
  public Outcome confirm(Request.Publish request) throws Failure {
    take(request);
    return outcome;
  }

  /** Tells of two messages at once, from a thread of its own that waits as it must. */
  @Override
  public void consume(Request.Consume request, CountDownLatch answered) throws Failure {
    take(request);
    Octets.string(request.queue(), "queue:non-utf8");
    teller =
        new Thread(
            () -> {
              try {
                answered.await();
              } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
              }
              events.accept(Lines.delivery(delivery(1)));
              events.accept(Lines.delivery(delivery(2)));
            });
    teller.start();
  }

  @Override
  public void cancel(Request.Cancel request) throws Failure, InterruptedException {
    take(request);
    teller.join();
  }

  @Override
  public Delivery get(Request.Get request) throws Failure {
    take(request);
    Octets.string(request.queue(), "queue:non-utf8");
    return waiting;
  }

  @Override
  public void settle(Request.Settle request) throws Failure {
    take(request);
  }

  @Override
  public void close() throws Failure {
    closed = true;
  }
}
