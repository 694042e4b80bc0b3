package interop.peer;

import com.rabbitmq.client.LongString;
import java.math.BigDecimal;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a library handed to the application, by the kind of the Java object that it is.
 *
 * <p>Only one class names a wire type: the library's {@link LongString}, which keeps the bytes of a
 * long string. All else is native, because the library makes one class of several wire types.
 */
public final class Reports {
  private static final HexFormat HEX = HexFormat.of();

  private Reports() {}

  /** The report of one object, null included. */
  public static ObjectNode of(Object value) {
    if (value == null) {
      return Json.typed("native-none");
    } else if (value instanceof CharSequence text) {
      return said("native-str", text.toString());
    } else if (value instanceof LongString text) {
      return set(Json.typed("longstr"), Octets.text(text.getBytes()));
    } else if (isInteger(value)) {
      return said("native-int", value.toString());
    } else if (value instanceof Boolean truth) {
      return said("native-bool", truth.toString());
    } else if (value instanceof Float || value instanceof Double) {
      long bits = Double.doubleToRawLongBits(((Number) value).doubleValue());
      return said("native-float", HEX.toHexDigits(bits));
    } else if (value instanceof BigDecimal number) {
      return set(Json.typed("native-decimal"), decimal(number));
    } else if (value instanceof Date time) {
      return said("native-time", Long.toString(Math.floorDiv(time.getTime(), 1000L)));
    } else if (value instanceof byte[] octets) {
      return set(Json.typed("native-bytes"), Octets.text(octets));
    }
    return container(value);
  }

  private static boolean isInteger(Object value) {
    return value instanceof Integer
        || value instanceof Long
        || value instanceof Short
        || value instanceof Byte;
  }

  private static ObjectNode container(Object value) {
    if (value instanceof Map<?, ?> map) {
      ArrayNode pairs = Json.array();
      map.forEach((key, item) -> pairs.add(Json.array().add(key.toString()).add(of(item))));
      return set(Json.typed("native-map"), pairs);
    } else if (value instanceof List<?> list) {
      ArrayNode items = Json.array();
      list.forEach(item -> items.add(of(item)));
      return set(Json.typed("native-list"), items);
    }
    String name = value.getClass().getName();
    return Json.typed("native-other").put("name", name).put("text", value.toString());
  }

  /** A BigDecimal whose scale is negative has zeros behind its digits, and no places. */
  private static ObjectNode decimal(BigDecimal number) {
    BigDecimal whole = number.scale() < 0 ? number.setScale(0) : number;
    return Json.object()
        .put("scale", Integer.toString(whole.scale()))
        .put("unscaled", whole.unscaledValue().toString());
  }

  private static ObjectNode said(String type, String value) {
    return Json.typed(type).put("value", value);
  }

  private static ObjectNode set(ObjectNode report, JsonNode value) {
    report.set("value", value);
    return report;
  }
}
