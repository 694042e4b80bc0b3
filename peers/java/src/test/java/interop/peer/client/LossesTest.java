package interop.peer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.AlreadyClosedException;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.ShutdownSignalException;
import interop.peer.Failure;
import interop.peer.Failure.Kind;
import interop.peer.Failure.Scope;
import java.io.IOException;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;

class LossesTest {
  private static final boolean CONNECTION = true;
  private static final boolean BY_US = true;

  @Test
  void aChannelThatTheBrokerClosedIsDisconnectedWithItsCode() {
    Failure failure = raised(new IOException(channelClosed(!BY_US)));
    assertEquals(Kind.DISCONNECTED, failure.kind);
    assertEquals(Scope.CHANNEL, failure.scope);
    assertEquals(404, failure.code);
  }

  @Test
  void aChannelThatIsClosedAlreadyIsDisconnected() {
    Failure failure = raised(new AlreadyClosedException(channelClosed(!BY_US)));
    assertEquals(
        "DISCONNECTED CHANNEL 404", failure.kind + " " + failure.scope + " " + failure.code);
  }

  @Test
  void aConnectionThatTheBrokerClosedIsDisconnectedWithItsCode() {
    AMQP.Connection.Close close =
        new AMQP.Connection.Close.Builder().replyCode(541).replyText("INTERNAL_ERROR").build();
    Failure failure = raised(new ShutdownSignalException(CONNECTION, !BY_US, close, this));
    assertEquals(Scope.CONNECTION, failure.scope);
    assertEquals(541, failure.code);
  }

  @Test
  void aCloseOfOurOwnHasNoCode() {
    assertNull(Losses.loss(channelClosed(BY_US)).code);
  }

  @Test
  void aBrokerThatIsNotThereIsDisconnected() {
    Failure failure = raised(new ConnectException("Connection refused"));
    assertEquals(
        "DISCONNECTED CONNECTION null", failure.kind + " " + failure.scope + " " + failure.code);
  }

  @Test
  void aWrongPasswordIsDisconnected() {
    assertEquals(Kind.DISCONNECTED, raised(new PossibleAuthenticationFailureException("no")).kind);
  }

  @Test
  void whatTheLibraryWillNotTakeIsRefused() {
    Failure failure = raised(new IllegalArgumentException("Short string too long"));
    assertEquals(Kind.REFUSED, failure.kind);
    assertEquals("IllegalArgumentException: Short string too long", failure.getMessage());
  }

  private ShutdownSignalException channelClosed(boolean byUs) {
    AMQP.Channel.Close close =
        new AMQP.Channel.Close.Builder().replyCode(404).replyText("NOT_FOUND").build();
    return new ShutdownSignalException(!CONNECTION, byUs, close, this);
  }

  private static Failure raised(Exception error) {
    return assertThrows(
        Failure.class,
        () ->
            Losses.act(
                () -> {
                  throw error;
                }));
  }
}
