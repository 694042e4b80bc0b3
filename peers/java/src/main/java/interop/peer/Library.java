package interop.peer;

import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client library as a peer: who it is, and how it connects. A {@link Failure} is the library's or
 * the broker's word; any other exception is the adapter's own fault.
 */
public interface Library {
  Identity identity();

  /** A connection with its channel. {@code events} takes lines, from any thread. */
  Session connect(String url, Consumer<ObjectNode> events) throws Failure;

  /** An open connection. */
  interface Session {
    void declareExchange(Request.DeclareExchange request) throws Failure;

    void declareQueue(Request.DeclareQueue request) throws Failure;

    void bind(Request.Bind request) throws Failure;

    /** Hands the message to the library. */
    void publish(Request.Publish request) throws Failure;

    /** Publishes and waits for the broker's word. */
    Outcome confirm(Request.Publish request) throws Failure, InterruptedException;

    /** Starts to consume. No delivery is told before {@code answered} is down. */
    void consume(Request.Consume request, CountDownLatch answered)
        throws Failure, InterruptedException;

    /** Ends consuming; no delivery of that queue is told any more when it returns. */
    void cancel(Request.Cancel request) throws Failure, InterruptedException;

    /** One message, null if the queue is empty. */
    Delivery get(Request.Get request) throws Failure;

    void settle(Request.Settle request) throws Failure;

    /** Closes the connection; one that is closed already is no failure. */
    void close() throws Failure;
  }
}
