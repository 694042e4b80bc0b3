package interop.peer.spring;

import interop.peer.Peer;

/** The peer {@code spring-amqp}: Spring AMQP on RabbitMQ's own Java client. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) throws Exception {
    Peer.main(new SpringAmqp(), arguments);
  }
}
