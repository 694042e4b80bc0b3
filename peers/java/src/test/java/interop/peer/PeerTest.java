package interop.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class PeerTest {
  private static final String CONNECT = "{'op':'connect','id':1,'url':'amqp://h'}";
  private static final String PUBLISH =
      "{'op':'publish','id':2,'exchange':'x','routing_key':'k','confirm':%s,"
          + "'message':{'properties':{},'body':{'type':'inline','value':'b'}}}";
  private static Contract contract;

  private final FakeLibrary library = new FakeLibrary();

  @BeforeAll
  static void load() throws IOException {
    contract = new Contract(Contracts.SCHEMA);
  }

  @Test
  void itDescribesItselfBeforeAnyConnection() throws Exception {
    JsonNode said = answers("{'op':'describe','id':1}").get(0);
    assertEquals("described", type(said));
    assertEquals("fake", said.get("library").stringValue());
    assertTrue(said.get("unsupported").toString().contains("\"zero:priority\""));
    assertTrue(said.get("unsupported").toString().contains("\"key-order\""));
    assertTrue(library.asked.isEmpty());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'op':'declare_exchange','id':2,'name':'x','kind':'fanout'}",
        "{'op':'declare_queue','id':2,'name':'q'}",
        "{'op':'bind','id':2,'queue':'q','exchange':'x','routing_key':'k'}",
        "{'op':'consume','id':2,'queue':'q'}",
        "{'op':'get','id':2,'queue':'q'}",
        "{'op':'ack','id':2,'delivery_tag':1}",
        "{'op':'nack','id':2,'delivery_tag':1}",
        "{'op':'reject','id':2,'delivery_tag':1}",
      },
      quoteCharacter = '~')
  void withoutAConnectionEverythingIsDisconnected(String request) throws Exception {
    JsonNode said = answers(request).get(0);
    assertEquals("error disconnected", type(said) + " " + said.get("kind").stringValue());
    assertEquals(2, said.get("id").intValue());
  }

  @ParameterizedTest
  @CsvSource({"true,,confirmed", "false,,nacked", "true,312,returned", "false,312,returned"})
  void aConfirmedPublishIsAnsweredWithTheBrokersWord(boolean acked, Integer code, String word)
      throws Exception {
    library.outcome =
        new Outcome(acked, code == null ? null : new Outcome.Returned(code, "NO_ROUTE"));
    assertEquals(word, type(answers(CONNECT, PUBLISH.formatted("true")).get(1)));
  }

  @Test
  void repliesComeInTheOrderOfTheRequests() throws Exception {
    List<JsonNode> said =
        answers(CONNECT, PUBLISH.formatted("false"), "{'op':'ack','id':3,'delivery_tag':9}");
    assertEquals("[1, 2, 3]", said.stream().map(line -> line.get("id").intValue()).toList() + "");
  }

  @Test
  void deliveriesFollowTheAnswerToConsumeAndNoneTheAnswerToCancel() throws Exception {
    List<JsonNode> said =
        answers(
            CONNECT, "{'op':'consume','id':2,'queue':'q'}", "{'op':'cancel','id':3,'queue':'q'}");
    assertEquals(
        List.of("ok", "ok", "delivery", "delivery", "ok"),
        said.stream().map(PeerTest::type).toList());
  }

  @Test
  void aMessageThatWasGotFollowsItsOk() throws Exception {
    library.waiting = FakeLibrary.delivery(7);
    List<JsonNode> said = answers(CONNECT, "{'op':'get','id':2,'queue':'q'}");
    assertEquals(List.of("ok", "ok", "delivery"), said.stream().map(PeerTest::type).toList());
    assertEquals(7, said.get(2).get("delivery_tag").intValue());
    assertEquals("3", said.get(2).get("properties").get("priority").get("value").stringValue());
  }

  @Test
  void anEmptyQueueIsSaidToBeEmpty() throws Exception {
    assertEquals("empty", type(answers(CONNECT, "{'op':'get','id':2,'queue':'q'}").get(1)));
  }

  @Test
  void aFailureIsAnErrorOfItsKind() throws Exception {
    library.failure = Failure.disconnected("gone", 404, Failure.Scope.CHANNEL);
    JsonNode said = answers(CONNECT).get(0);
    assertEquals("disconnected", said.get("kind").stringValue());
    assertEquals(404, said.get("code").intValue());
    assertEquals("channel", said.get("scope").stringValue());
  }

  @Test
  void anUnsupportedRequestNamesWhatIsDeclared() throws Exception {
    library.failure = Failure.unsupported("framing");
    assertEquals("framing", answers(CONNECT).get(0).get("what").stringValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"get", "consume"})
  void anExceptionOfOurOwnIsABugAndTheNextRequestIsAnswered(String op) throws Exception {
    String request = "{'op':'%s','id':2,'queue':{'base64':'/'}}".formatted(op);
    List<JsonNode> said = answers(CONNECT, request, "{'op':'describe','id':9}");
    assertEquals("bug", said.get(1).get("kind").stringValue());
    assertEquals("described", type(said.get(2)));
  }

  @Test
  void aRequestAgainstTheContractIsABugIfItHasAnId() throws Exception {
    JsonNode said = answers("{'op':'connect','id':4}").get(0);
    assertEquals(
        "error bug 4", type(said) + " " + said.get("kind").stringValue() + " " + said.get("id"));
  }

  @Test
  void aLineThatHasNoIdEndsThePeer() {
    assertThrows(ContractException.class, () -> answers("nonsense"));
  }

  @Test
  void closeClosesTheConnectionAndIsTheLastThatIsAnswered() throws Exception {
    List<JsonNode> said = answers(CONNECT, "{'op':'close','id':2}", "{'op':'describe','id':3}");
    assertEquals(2, said.size());
    assertTrue(library.closed);
  }

  @Test
  void aNewConnectionClosesTheOldOne() throws Exception {
    answers(CONNECT);
    assertFalse(library.closed);
    answers(CONNECT, "{'op':'connect','id':2,'url':'amqp://h'}", "{'op':'close','id':3}");
    assertTrue(library.closed);
  }

  @Test
  void aLineAgainstTheContractIsNotWritten() {
    Output output = new Output(contract, new ByteArrayOutputStream());
    assertThrows(AssertionError.class, () -> output.write(Lines.reply("maybe", 1)));
    assertThrows(AssertionError.class, () -> output.write(Lines.reply("ok", 0)));
  }

  private List<JsonNode> answers(String... requests) throws Exception {
    String lines = String.join("\n", requests).replace('\'', '"') + "\n";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    new Peer(library, contract, out)
        .serve(new ByteArrayInputStream(lines.getBytes(StandardCharsets.UTF_8)));
    return out.toString(StandardCharsets.UTF_8).lines().map(Contracts::json).toList();
  }

  private static String type(JsonNode line) {
    return line.get("type").stringValue();
  }
}
