package interop.peer;

import java.util.ArrayList;
import java.util.List;

/** A library's account of itself. */
public record Identity(String library, String version, List<String> unsupported) {
  /**
   * What no library here can express. Names are Java's Strings, frames are the client's own affair,
   * and its BasicProperties copies headers into a HashMap both ways, which has no order.
   */
  public Identity {
    List<String> all = new ArrayList<>(Values.UNSUPPORTED);
    all.addAll(
        List.of(
            "framing",
            "key-order",
            "shortstr:non-utf8",
            "exchange:non-utf8",
            "queue:non-utf8",
            "routing_key:non-utf8"));
    all.addAll(unsupported);
    unsupported = List.copyOf(all);
  }

  List<String> roles() {
    return List.of("producer", "consumer");
  }
}
