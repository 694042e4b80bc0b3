package interop.peer;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Lines of a pipe, as many at a time as it has. */
final class Input {
  private final InputStream pipe;
  private final byte[] buffer = new byte[1 << 16];
  private int from;
  private int to;

  Input(InputStream pipe) {
    this.pipe = pipe;
  }

  /** The next line without its end, null after the last. */
  byte[] next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(1024);
    while (true) {
      for (int at = from; at < to; at++) {
        if (buffer[at] == '\n') {
          line.write(buffer, from, at - from);
          from = at + 1;
          return line.toByteArray();
        }
      }
      line.write(buffer, from, to - from);
      from = 0;
      to = pipe.read(buffer);
      if (to < 0) {
        to = 0;
        if (line.size() > 0) {
          throw new EOFException("the input ended within a line");
        }
        return null;
      }
    }
  }
}
