package interop.peer.spring;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.Envelope;
import interop.peer.Delivery;
import interop.peer.Failure;
import interop.peer.client.ClientSession;
import interop.peer.client.Losses;
import java.util.function.Consumer;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.rabbit.support.DefaultMessagePropertiesConverter;
import org.springframework.amqp.rabbit.support.MessagePropertiesConverter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Messages sent by RabbitTemplate, and handed over as listener containers do it.
 *
 * <p>Template, container and even Spring's channel take a new channel when the broker closes
 * theirs, and the container consumes anew. A peer must not, so all goes over the one channel within
 * Spring's: {@code doSend} is what the template's {@code send} does with the channel it picked, and
 * a container's consumer gives each delivery to the converter that is used here. RabbitAdmin, too,
 * declares a Queue by its getters on the channel that it picked.
 */
final class SpringSession extends ClientSession {
  private static final String CHARSET = "UTF-8";

  private final CachingConnectionFactory factory;
  private final RabbitTemplate template;
  private final MessagePropertiesConverter converter = new DefaultMessagePropertiesConverter();

  SpringSession(
      CachingConnectionFactory factory,
      Connection connection,
      Channel channel,
      Consumer<ObjectNode> events) {
    super(connection, channel, events);
    this.factory = factory;
    this.template = new RabbitTemplate(factory);
  }

  @Override
  protected void send(String exchange, String key, boolean mandatory, JsonNode wanted, byte[] body)
      throws Failure {
    Message message = new Message(body, Wanted.properties(wanted));
    Losses.act(() -> template.doSend(channel, exchange, key, message, mandatory, null));
  }

  @Override
  protected void declareQueue(String name) throws Failure {
    Queue queue = new Queue(name);
    Losses.call(
        () ->
            channel.queueDeclare(
                queue.getName(),
                queue.isDurable(),
                queue.isExclusive(),
                queue.isAutoDelete(),
                queue.getArguments()));
  }

  @Override
  protected Delivery handed(
      String queue, Envelope envelope, BasicProperties properties, byte[] body) {
    Message message =
        new Message(body, converter.toMessageProperties(properties, envelope, CHARSET));
    return Received.delivery(queue, message);
  }

  @Override
  public void close() throws Failure {
    super.close();
    Losses.act(factory::destroy);
  }
}
