package interop.peer;

/** The broker's word on a publication: acked or not, and with what it came back, if it did. */
public record Outcome(boolean acked, Returned returned) {
  /** What basic.return said. */
  public record Returned(int code, String text) {}
}
