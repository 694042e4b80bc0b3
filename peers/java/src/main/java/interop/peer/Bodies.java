package interop.peer;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Bodies as they cross the pipe: small ones as themselves, large ones as pattern or digest. */
public final class Bodies {
  /** Bytes of the largest body that is reported as itself. */
  private static final int INLINE_LIMIT = 4096;

  private Bodies() {}

  /** The bytes to publish. */
  public static byte[] of(JsonNode body) {
    String type = body.get("type").stringValue();
    return switch (type) {
      case "inline" -> Octets.of(body.get("value"));
      case "pattern" -> repeated(body);
      default -> throw new IllegalArgumentException("a body given as " + type + " can't be made");
    };
  }

  private static byte[] repeated(JsonNode body) {
    byte[] pattern = Octets.of(body.get("pattern"));
    byte[] made = new byte[body.get("length").intValue()];
    if (pattern.length == 0 && made.length > 0) {
      throw new IllegalArgumentException("an empty pattern can't fill a body");
    }
    for (int at = 0; at < made.length; at += pattern.length) {
      System.arraycopy(pattern, 0, made, at, Math.min(pattern.length, made.length - at));
    }
    String sum = sha256(made);
    if (!sum.equals(body.get("sha256").stringValue())) {
      throw new IllegalArgumentException("the pattern makes a body of another SHA-256: " + sum);
    }
    return made;
  }

  /** The report of a body, which in Java is always bytes. */
  static ObjectNode report(byte[] body) {
    ObjectNode made;
    if (body.length <= INLINE_LIMIT) {
      made = Json.typed("inline");
      made.set("value", Octets.text(body));
    } else {
      made = Json.typed("digest").put("length", body.length).put("sha256", sha256(body));
    }
    return made.put("native", "bytes");
  }

  private static String sha256(byte[] octets) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(octets));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing); // every JDK must have it
    }
  }
}
