// Typed values of the protocol to the library's field values, and back.
//
// The library tells the wire type of what it decodes by `kind`, so both ways it is the exact one. Its integer
// of the tag L is an unsigned one and its decimal has no sign: numbers that they cannot hold are unsupported
// on the way in, and handed on as the library reads them on the way out.
#ifndef VALUES_H
#define VALUES_H

#include "failure.h"
#include "library.h"

#include <jansson.h>

// The names of the types that can be sent, NULL after the last, and what is declared as unsupported of
// values.
extern const char *const VALUE_TYPES[];
extern const char *const VALUE_LIMITS[];

// The field value of {"type": ..., "value": ...}. It lives as long as that and `pool` do.
bool value_read(const json_t *typed, amqp_pool_t *pool, amqp_field_value_t *value, struct failure *failure);
// The table of a list of [key, value]; none at all, NULL, is an empty one.
bool table_read(const json_t *pairs, amqp_pool_t *pool, amqp_table_t *table, struct failure *failure);

json_t *value_write(const amqp_field_value_t *value);
json_t *table_write(const amqp_table_t *table);

// A decimal text within bounds; `type` is for the message.
bool signed_read(const char *text, const char *type, int64_t low, int64_t high, int64_t *number,
                 struct failure *failure);
bool unsigned_read(const char *text, const char *type, uint64_t high, uint64_t *number,
                   struct failure *failure);

#endif
