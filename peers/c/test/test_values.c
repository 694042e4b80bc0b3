#include "test.h"

#include "values.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1 << 20 };

// The hex digits of a vector, without the blanks that are for reading.
static void plain_hex(const json_t *vector, char *digits) {
    for (const char *from = json_string_value(json_object_get(vector, "hex")); *from != 0; from++)
        if (*from != ' ')
            *digits++ = *from;
    *digits = 0;
}

static void hex_of(const unsigned char *octets, size_t count, char *digits) {
    digits[0] = 0;
    for (size_t i = 0; i < count; i++)
        sprintf(digits + 2 * i, "%02x", octets[i]);
}

static size_t octets_of(const char *digits, unsigned char *octets) {
    size_t count = strlen(digits) / 2;
    for (size_t i = 0; i < count; i++) {
        unsigned value;
        sscanf(digits + 2 * i, "%2x", &value);
        octets[i] = (unsigned char)value;
    }
    return count;
}

static bool holds(const char *const *names, const char *name) {
    for (; *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

// What the library writes of the table in `pairs` is the octets in the vector, or it is declared as
// unsupported.
static void is_written(const json_t *pairs, const char *name, const char *want) {
    static unsigned char buffer[ROOM];
    static char digits[2 * ROOM + 1];
    struct failure failure;
    amqp_table_t table;
    size_t end = 0;
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    if (!table_read(pairs, &pool, &table, &failure)) {
        EXPECT(failure.kind == UNSUPPORTED && holds(VALUE_LIMITS, failure.what), "%s: %s", name,
               failure.message);
    } else {
        int status = amqp_encode_table((amqp_bytes_t){sizeof buffer, buffer}, &table, &end);
        EXPECT(status == AMQP_STATUS_OK, "%s: %s", name, amqp_error_string2(status));
        hex_of(buffer, end, digits);
        EXPECT(strcmp(digits, want) == 0, "%s: got %s, want %s", name, digits, want);
    }
    empty_amqp_pool(&pool);
}

// What the library reads of octets: the table as JSON, NULL if it cannot.
static json_t *read_table(const char *digits) {
    static unsigned char buffer[ROOM];
    size_t count = octets_of(digits, buffer), end = 0;
    amqp_table_t table;
    amqp_pool_t pool;
    init_amqp_pool(&pool, 4096);
    int status = amqp_decode_table((amqp_bytes_t){count, buffer}, &pool, &table, &end);
    json_t *made = status == AMQP_STATUS_OK ? table_write(&table) : NULL;
    empty_amqp_pool(&pool);
    return made;
}

static json_t *handed_over(const json_t *value);

static json_t *all_handed_over(const json_t *items, bool pairs) {
    json_t *made = json_array(), *item;
    size_t index;
    json_array_foreach(items, index, item) {
        json_t *inner = handed_over(pairs ? json_array_get(item, 1) : item);
        json_array_append_new(made, pairs ? json_pack("[O,o]", json_array_get(item, 0), inner) : inner);
    }
    return made;
}

// What the library hands over of a value: itself, but for what its types cannot hold.
static json_t *handed_over(const json_t *value) {
    const char *type = json_string_value(json_object_get(value, "type"));
    const json_t *content = json_object_get(value, "value");
    if (strcmp(type, "longlong") == 0) { // L is unsigned to the library
        unsigned long long bits = (unsigned long long)strtoll(json_string_value(content), NULL, 10);
        return json_pack("{s:s,s:o}", "type", "native-int", "value", json_sprintf("%llu", bits));
    }
    const char *unscaled = json_string_value(json_object_get(content, "unscaled"));
    if (strcmp(type, "decimal") == 0 && unscaled[0] == '-') { // so are a decimal's digits
        json_t *parts = json_pack("{s:O,s:o}", "scale", json_object_get(content, "scale"), "unscaled",
                                  json_sprintf("%u", (unsigned)atol(unscaled)));
        return json_pack("{s:s,s:o}", "type", "native-decimal", "value", parts);
    }
    if (strcmp(type, "array") == 0 || strcmp(type, "table") == 0)
        return json_pack("{s:s,s:o}", "type", type, "value", all_handed_over(content, type[0] == 't'));
    return json_deep_copy(value);
}

// That octets are read as the table in `pairs`, or not at all if there is what nobody can parse in it.
static void is_read(const json_t *pairs, const char *name, const char *digits) {
    json_t *got = read_table(digits), *want = all_handed_over(pairs, true);
    char *text = json_dumps(pairs, JSON_COMPACT);
    if (strstr(text, "\"unparsed\"") != NULL)
        EXPECT(got == NULL, "%s was read", name);
    else
        EXPECT(json_equal(json_object_get(got, "value"), want), "%s is read as another", name);
    free(text);
    json_decref(got);
    json_decref(want);
}

static void every_table_of_the_vectors_is_written_and_read(void) {
    json_t *vectors = contract_file("vectors/tables.json"), *vector;
    static char digits[2 * ROOM + 1];
    size_t index;
    EXPECT(json_array_size(vectors) > 0, "no vectors");
    json_array_foreach(vectors, index, vector) {
        const char *name = json_string_value(json_object_get(vector, "name"));
        const json_t *pairs = json_object_get(vector, "table");
        plain_hex(vector, digits);
        is_written(pairs, name, digits);
        is_read(pairs, name, digits);
    }
    json_decref(vectors);
}

static void every_value_of_the_vectors_is_written_and_read(void) {
    json_t *vectors = contract_file("vectors/fields.json"), *vector;
    size_t index;
    EXPECT(json_array_size(vectors) > 0, "no vectors");
    json_array_foreach(vectors, index, vector) {
        static char value_digits[ROOM], digits[ROOM + 64];
        const char *name = json_string_value(json_object_get(vector, "name"));
        json_t *value = json_object_get(vector, "value");
        plain_hex(vector, value_digits);
        snprintf(digits, sizeof digits, "%08zx016b%s", strlen(value_digits) / 2 + 2, value_digits);
        json_t *pairs = json_pack("[[s,O]]", "k", value);
        is_written(pairs, name, digits);
        is_read(pairs, name, digits);
        json_decref(pairs);
    }
    json_decref(vectors);
}

static void octets_that_cannot_be_read_are_refused(void) {
    // What the library takes all the same: it holds a nested length against the octets that there are, not
    // against the table around it.
    static const char *const taken[] = {"table-length-too-short", "nested-table-past-its-parent", NULL};
    json_t *vectors = contract_file("vectors/invalid.json"), *vector;
    size_t index, refused = 0;
    json_array_foreach(vectors, index, vector) {
        static char digits[2 * ROOM + 1];
        const char *name = json_string_value(json_object_get(vector, "name"));
        if (strcmp(json_string_value(json_object_get(vector, "what")), "table") != 0 || holds(taken, name))
            continue;
        plain_hex(vector, digits);
        json_t *got = read_table(digits);
        EXPECT(got == NULL, "%s was read", name);
        refused++;
    }
    EXPECT(refused > 0, "no vectors");
    json_decref(vectors);
}

static void a_value_that_is_none_of_its_type_is_the_requests_fault(void) {
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"{\"type\":\"int16\",\"value\":\"32768\"}", "32768 is out of the range of int16"},
        {"{\"type\":\"int64\",\"value\":\"-9223372036854775809\"}", "out of the range"},
        {"{\"type\":\"uint8\",\"value\":\"-1\"}", "out of the range"},
        {"{\"type\":\"uint32\",\"value\":\"4294967296\"}", "out of the range"},
        {"{\"type\":\"longlong\",\"value\":\"9223372036854775808\"}", "out of the range"},
        {"{\"type\":\"timestamp\",\"value\":\"18446744073709551616\"}", "out of the range"},
        {"{\"type\":\"decimal\",\"value\":{\"scale\":\"256\",\"unscaled\":\"0\"}}", "out of the range"},
        {"{\"type\":\"shortstr\",\"value\":\"x\"}", "no type of a header"},
        {"{\"type\":\"native-int\",\"value\":\"1\"}", "no type of a header"},
        {"{\"type\":\"array\",\"value\":[{\"type\":\"octet\",\"value\":\"1\"}]}", "no type of a header"},
        {"{\"type\":\"longstr\",\"value\":{\"base64\":\"/x==\"}}", "not base64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct failure failure = {0};
        amqp_field_value_t value;
        amqp_pool_t pool;
        init_amqp_pool(&pool, 4096);
        json_t *typed = json_loads(cases[i].json, 0, NULL);
        EXPECT(!value_read(typed, &pool, &value, &failure), "%s was taken", cases[i].json);
        EXPECT(failure.kind == BUG && strstr(failure.message, cases[i].message) != NULL, "%s: got %s",
               cases[i].json, failure.message);
        json_decref(typed);
        empty_amqp_pool(&pool);
    }
}

void test_values(void) {
    every_table_of_the_vectors_is_written_and_read();
    every_value_of_the_vectors_is_written_and_read();
    octets_that_cannot_be_read_are_refused();
    a_value_that_is_none_of_its_type_is_the_requests_fault();
}
