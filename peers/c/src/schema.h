// The peer protocol's JSON Schemas, and checking a line by them.
//
// Debian keeps no validator for C, so this one knows just those words of JSON Schema that the two schemas are
// written in. A schema that uses another word is refused when it is loaded: no rule is passed over in
// silence.
#ifndef SCHEMA_H
#define SCHEMA_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct schema;

// The schema in a file. NULL, and what is wrong with it in `fault`.
struct schema *schema_load(const char *path, char *fault, size_t size);
void schema_free(struct schema *schema);

// Whether `value` obeys; if not, `fault` says what is wrong and where.
bool schema_check(const struct schema *schema, const json_t *value, char *fault, size_t size);

#endif
