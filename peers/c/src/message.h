// Messages: what a producer is asked to publish, and what a consumer was handed.
#ifndef MESSAGE_H
#define MESSAGE_H

#include "failure.h"
#include "library.h"

#include <jansson.h>

// The properties that are present. They live as long as `properties` of the request and `pool` do.
bool properties_read(const json_t *properties, amqp_pool_t *pool, amqp_basic_properties_t *made,
                     struct failure *failure);
json_t *properties_write(const amqp_basic_properties_t *properties);

// The octets of a body given as itself or as a pattern to repeat, which is checked against its SHA-256.
bool body_read(const json_t *body, amqp_pool_t *pool, amqp_bytes_t *octets, struct failure *failure);
json_t *body_write(amqp_bytes_t octets);

#endif
