package interop.peer;

import com.networknt.schema.ExecutionContext;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaContext;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.keyword.BaseKeywordValidator;
import com.networknt.schema.keyword.Keyword;
import com.networknt.schema.keyword.KeywordValidator;
import com.networknt.schema.path.NodePath;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A keyword that looks up the one alternative that a tag allows.
 *
 * <p>The schemas name every message and every typed value by a tag, and list them in anyOf. Trying
 * thirty alternatives for each header takes longer than all else that a peer does with a line. An
 * anyOf whose alternatives exclude each other by a required enum of one word is turned into this
 * keyword, which accepts the same documents, and whose errors speak of the one alternative alone.
 */
final class TaggedUnion implements Keyword {
  private static final String NAME = "taggedUnion";
  private static final List<String> TAGS = List.of("type", "op");
  private static final String DEFINITIONS = "#/$defs/";

  /** The schema with each such anyOf replaced. */
  static JsonNode tagged(JsonNode schema) {
    replace(schema, schema.path("$defs"));
    return schema;
  }

  private static void replace(JsonNode node, JsonNode definitions) {
    node.forEach(inner -> replace(inner, definitions));
    if (node instanceof ObjectNode object && object.has("anyOf")) {
      for (String tag : TAGS) {
        ObjectNode cases = cases(object.get("anyOf"), tag, definitions);
        if (cases != null) {
          object.remove("anyOf");
          object.putObject(NAME).put("tag", tag).set("cases", cases);
          return;
        }
      }
    }
  }

  /** The alternatives by their tags; null if a single one has none of its own. */
  private static ObjectNode cases(JsonNode alternatives, String tag, JsonNode definitions) {
    ObjectNode cases = Json.object();
    for (JsonNode alternative : alternatives) {
      String reference = alternative.path("$ref").asString("");
      if (!reference.startsWith(DEFINITIONS) || alternative.size() != 1) {
        return null;
      }
      JsonNode definition = definitions.path(reference.substring(DEFINITIONS.length()));
      String word = word(definition, tag);
      if (word == null || cases.has(word)) {
        return null;
      }
      cases.set(word, alternative);
    }
    return cases;
  }

  private static String word(JsonNode definition, String tag) {
    JsonNode words = definition.path("properties").path(tag).path("enum");
    boolean required = false;
    for (JsonNode name : definition.path("required")) {
      required |= name.asString().equals(tag);
    }
    boolean object = definition.path("type").asString("").equals("object");
    return required && object && words.size() == 1 ? words.get(0).stringValue() : null;
  }

  @Override
  public String getValue() {
    return NAME;
  }

  @Override
  public KeywordValidator newValidator(
      SchemaLocation location, JsonNode node, Schema parent, SchemaContext context) {
    return new Validator(this, location, node, parent, context);
  }

  private static final class Validator extends BaseKeywordValidator {
    private final String tag;
    private final Map<String, Schema> cases = new HashMap<>();

    Validator(
        Keyword keyword,
        SchemaLocation location,
        JsonNode node,
        Schema parent,
        SchemaContext context) {
      super(keyword, node, location, parent, context);
      tag = node.get("tag").stringValue();
      SchemaLocation place = location.append("cases");
      node.get("cases")
          .properties()
          .forEach(
              one ->
                  cases.put(
                      one.getKey(),
                      context.newSchema(place.append(one.getKey()), one.getValue(), parent)));
    }

    @Override
    public void validate(ExecutionContext run, JsonNode node, JsonNode root, NodePath place) {
      JsonNode word = node.path(tag);
      Schema schema = word.isString() ? cases.get(word.stringValue()) : null;
      if (schema == null) {
        run.addError(
            error()
                .message("must be an object whose ''{0}'' is one of {1}")
                .arguments(tag, cases.keySet())
                .instanceLocation(place)
                .instanceNode(node)
                .evaluationPath(run.getEvaluationPath())
                .build());
        return;
      }
      run.evaluationPathAddLast(word.stringValue());
      try {
        schema.validate(run, node, root, place);
      } finally {
        run.evaluationPathRemoveLast();
      }
    }
  }
}
