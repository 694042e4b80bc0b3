package interop.peer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.rabbitmq.client.AMQP.BasicProperties;
import com.rabbitmq.client.ShutdownSignalException;
import interop.peer.Failure;
import interop.peer.Outcome;
import org.junit.jupiter.api.Test;

class ConfirmsTest {
  private final Confirms confirms = new Confirms();

  @Test
  void aReturnBelongsToThePublicationWhoseAckFollowsIt() throws Exception {
    confirms.ready(1);
    returned(312);
    confirms.handleAck(1, false);
    Outcome outcome = confirms.outcome(1);
    assertEquals(312, outcome.returned().code());
  }

  @Test
  void aReturnOfAnEarlierPublicationIsForgotten() throws Exception {
    confirms.ready(1);
    returned(312);
    confirms.handleAck(1, false);
    confirms.ready(2);
    confirms.handleAck(2, false);
    assertEquals(new Outcome(true, null), confirms.outcome(2));
  }

  @Test
  void aNackIsNoAck() throws Exception {
    confirms.handleNack(1, false);
    assertEquals(new Outcome(false, null), confirms.outcome(1));
  }

  @Test
  void oneAckMaySettleManyPublications() throws Exception {
    confirms.handleAck(3, true);
    confirms.ready(3);
    assertNull(confirms.outcome(2).returned());
  }

  @Test
  void whoWaitsHearsThatTheChannelWasClosed() {
    confirms.lost(new ShutdownSignalException(false, false, null, this));
    Failure failure = assertThrows(Failure.class, () -> confirms.outcome(1));
    assertEquals(Failure.Scope.CHANNEL, failure.scope);
  }

  private void returned(int code) {
    confirms.handleReturn(code, "NO_ROUTE", "x", "k", new BasicProperties(), new byte[0]);
  }
}
