#include "schema.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Beside each anyOf whose alternatives a one-word enum of "type" or "op" tells apart, loading puts the
// alternatives by that word: thirty of them are not tried one after the other.
static const char *const TAG = "x-tag", *const CASES = "x-cases";
static const char DEFS[] = "#/$defs/";

enum { PATTERNS = 16 };

struct pattern {
    const char *text;
    regex_t compiled;
};

struct schema {
    json_t *root;
    struct pattern patterns[PATTERNS];
    size_t count;
};

// A place in the value that is checked: a key, or an index if that is NULL.
struct place {
    const struct place *within;
    const char *key;
    size_t index;
};

struct check {
    const struct schema *schema;
    char *fault;
    size_t size;
};

// --- loading
// ---------------------------------------------------------------------------------------------------

static const char *const KNOWN[] = {
    "$schema",  "$defs",    "$ref",     "title",   "description", "default",       "discriminator",
    "type",     "enum",     "anyOf",    "pattern", "properties",  "propertyNames", "additionalProperties",
    "required", "minItems", "maxItems", "items",   "prefixItems", "minimum",       "maximum",
};

static bool is_known(const char *word) {
    for (size_t i = 0; i < sizeof KNOWN / sizeof *KNOWN; i++)
        if (strcmp(word, KNOWN[i]) == 0)
            return true;
    return false;
}

static json_t *referred(const struct schema *schema, const json_t *node) {
    const char *reference = json_string_value(json_object_get(node, "$ref"));
    if (reference == NULL || strncmp(reference, DEFS, strlen(DEFS)) != 0)
        return NULL;
    return json_object_get(json_object_get(schema->root, "$defs"), reference + strlen(DEFS));
}

// The one word that `node` allows for `tag`, NULL if it allows others.
static const char *word_of(const json_t *node, const char *tag) {
    json_t *words = json_object_get(json_object_get(json_object_get(node, "properties"), tag), "enum");
    return json_array_size(words) == 1 ? json_string_value(json_array_get(words, 0)) : NULL;
}

static void tag_alternatives(const struct schema *schema, json_t *node, const char *tag) {
    json_t *cases = json_object(), *alternative;
    size_t index;
    json_array_foreach(json_object_get(node, "anyOf"), index, alternative) {
        const char *word = word_of(referred(schema, alternative), tag);
        if (word == NULL || json_object_get(cases, word) != NULL) {
            json_decref(cases);
            return;
        }
        json_object_set(cases, word, alternative);
    }
    json_object_set_new(node, TAG, json_string(tag));
    json_object_set_new(node, CASES, cases);
}

static bool add_pattern(struct schema *schema, const char *text) {
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->patterns[i].text, text) == 0)
            return true;
    if (schema->count == PATTERNS)
        return false;
    struct pattern *made = &schema->patterns[schema->count];
    made->text = text;
    if (regcomp(&made->compiled, text, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    schema->count++;
    return true;
}

static bool prepare(struct schema *schema, json_t *node, char *fault, size_t size);

static bool prepare_all(struct schema *schema, json_t *nodes, char *fault, size_t size) {
    const char *key;
    json_t *node;
    size_t index;
    json_object_foreach(nodes, key, node) if (!prepare(schema, node, fault, size)) return false;
    json_array_foreach(nodes, index, node) if (!prepare(schema, node, fault, size)) return false;
    return true;
}

// Check that all words of a schema are known, and make it fast. What is no object is true, false or no
// schema.
static bool prepare(struct schema *schema, json_t *node, char *fault, size_t size) {
    const char *word;
    json_t *value;
    if (!json_is_object(node))
        return true;
    json_object_foreach(node, word, value) if (!is_known(word)) {
        snprintf(fault, size, "the word \"%s\" of JSON Schema is not known here", word);
        return false;
    }
    if (json_object_get(node, "$ref") != NULL && referred(schema, node) == NULL) {
        snprintf(fault, size, "a $ref leads nowhere");
        return false;
    }
    const char *pattern = json_string_value(json_object_get(node, "pattern"));
    if (pattern != NULL && !add_pattern(schema, pattern)) {
        snprintf(fault, size, "the pattern %s cannot be used", pattern);
        return false;
    }
    static const char *const maps[] = {"$defs", "properties", "anyOf", "prefixItems"};
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        if (!prepare_all(schema, json_object_get(node, maps[i]), fault, size))
            return false;
    static const char *const single[] = {"items", "additionalProperties", "propertyNames"};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (!prepare(schema, json_object_get(node, single[i]), fault, size))
            return false;
    if (json_object_get(node, "anyOf") != NULL) {
        tag_alternatives(schema, node, "type");
        if (json_object_get(node, TAG) == NULL)
            tag_alternatives(schema, node, "op");
    }
    return true;
}

struct schema *schema_load(const char *path, char *fault, size_t size) {
    json_error_t error;
    struct schema *schema = calloc(1, sizeof *schema);
    schema->root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    char problem[200];
    if (!json_is_object(schema->root))
        snprintf(fault, size, "%s cannot be read: %s", path, error.text);
    else if (!prepare(schema, schema->root, problem, sizeof problem))
        snprintf(fault, size, "%s cannot be used: %s", path, problem);
    else
        return schema;
    schema_free(schema);
    return NULL;
}

void schema_free(struct schema *schema) {
    for (size_t i = 0; i < schema->count; i++)
        regfree(&schema->patterns[i].compiled);
    json_decref(schema->root);
    free(schema);
}

// --- checking
// --------------------------------------------------------------------------------------------------

static size_t write_place(char *text, size_t size, const struct place *place) {
    if (place == NULL)
        return 0;
    size_t used = write_place(text, size, place->within);
    if (used >= size)
        return used;
    int more = place->key != NULL ? snprintf(text + used, size - used, "/%s", place->key)
                                  : snprintf(text + used, size - used, "/%zu", place->index);
    return used + (size_t)more;
}

static bool wrong(const struct check *check, const struct place *place, const char *problem,
                  const char *what) {
    char where[200] = "";
    write_place(where, sizeof where, place);
    snprintf(check->fault, check->size, "at '%s': %s%s", where, problem, what);
    return false;
}

static bool follows(const struct check *check, const json_t *node, const json_t *value,
                    const struct place *place);

static bool is_type(const char *name, const json_t *value) {
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return strcmp(name, "object") == 0;
    case JSON_ARRAY:
        return strcmp(name, "array") == 0;
    case JSON_STRING:
        return strcmp(name, "string") == 0;
    case JSON_INTEGER:
        return strcmp(name, "integer") == 0;
    case JSON_TRUE:
    case JSON_FALSE:
        return strcmp(name, "boolean") == 0;
    case JSON_NULL:
        return strcmp(name, "null") == 0;
    default:
        return false;
    }
}

static bool is_listed(const json_t *words, const json_t *value) {
    size_t index;
    json_t *word;
    json_array_foreach(words, index, word) if (json_equal(word, value)) return true;
    return false;
}

static bool matches(const struct schema *schema, const char *pattern, const json_t *value) {
    const char *text = json_string_value(value);
    if (strlen(text) != json_string_length(value))
        return false; // no pattern of the contract allows NUL
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->patterns[i].text, pattern) == 0)
            return regexec(&schema->patterns[i].compiled, text, 0, NULL, 0) == 0;
    return false;
}

static bool any_follows(const struct check *check, const json_t *node, const json_t *value,
                        const struct place *place) {
    const char *tag = json_string_value(json_object_get(node, TAG));
    if (tag != NULL && json_is_object(value)) {
        const char *word = json_string_value(json_object_get(value, tag));
        json_t *fitting = word == NULL ? NULL : json_object_get(json_object_get(node, CASES), word);
        if (fitting == NULL)
            return wrong(check, place, "not one of the known words stands at ", tag);
        return follows(check, fitting, value, place);
    }
    size_t index;
    json_t *alternative;
    json_array_foreach(json_object_get(node, "anyOf"), index, alternative) {
        if (follows(check, alternative, value, place))
            return true;
    }
    return wrong(check, place, "of no kind that is allowed there", "");
}

static bool within_bounds(const struct check *check, const json_t *node, const json_t *value,
                          const struct place *place) {
    json_t *low = json_object_get(node, "minimum"), *high = json_object_get(node, "maximum");
    json_int_t number = json_integer_value(value);
    if ((low != NULL && number < json_integer_value(low)) ||
        (high != NULL && number > json_integer_value(high)))
        return wrong(check, place, "out of its bounds", "");
    return true;
}

static bool items_follow(const struct check *check, const json_t *node, const json_t *value,
                         const struct place *place) {
    json_t *least = json_object_get(node, "minItems"), *most = json_object_get(node, "maxItems");
    json_t *first = json_object_get(node, "prefixItems"), *rest = json_object_get(node, "items"), *item;
    size_t count = json_array_size(value), index;
    if ((least != NULL && count < (size_t)json_integer_value(least)) ||
        (most != NULL && count > (size_t)json_integer_value(most)))
        return wrong(check, place, "too few or too many items", "");
    json_array_foreach(value, index, item) {
        struct place inner = {place, NULL, index};
        json_t *rule = index < json_array_size(first) ? json_array_get(first, index) : rest;
        if (rule != NULL && !follows(check, rule, item, &inner))
            return false;
    }
    return true;
}

static bool members_follow(const struct check *check, const json_t *node, const json_t *value,
                           const struct place *place) {
    json_t *known = json_object_get(node, "properties"), *names = json_object_get(node, "propertyNames");
    json_t *others = json_object_get(node, "additionalProperties"), *name, *member;
    size_t index;
    json_array_foreach(json_object_get(node, "required"), index, name) {
        if (json_object_get(value, json_string_value(name)) == NULL)
            return wrong(check, place, "missing: ", json_string_value(name));
    }
    const char *key;
    json_object_foreach((json_t *)value, key, member) {
        struct place inner = {place, key, 0};
        json_t *rule = json_object_get(known, key);
        if (names != NULL) {
            json_t *word = json_string(key);
            bool allowed = follows(check, names, word, &inner);
            json_decref(word);
            if (!allowed)
                return false;
        }
        if (rule == NULL && json_is_false(others))
            return wrong(check, place, "not allowed: ", key);
        rule = rule != NULL ? rule : others;
        if (rule != NULL && !follows(check, rule, member, &inner))
            return false;
    }
    return true;
}

// Whether `value` follows the schema `node`: an object of rules, or true or false, which allow all or
// nothing.
static bool follows(const struct check *check, const json_t *node, const json_t *value,
                    const struct place *place) {
    if (!json_is_object(node))
        return json_is_true(node) || wrong(check, place, "not allowed", "");
    json_t *rule;
    if ((rule = referred(check->schema, node)) != NULL && !follows(check, rule, value, place))
        return false;
    if ((rule = json_object_get(node, "type")) != NULL && !is_type(json_string_value(rule), value))
        return wrong(check, place, "not of the type ", json_string_value(rule));
    if ((rule = json_object_get(node, "enum")) != NULL && !is_listed(rule, value))
        return wrong(check, place, "not one of the words that are allowed there", "");
    if (json_object_get(node, "anyOf") != NULL && !any_follows(check, node, value, place))
        return false;
    switch (json_typeof(value)) {
    case JSON_STRING:
        rule = json_object_get(node, "pattern");
        return rule == NULL || matches(check->schema, json_string_value(rule), value) ||
               wrong(check, place, "does not match ", json_string_value(rule));
    case JSON_INTEGER:
        return within_bounds(check, node, value, place);
    case JSON_ARRAY:
        return items_follow(check, node, value, place);
    case JSON_OBJECT:
        return members_follow(check, node, value, place);
    default:
        return true;
    }
}

bool schema_check(const struct schema *schema, const json_t *value, char *fault, size_t size) {
    struct check check = {schema, fault, size};
    return follows(&check, schema->root, value, NULL);
}
