// Octets as they cross the pipe: a JSON string if they are UTF-8, else {"base64": ...}.
#ifndef TEXT_H
#define TEXT_H

#include "failure.h"
#include "library.h"

#include <jansson.h>

// The octets of `text`. They live as long as it and `pool` do.
bool text_read(const json_t *text, amqp_pool_t *pool, amqp_bytes_t *octets, struct failure *failure);
json_t *text_write(amqp_bytes_t octets);

// The SHA-256 of `octets` in lower-case hexadecimal digits.
void sha256_hex(amqp_bytes_t octets, char digits[65]);

#endif
