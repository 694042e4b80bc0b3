package interop.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.rabbitmq.client.impl.LongStringHelper;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ReportsTest {
  private static final byte[] NO_TEXT = {(byte) 0xff};
  private static final UUID NO_KIND = new UUID(0, 1);

  static Stream<Arguments> objects() {
    List<Object> withNull = new ArrayList<>(Collections.singletonList(null));
    return Stream.of(
        Arguments.of("a", "{'type':'native-str','value':'a'}"),
        Arguments.of(
            LongStringHelper.asLongString(NO_TEXT), "{'type':'longstr','value':{'base64':'/w=='}}"),
        Arguments.of(NO_TEXT, "{'type':'native-bytes','value':{'base64':'/w=='}}"),
        Arguments.of((byte) -1, "{'type':'native-int','value':'-1'}"),
        Arguments.of((short) -1, "{'type':'native-int','value':'-1'}"),
        Arguments.of(Long.MIN_VALUE, "{'type':'native-int','value':'-9223372036854775808'}"),
        Arguments.of(true, "{'type':'native-bool','value':'true'}"),
        Arguments.of(-0.0, "{'type':'native-float','value':'8000000000000000'}"),
        Arguments.of(1.5f, "{'type':'native-float','value':'3ff8000000000000'}"),
        Arguments.of(
            new BigDecimal("-3.10"),
            "{'type':'native-decimal','value':{'scale':'2','unscaled':'-310'}}"),
        Arguments.of(
            new BigDecimal("2E+2"),
            "{'type':'native-decimal','value':{'scale':'0','unscaled':'200'}}"),
        Arguments.of(new Date(1999), "{'type':'native-time','value':'1'}"),
        Arguments.of(new Date(-1), "{'type':'native-time','value':'-1'}"),
        Arguments.of(
            Map.of("k", 1),
            "{'type':'native-map','value':[['k',{'type':'native-int','value':'1'}]]}"),
        Arguments.of(withNull, "{'type':'native-list','value':[{'type':'native-none'}]}"),
        Arguments.of(
            NO_KIND, "{'type':'native-other','name':'java.util.UUID','text':'" + NO_KIND + "'}"));
  }

  @ParameterizedTest
  @MethodSource("objects")
  void anObjectIsReportedByItsKind(Object handed, String report) {
    assertEquals(Contracts.json(report.replace('\'', '"')), Reports.of(handed));
  }
}
