package interop.peer;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;

/** The protocol's text: a JSON string where the bytes are UTF-8, else {@code {"base64": ...}}. */
public final class Octets {
  private Octets() {}

  /** The bytes of a text. */
  public static byte[] of(JsonNode text) {
    if (text.isString()) {
      return encoded(text.stringValue());
    }
    return Base64.getDecoder().decode(text.get("base64").stringValue());
  }

  /** The text as a String, or the failure that {@code what} declares if it is no UTF-8. */
  public static String string(JsonNode text, String what) throws Failure {
    if (text.isString()) {
      encoded(text.stringValue());
      return text.stringValue();
    }
    String decoded = decoded(of(text));
    if (decoded == null) {
      throw Failure.unsupported(what);
    }
    return decoded;
  }

  /** The canonical text of bytes. */
  public static JsonNode text(byte[] octets) {
    String decoded = decoded(octets);
    if (decoded != null) {
      return StringNode.valueOf(decoded);
    }
    return Json.object().put("base64", Base64.getEncoder().encodeToString(octets));
  }

  /** The String that these bytes are in UTF-8, null if they are not. */
  public static String decoded(byte[] octets) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(octets)).toString();
    } catch (CharacterCodingException notText) {
      return null;
    }
  }

  /** Half a surrogate pair, which JSON can spell and UTF-8 cannot, is no text. */
  private static byte[] encoded(String text) {
    try {
      ByteBuffer octets = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] made = new byte[octets.remaining()];
      octets.get(made);
      return made;
    } catch (CharacterCodingException half) {
      throw new IllegalArgumentException("half a surrogate pair in a string", half);
    }
  }
}
