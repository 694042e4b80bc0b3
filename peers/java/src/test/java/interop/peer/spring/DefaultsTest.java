package interop.peer.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.rabbitmq.client.Channel;
import interop.peer.Contracts;
import interop.peer.Request;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;

class DefaultsTest {
  private final List<Object> asked = new ArrayList<>();

  @Test
  void aQueueByItsNameAloneIsWhatSpringMakesOfTheName() throws Exception {
    Channel channel =
        (Channel)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Channel.class},
                (proxy, method, arguments) -> {
                  asked.add(method.getName());
                  asked.addAll(Arrays.asList(arguments));
                  return null;
                });
    SpringSession session =
        new SpringSession(new CachingConnectionFactory(), null, channel, line -> {});
    String line = "{\"op\":\"declare_queue\",\"id\":1,\"name\":\"q\",\"defaults\":true}";
    session.declareQueue((Request.DeclareQueue) Request.of(Contracts.json(line)));
    assertEquals(List.of("queueDeclare", "q", true, false, false, Map.of()), asked);
  }
}
