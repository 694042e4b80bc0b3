package interop.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class InputTest {
  @Test
  void aLineMayComeInPiecesAndSeveralAtOnce() throws IOException {
    Input input = input("a", "b\ncd\n", "\n", "e", "\n");
    assertEquals(List.of("ab", "cd", "", "e"), List.of(n(input), n(input), n(input), n(input)));
    assertNull(input.next());
  }

  @Test
  void aLineMayBeLongerThanTheBuffer() throws IOException {
    String line = "x".repeat(200_000);
    assertEquals(line, n(input(line + "\n")));
  }

  @Test
  void anEndWithinALineIsAFault() {
    assertThrows(EOFException.class, () -> input("ab").next());
  }

  private static String n(Input input) throws IOException {
    return new String(input.next(), StandardCharsets.UTF_8);
  }

  private static Input input(String... pieces) {
    List<InputStream> streams =
        Stream.of(pieces)
            .map(piece -> piece.getBytes(StandardCharsets.UTF_8))
            .map(octets -> (InputStream) new ByteArrayInputStream(octets))
            .toList();
    return new Input(new SequenceInputStream(Collections.enumeration(streams)));
  }
}
