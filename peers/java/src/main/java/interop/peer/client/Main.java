package interop.peer.client;

import interop.peer.Peer;

/** The peer {@code java-client}: RabbitMQ's own Java client. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    Peer.main(new JavaClient(), arguments);
  }
}
