package interop.peer.spring;

import interop.peer.Failure;
import interop.peer.Identity;
import interop.peer.Library;
import interop.peer.client.Losses;
import java.net.URI;
import java.util.List;
import java.util.function.Consumer;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.ChannelProxy;
import org.springframework.amqp.rabbit.connection.Connection;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import tools.jackson.databind.node.ObjectNode;

/** {@code org.springframework.amqp:spring-rabbit}. */
final class SpringAmqp implements Library {
  private static final boolean TRANSACTIONAL = true;

  @Override
  public Identity identity() {
    String version = RabbitTemplate.class.getPackage().getImplementationVersion();
    return new Identity("spring-amqp", version, List.of("range:delivery_mode"));
  }

  @Override
  public Session connect(String url, Consumer<ObjectNode> events) throws Failure {
    return Losses.call(
        () -> {
          CachingConnectionFactory factory = new CachingConnectionFactory(new URI(url));
          Connection connection = factory.createConnection();
          ChannelProxy channel = (ChannelProxy) connection.createChannel(!TRANSACTIONAL);
          return new SpringSession(
                  factory, connection.getDelegate(), channel.getTargetChannel(), events)
              .listening();
        });
  }
}
