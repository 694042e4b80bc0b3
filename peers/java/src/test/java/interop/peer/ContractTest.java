package interop.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class ContractTest {
  private static Contract contract;
  private static Schema untouched;

  @BeforeAll
  static void load() throws IOException {
    contract = new Contract(Contracts.SCHEMA);
    SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    untouched =
        registry.getSchema(Contracts.read(Contracts.SCHEMA.resolve("peer-request.schema.json")));
  }

  @Test
  void everyUnionOfTheSchemasIsLookedUpByItsTag() {
    for (String name : new String[] {"peer-request", "peer-line"}) {
      JsonNode schema =
          TaggedUnion.tagged(Contracts.read(Contracts.SCHEMA.resolve(name + ".schema.json")));
      assertTrue(schema.has("taggedUnion"), name);
      assertTrue(schema.get("$defs").toString().contains("taggedUnion"), name);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'op':'describe','id':1}",
        "{'op':'describe','id':0}",
        "{'op':'describe'}",
        "{'op':'describe','id':1,'more':1}",
        "{'op':'nothing','id':1}",
        "{'op':7,'id':1}",
        "{'id':1}",
        "[]",
        "7",
        "{'op':'get','id':1,'queue':{'base64':'/w=='}}",
        "{'op':'get','id':1,'queue':{'base64':'?'}}",
        "{'op':'get','id':1,'queue':7}",
        "{'op':'consume','id':1,'queue':'q','prefetch':65536}",
        "{'op':'consume','id':1,'queue':'q','arguments':{'type':'table','value':[]}}",
        "{'op':'consume','id':1,'queue':'q','arguments':{'type':'void'}}",
        "{'op':'consume','id':1,'queue':'q','arguments':"
            + "{'type':'table','value':[['k',{'type':'int8','value':'1'}]]}}",
        "{'op':'consume','id':1,'queue':'q','arguments':"
            + "{'type':'table','value':[['k',{'type':'int8','value':1}]]}}",
        "{'op':'consume','id':1,'queue':'q','arguments':"
            + "{'type':'table','value':[['k',{'type':'int8','value':'01'}]]}}",
        "{'op':'consume','id':1,'queue':'q','arguments':"
            + "{'type':'table','value':[['k',{'type':'int7','value':'1'}]]}}",
        "{'op':'consume','id':1,'queue':'q','arguments':"
            + "{'type':'table','value':[['k',{'type':'array','value':[{'type':'void'}]},1]]}}",
      })
  void aLineIsAcceptedExactlyIfTheUntouchedSchemaAcceptsIt(String text) {
    String line = text.replace('\'', '"');
    boolean accepted = untouched.validate(Contracts.json(line)).isEmpty();
    assertEquals(accepted, accepts(line));
  }

  @Test
  void anErrorSpeaksOfTheAlternativeThatTheTagNamesAlone() {
    ContractException fault =
        assertThrows(
            ContractException.class,
            () -> contract.request(octets("{\"op\":\"connect\",\"id\":3,\"url\":7}")));
    assertEquals(3, fault.id);
    assertTrue(fault.getMessage().contains("/url"), fault.getMessage());
    assertTrue(!fault.getMessage().contains(";"), fault.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "{\"op\":\"describe\",\"id\":1} {}", "nonsense"})
  void whatIsNotOneJsonValueHasNoId(String line) {
    ContractException fault =
        assertThrows(ContractException.class, () -> contract.request(octets(line)));
    assertEquals(0, fault.id);
  }

  private static boolean accepts(String line) {
    try {
      contract.request(octets(line));
      return true;
    } catch (ContractException refused) {
      return false;
    }
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
