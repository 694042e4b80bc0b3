package interop.peer.client;

import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.impl.ClientVersion;
import interop.peer.Failure;
import interop.peer.Identity;
import interop.peer.Library;
import java.util.List;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/** {@code com.rabbitmq:amqp-client}. */
final class JavaClient implements Library {
  @Override
  public Identity identity() {
    return new Identity("java-client", ClientVersion.VERSION, List.of(ClientSession.DEFAULTS));
  }

  /** Connects as the library does, but for its recovery: a peer does not reconnect by itself. */
  @Override
  public Session connect(String url, Consumer<ObjectNode> events) throws Failure {
    ConnectionFactory factory = new ConnectionFactory();
    factory.setAutomaticRecoveryEnabled(false);
    return Losses.call(
        () -> {
          factory.setUri(url);
          Connection connection = factory.newConnection();
          return new ClientSession(connection, connection.createChannel(), events).listening();
        });
  }
}
