#include "values.h"

#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const VALUE_TYPES[] = {
    "boolean", "int8",    "uint8",   "int16",  "uint16", "int32",     "uint32", "int64", "longlong", "float",
    "double",  "decimal", "longstr", "binary", "array",  "timestamp", "table",  "void",  NULL,
};
const char *const VALUE_LIMITS[] = {"type:unparsed", "range:longlong", "range:decimal", NULL};

// --- in
// --------------------------------------------------------------------------------------------------------

bool signed_read(const char *text, const char *type, int64_t low, int64_t high, int64_t *number,
                 struct failure *failure) {
    errno = 0;
    *number = strtoll(text, NULL, 10);
    if (errno != 0 || *number < low || *number > high)
        return fail(failure, BUG, "%s is out of the range of %s", text, type);
    return true;
}

bool unsigned_read(const char *text, const char *type, uint64_t high, uint64_t *number,
                   struct failure *failure) {
    errno = 0;
    *number = strtoull(text, NULL, 10); // takes a minus, and negates
    if (errno != 0 || text[0] == '-' || *number > high)
        return fail(failure, BUG, "%s is out of the range of %s", text, type);
    return true;
}

// A type whose value is a text, and how its field is made of it.
struct plain {
    const char *type;
    uint8_t kind;
    int64_t low;
    uint64_t high;
};

// A low bound of 0 is that of an unsigned type.
static const struct plain INTEGERS[] = {
    {"int8", AMQP_FIELD_KIND_I8, INT8_MIN, INT8_MAX},
    {"uint8", AMQP_FIELD_KIND_U8, 0, UINT8_MAX},
    {"int16", AMQP_FIELD_KIND_I16, INT16_MIN, INT16_MAX},
    {"uint16", AMQP_FIELD_KIND_U16, 0, UINT16_MAX},
    {"int32", AMQP_FIELD_KIND_I32, INT32_MIN, INT32_MAX},
    {"uint32", AMQP_FIELD_KIND_U32, 0, UINT32_MAX},
    {"int64", AMQP_FIELD_KIND_I64, INT64_MIN, INT64_MAX},
    {"longlong", AMQP_FIELD_KIND_U64, INT64_MIN, INT64_MAX},
    {"timestamp", AMQP_FIELD_KIND_TIMESTAMP, 0, UINT64_MAX},
};

static void set_integer(amqp_field_value_t *value, int64_t number) {
    switch (value->kind) {
    case AMQP_FIELD_KIND_I8:
        value->value.i8 = (int8_t)number;
        break;
    case AMQP_FIELD_KIND_I16:
        value->value.i16 = (int16_t)number;
        break;
    case AMQP_FIELD_KIND_I32:
        value->value.i32 = (int32_t)number;
        break;
    default:
        value->value.i64 = number;
    }
}

static void set_unsigned(amqp_field_value_t *value, uint64_t number) {
    switch (value->kind) {
    case AMQP_FIELD_KIND_U8:
        value->value.u8 = (uint8_t)number;
        break;
    case AMQP_FIELD_KIND_U16:
        value->value.u16 = (uint16_t)number;
        break;
    case AMQP_FIELD_KIND_U32:
        value->value.u32 = (uint32_t)number;
        break;
    default:
        value->value.u64 = number;
    }
}

static bool integer_read(const struct plain *as, const char *text, amqp_field_value_t *value,
                         struct failure *failure) {
    value->kind = as->kind;
    if (as->kind == AMQP_FIELD_KIND_U64 && text[0] == '-')
        return unsupported(failure, "range:longlong");
    if (as->low == 0 || as->kind == AMQP_FIELD_KIND_U64) {
        uint64_t number;
        if (!unsigned_read(text, as->type, as->high, &number, failure))
            return false;
        set_unsigned(value, number);
        return true;
    }
    int64_t number;
    if (!signed_read(text, as->type, as->low, (int64_t)as->high, &number, failure))
        return false;
    set_integer(value, number);
    return true;
}

static bool decimal_read(const json_t *parts, amqp_decimal_t *decimal, struct failure *failure) {
    uint64_t scale;
    int64_t unscaled;
    if (!unsigned_read(json_string_value(json_object_get(parts, "scale")), "a scale", UINT8_MAX, &scale,
                       failure) ||
        !signed_read(json_string_value(json_object_get(parts, "unscaled")), "a decimal", INT32_MIN, INT32_MAX,
                     &unscaled, failure))
        return false;
    if (unscaled < 0)
        return unsupported(failure, "range:decimal");
    decimal->decimals = (uint8_t)scale;
    decimal->value = (uint32_t)unscaled;
    return true;
}

// Of `count` things of `size` octets. The pool gives none where nothing is asked for.
static void *many(amqp_pool_t *pool, size_t count, size_t size) {
    return count == 0 ? NULL : amqp_pool_alloc(pool, count * size);
}

static bool array_read(const json_t *items, amqp_pool_t *pool, amqp_array_t *array, struct failure *failure) {
    size_t count = json_array_size(items);
    array->num_entries = (int)count;
    array->entries = many(pool, count, sizeof *array->entries);
    for (size_t i = 0; i < count; i++)
        if (!value_read(json_array_get(items, i), pool, &array->entries[i], failure))
            return false;
    return true;
}

bool table_read(const json_t *pairs, amqp_pool_t *pool, amqp_table_t *table, struct failure *failure) {
    size_t count = json_array_size(pairs);
    table->num_entries = (int)count;
    table->entries = many(pool, count, sizeof *table->entries);
    for (size_t i = 0; i < count; i++) {
        const json_t *pair = json_array_get(pairs, i);
        amqp_table_entry_t *entry = &table->entries[i];
        if (!text_read(json_array_get(pair, 0), pool, &entry->key, failure) ||
            !value_read(json_array_get(pair, 1), pool, &entry->value, failure))
            return false;
    }
    return true;
}

static bool is(const char *type, const char *name) { return strcmp(type, name) == 0; }

bool value_read(const json_t *typed, amqp_pool_t *pool, amqp_field_value_t *value, struct failure *failure) {
    const char *type = json_string_value(json_object_get(typed, "type"));
    const json_t *content = json_object_get(typed, "value");
    const char *word = json_string_value(content);
    for (size_t i = 0; i < sizeof INTEGERS / sizeof *INTEGERS; i++)
        if (is(type, INTEGERS[i].type))
            return integer_read(&INTEGERS[i], word, value, failure);
    if (is(type, "boolean")) {
        value->kind = AMQP_FIELD_KIND_BOOLEAN;
        value->value.boolean = is(word, "true");
    } else if (is(type, "float")) {
        value->kind = AMQP_FIELD_KIND_F32;
        uint32_t bits = (uint32_t)strtoul(word, NULL, 16);
        memcpy(&value->value.f32, &bits, sizeof bits);
    } else if (is(type, "double")) {
        value->kind = AMQP_FIELD_KIND_F64;
        uint64_t bits = strtoull(word, NULL, 16);
        memcpy(&value->value.f64, &bits, sizeof bits);
    } else if (is(type, "decimal")) {
        value->kind = AMQP_FIELD_KIND_DECIMAL;
        return decimal_read(content, &value->value.decimal, failure);
    } else if (is(type, "longstr") || is(type, "binary")) {
        value->kind = is(type, "longstr") ? AMQP_FIELD_KIND_UTF8 : AMQP_FIELD_KIND_BYTES;
        return text_read(content, pool, &value->value.bytes, failure);
    } else if (is(type, "array")) {
        value->kind = AMQP_FIELD_KIND_ARRAY;
        return array_read(content, pool, &value->value.array, failure);
    } else if (is(type, "table")) {
        value->kind = AMQP_FIELD_KIND_TABLE;
        return table_read(content, pool, &value->value.table, failure);
    } else if (is(type, "void")) {
        value->kind = AMQP_FIELD_KIND_VOID;
    } else if (is(type, "unparsed")) {
        return unsupported(failure, "type:unparsed");
    } else {
        return fail(failure, BUG, "%s is no type of a header", type);
    }
    return true;
}

// --- out
// -------------------------------------------------------------------------------------------------------

static json_t *typed(const char *type, json_t *value) {
    return json_pack("{s:s,s:o}", "type", type, "value", value);
}

static json_t *number(const char *type, int64_t value) {
    return typed(type, json_sprintf("%" PRId64, value));
}

static json_t *natural(const char *type, uint64_t value) {
    return typed(type, json_sprintf("%" PRIu64, value));
}

static json_t *float_write(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return typed("float", json_sprintf("%08" PRIx32, bits));
}

static json_t *double_write(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return typed("double", json_sprintf("%016" PRIx64, bits));
}

static json_t *decimal_write(amqp_decimal_t value) {
    json_t *parts = json_pack("{s:o,s:o}", "scale", json_sprintf("%u", value.decimals), "unscaled",
                              json_sprintf("%" PRIu32, value.value));
    // A decimal of the protocol is signed. Digits that it cannot hold are a plain number, as an application
    // sees.
    return typed(value.value <= INT32_MAX ? "decimal" : "native-decimal", parts);
}

static json_t *array_write(const amqp_array_t *array) {
    json_t *items = json_array();
    for (int i = 0; i < array->num_entries; i++)
        json_array_append_new(items, value_write(&array->entries[i]));
    return typed("array", items);
}

json_t *table_write(const amqp_table_t *table) {
    json_t *pairs = json_array();
    for (int i = 0; i < table->num_entries; i++) {
        const amqp_table_entry_t *entry = &table->entries[i];
        json_array_append_new(pairs, json_pack("[o,o]", text_write(entry->key), value_write(&entry->value)));
    }
    return typed("table", pairs);
}

json_t *value_write(const amqp_field_value_t *value) {
    switch (value->kind) {
    case AMQP_FIELD_KIND_BOOLEAN:
        return typed("boolean", json_string(value->value.boolean ? "true" : "false"));
    case AMQP_FIELD_KIND_I8:
        return number("int8", value->value.i8);
    case AMQP_FIELD_KIND_U8:
        return number("uint8", value->value.u8);
    case AMQP_FIELD_KIND_I16:
        return number("int16", value->value.i16);
    case AMQP_FIELD_KIND_U16:
        return number("uint16", value->value.u16);
    case AMQP_FIELD_KIND_I32:
        return number("int32", value->value.i32);
    case AMQP_FIELD_KIND_U32:
        return number("uint32", value->value.u32);
    case AMQP_FIELD_KIND_I64:
        return number("int64", value->value.i64);
    case AMQP_FIELD_KIND_U64:
        // The library's word for the tag L: an unsigned number, which is none of the protocol's types.
        return natural("native-int", value->value.u64);
    case AMQP_FIELD_KIND_TIMESTAMP:
        return natural("timestamp", value->value.u64);
    case AMQP_FIELD_KIND_F32:
        return float_write(value->value.f32);
    case AMQP_FIELD_KIND_F64:
        return double_write(value->value.f64);
    case AMQP_FIELD_KIND_DECIMAL:
        return decimal_write(value->value.decimal);
    case AMQP_FIELD_KIND_UTF8:
        return typed("longstr", text_write(value->value.bytes));
    case AMQP_FIELD_KIND_BYTES:
        return typed("binary", text_write(value->value.bytes));
    case AMQP_FIELD_KIND_ARRAY:
        return array_write(&value->value.array);
    case AMQP_FIELD_KIND_TABLE:
        return table_write(&value->value.table);
    case AMQP_FIELD_KIND_VOID:
        return json_pack("{s:s}", "type", "void");
    default:
        return json_pack("{s:s,s:s,s:o}", "type", "native-other", "name", "amqp_field_value_t", "text",
                         json_sprintf("kind %u", value->kind));
    }
}
