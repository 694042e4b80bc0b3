package interop.peer;

import com.rabbitmq.client.impl.LongStringHelper;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Typed values as the Java objects that mean the same to an application.
 *
 * <p>Where the library picks the wire type by the class of the object, that class is taken. It has
 * none for unsigned integers and for the tag L, nor has Java: those go as what the JDK itself hands
 * out for them, {@code int} for 8 and 16 bits as in {@code DataInputStream.readUnsignedByte}, and
 * {@code long} for more. How the library writes what it is given is for the wire to tell.
 */
public final class Values {
  /** The wire types that can be chosen: one class of object each. */
  static final List<String> TYPES =
      List.of(
          "boolean",
          "int8",
          "int16",
          "int32",
          "int64",
          "float",
          "double",
          "decimal",
          "longstr",
          "binary",
          "array",
          "timestamp",
          "table",
          "void");

  /** What {@link #table} and {@link #field} cannot make. */
  static final List<String> UNSUPPORTED =
      List.of("type:unparsed", "range:timestamp", "duplicate-keys", "key:non-utf8");

  private static final long LAST_SECOND = Long.MAX_VALUE / 1000;

  private Values() {}

  /** The arguments of a method; a table that is not there is empty. */
  public static Map<String, Object> arguments(JsonNode table) throws Failure {
    return table == null ? Map.of() : table(table.get("value"));
  }

  /** The Map of a table's pairs, in their order. */
  public static Map<String, Object> table(JsonNode pairs) throws Failure {
    Map<String, Object> made = new LinkedHashMap<>();
    for (JsonNode pair : pairs) {
      String key = Octets.string(pair.get(0), "key:non-utf8");
      if (made.containsKey(key)) {
        throw Failure.unsupported("duplicate-keys");
      }
      made.put(key, field(pair.get(1)));
    }
    return made;
  }

  /** The object of one header. */
  public static Object field(JsonNode typed) throws Failure {
    JsonNode value = typed.get("value");
    String type = typed.get("type").stringValue();
    return switch (type) {
      case "boolean" -> value.stringValue().equals("true");
      case "int8" -> number(value).byteValueExact();
      case "int16" -> number(value).shortValueExact();
      case "int32", "uint8", "uint16" -> number(value).intValueExact();
      case "int64", "uint32", "longlong" -> number(value).longValueExact();
      case "float" -> Float.intBitsToFloat(Integer.parseUnsignedInt(value.stringValue(), 16));
      case "double" -> Double.longBitsToDouble(Long.parseUnsignedLong(value.stringValue(), 16));
      case "decimal" ->
          new BigDecimal(number(value.get("unscaled")), number(value.get("scale")).intValueExact());
      case "longstr" -> longString(Octets.of(value));
      case "binary" -> Octets.of(value);
      case "array" -> list(value);
      case "timestamp" -> date(value);
      case "table" -> table(value);
      case "void" -> null;
      case "unparsed" -> throw Failure.unsupported("type:unparsed");
      default -> throw new IllegalArgumentException(type + " is no type of a header");
    };
  }

  /** The time so many seconds after the epoch. A Date counts milliseconds in a long. */
  public static Date date(JsonNode seconds) throws Failure {
    BigInteger wanted = number(seconds);
    if (wanted.compareTo(BigInteger.valueOf(LAST_SECOND)) > 0) {
      throw Failure.unsupported("range:timestamp");
    }
    return new Date(wanted.longValueExact() * 1000);
  }

  private static List<Object> list(JsonNode items) throws Failure {
    List<Object> made = new ArrayList<>(items.size());
    for (JsonNode item : items) {
      made.add(field(item));
    }
    return made;
  }

  /** A String is what users write; the library's LongString takes bytes that are no text. */
  private static Object longString(byte[] octets) {
    String text = Octets.decoded(octets);
    return text != null ? text : LongStringHelper.asLongString(octets);
  }

  private static BigInteger number(JsonNode text) {
    return new BigInteger(text.stringValue());
  }
}
