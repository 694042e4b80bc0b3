package interop.peer.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import interop.peer.Contracts;
import interop.peer.Failure;
import interop.peer.Request;
import org.junit.jupiter.api.Test;

class DefaultsTest {
  private static final String LINE =
      "{\"op\":\"declare_queue\",\"id\":1,\"name\":\"q\",\"defaults\":true}";

  @Test
  void aQueueByItsNameAloneIsUnsupportedAsDeclared() {
    ClientSession session = new ClientSession(null, null, line -> {});
    Request.DeclareQueue request = (Request.DeclareQueue) Request.of(Contracts.json(LINE));
    String what = assertThrows(Failure.class, () -> session.declareQueue(request)).what;
    assertEquals("declare_queue:defaults", what);
    assertTrue(new JavaClient().identity().unsupported().contains(what));
  }
}
