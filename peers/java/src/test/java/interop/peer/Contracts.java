package interop.peer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import tools.jackson.databind.JsonNode;

/** The files of contract/, as tests need them. */
public final class Contracts {
  public static final Path SCHEMA = Path.of("..", "..", "contract", "schema");
  private static final Path VECTORS = Path.of("..", "..", "contract", "vectors");

  private Contracts() {}

  /** The vectors of a file. */
  public static Stream<JsonNode> vectors(String name) {
    return StreamSupport.stream(read(VECTORS.resolve(name)).spliterator(), false);
  }

  public static JsonNode json(String text) {
    return Json.read(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  /** The octets of hex digits with blanks among them. */
  public static byte[] octets(JsonNode hex) {
    return HexFormat.of().parseHex(hex.stringValue().replace(" ", ""));
  }

  static JsonNode read(Path path) {
    try {
      return Json.read(Files.readAllBytes(path));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
