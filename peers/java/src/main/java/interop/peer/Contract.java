package interop.peer;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The peer protocol's JSON Schemas: what lines may come in, and what lines may go out. */
final class Contract {
  private static final Dialect DIALECT =
      Dialect.builder(Dialects.getDraft202012()).keyword(new TaggedUnion()).build();

  private final Schema requests;
  private final Schema lines;

  /** Reads the schemas in {@code folder}. */
  Contract(Path folder) throws IOException {
    SchemaRegistry registry = SchemaRegistry.withDialect(DIALECT);
    requests = compiled(registry, folder.resolve("peer-request.schema.json"));
    lines = compiled(registry, folder.resolve("peer-line.schema.json"));
  }

  private static Schema compiled(SchemaRegistry registry, Path path) throws IOException {
    JsonNode document = Json.read(Files.readAllBytes(path));
    return registry.getSchema(TaggedUnion.tagged(document));
  }

  /** The request in a line. */
  Request request(byte[] line) throws ContractException {
    JsonNode document;
    try {
      document = Json.read(line);
    } catch (JacksonException error) {
      throw new ContractException(0, "not one JSON value: " + error.getOriginalMessage());
    }
    check(requests, document);
    return Request.of(document);
  }

  void checkLine(JsonNode line) throws ContractException {
    check(lines, line);
  }

  private static void check(Schema schema, JsonNode document) throws ContractException {
    List<Error> errors = schema.validate(document);
    if (!errors.isEmpty()) {
      long id = document.path("id").isIntegralNumber() ? document.get("id").asLong() : 0;
      throw new ContractException(
          Math.max(id, 0), errors.stream().map(Error::toString).collect(Collectors.joining("; ")));
    }
  }
}
