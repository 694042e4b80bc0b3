#include "message.h"

#include "text.h"
#include "values.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// Up to how many octets a body crosses the pipe as itself.
enum { INLINE_LIMIT = 4096 };

enum form { SHORTSTR, OCTET, TIMESTAMP, TABLE };

// A property: its bit among the flags, and where and in which form the library keeps it.
struct property {
    const char *name;
    amqp_flags_t flag;
    enum form form;
    size_t offset;
};

#define AT(member) offsetof(amqp_basic_properties_t, member)

// In the order of the flag bits (AMQP 0-9-1, 1.8).
static const struct property PROPERTIES[] = {
    {"content_type", AMQP_BASIC_CONTENT_TYPE_FLAG, SHORTSTR, AT(content_type)},
    {"content_encoding", AMQP_BASIC_CONTENT_ENCODING_FLAG, SHORTSTR, AT(content_encoding)},
    {"headers", AMQP_BASIC_HEADERS_FLAG, TABLE, AT(headers)},
    {"delivery_mode", AMQP_BASIC_DELIVERY_MODE_FLAG, OCTET, AT(delivery_mode)},
    {"priority", AMQP_BASIC_PRIORITY_FLAG, OCTET, AT(priority)},
    {"correlation_id", AMQP_BASIC_CORRELATION_ID_FLAG, SHORTSTR, AT(correlation_id)},
    {"reply_to", AMQP_BASIC_REPLY_TO_FLAG, SHORTSTR, AT(reply_to)},
    {"expiration", AMQP_BASIC_EXPIRATION_FLAG, SHORTSTR, AT(expiration)},
    {"message_id", AMQP_BASIC_MESSAGE_ID_FLAG, SHORTSTR, AT(message_id)},
    {"timestamp", AMQP_BASIC_TIMESTAMP_FLAG, TIMESTAMP, AT(timestamp)},
    {"type", AMQP_BASIC_TYPE_FLAG, SHORTSTR, AT(type)},
    {"user_id", AMQP_BASIC_USER_ID_FLAG, SHORTSTR, AT(user_id)},
    {"app_id", AMQP_BASIC_APP_ID_FLAG, SHORTSTR, AT(app_id)},
    {"cluster_id", AMQP_BASIC_CLUSTER_ID_FLAG, SHORTSTR, AT(cluster_id)},
};
enum { PROPERTY_COUNT = sizeof PROPERTIES / sizeof *PROPERTIES };

static const char *form_name(enum form form) {
    static const char *const names[] = {"shortstr", "octet", "timestamp", "table"};
    return names[form];
}

static bool shortstr_read(const json_t *content, amqp_pool_t *pool, amqp_bytes_t *place,
                          struct failure *failure) {
    if (!text_read(content, pool, place, failure))
        return false;
    return place->len <= UINT8_MAX || fail(failure, BUG, "%zu octets are no shortstr", place->len);
}

static bool property_read(const struct property *property, const json_t *typed, amqp_pool_t *pool,
                          void *place, struct failure *failure) {
    const char *type = json_string_value(json_object_get(typed, "type"));
    const json_t *content = json_object_get(typed, "value");
    uint64_t number;
    if (strcmp(type, form_name(property->form)) != 0)
        return fail(failure, BUG, "property %s is a %s, not a %s", property->name, form_name(property->form),
                    type);
    switch (property->form) {
    case SHORTSTR:
        return shortstr_read(content, pool, place, failure);
    case TABLE:
        return table_read(content, pool, place, failure);
    case TIMESTAMP:
        return unsigned_read(json_string_value(content), type, UINT64_MAX, place, failure);
    default:
        if (!unsigned_read(json_string_value(content), type, UINT8_MAX, &number, failure))
            return false;
        *(uint8_t *)place = (uint8_t)number;
        return true;
    }
}

bool properties_read(const json_t *properties, amqp_pool_t *pool, amqp_basic_properties_t *made,
                     struct failure *failure) {
    *made = (amqp_basic_properties_t){0};
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        const json_t *typed = json_object_get(properties, PROPERTIES[i].name);
        if (typed == NULL)
            continue;
        if (!property_read(&PROPERTIES[i], typed, pool, (char *)made + PROPERTIES[i].offset, failure))
            return false;
        made->_flags |= PROPERTIES[i].flag;
    }
    return true;
}

static json_t *property_write(const struct property *property, const void *place) {
    switch (property->form) {
    case SHORTSTR:
        return json_pack("{s:s,s:o}", "type", "shortstr", "value", text_write(*(const amqp_bytes_t *)place));
    case TABLE:
        return table_write(place);
    case TIMESTAMP:
        return json_pack("{s:s,s:o}", "type", "timestamp", "value",
                         json_sprintf("%" PRIu64, *(const uint64_t *)place));
    default:
        return json_pack("{s:s,s:o}", "type", "octet", "value", json_sprintf("%u", *(const uint8_t *)place));
    }
}

json_t *properties_write(const amqp_basic_properties_t *properties) {
    json_t *made = json_object();
    for (size_t i = 0; i < PROPERTY_COUNT; i++)
        if (properties->_flags & PROPERTIES[i].flag)
            json_object_set_new(
                made, PROPERTIES[i].name,
                property_write(&PROPERTIES[i], (const char *)properties + PROPERTIES[i].offset));
    return made;
}

static bool pattern_read(const json_t *body, amqp_pool_t *pool, amqp_bytes_t *octets,
                         struct failure *failure) {
    amqp_bytes_t pattern;
    size_t length = (size_t)json_integer_value(json_object_get(body, "length"));
    if (!text_read(json_object_get(body, "pattern"), pool, &pattern, failure))
        return false;
    if (pattern.len == 0 && length > 0)
        return fail(failure, BUG, "an empty pattern cannot fill a body");
    *octets = amqp_empty_bytes;
    if (length > 0)
        amqp_pool_alloc_bytes(pool, length, octets);
    for (size_t filled = 0; filled < length;) {
        const char *from = filled == 0 ? pattern.bytes : octets->bytes;
        size_t more = filled == 0 ? pattern.len : filled;
        more = more < length - filled ? more : length - filled;
        memcpy((char *)octets->bytes + filled, from, more);
        filled += more;
    }
    char digits[65];
    const char *wanted = json_string_value(json_object_get(body, "sha256"));
    sha256_hex(*octets, digits);
    if (strcmp(digits, wanted) != 0)
        return fail(failure, BUG, "the pattern makes a body of SHA-256 %s, not %s", digits, wanted);
    return true;
}

bool body_read(const json_t *body, amqp_pool_t *pool, amqp_bytes_t *octets, struct failure *failure) {
    const char *type = json_string_value(json_object_get(body, "type"));
    if (strcmp(type, "inline") == 0)
        return text_read(json_object_get(body, "value"), pool, octets, failure);
    if (strcmp(type, "pattern") == 0)
        return pattern_read(body, pool, octets, failure);
    return fail(failure, BUG, "a body given as %s cannot be made", type);
}

json_t *body_write(amqp_bytes_t octets) {
    if (octets.len <= INLINE_LIMIT)
        return json_pack("{s:s,s:o,s:s}", "type", "inline", "value", text_write(octets), "native", "bytes");
    char digits[65];
    sha256_hex(octets, digits);
    return json_pack("{s:s,s:I,s:s,s:s}", "type", "digest", "length", (json_int_t)octets.len, "sha256",
                     digits, "native", "bytes");
}
