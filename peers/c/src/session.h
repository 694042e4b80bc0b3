// One connection with one channel, through the library. Single-threaded: the library waits for what it asks
// for, and what comes unasked is taken by session_take.
#ifndef SESSION_H
#define SESSION_H

#include "failure.h"
#include "library.h"
#include "output.h"

#include <jansson.h>

struct session;

// Connect by a URL. NULL, and why in `failure`. Events go to `output`.
struct session *session_open(const char *url, struct output *output, struct failure *failure);
// Close the connection, if it is not lost, and forget it; false if the broker did not answer.
bool session_close(struct session *session, struct failure *failure);

int session_socket(const struct session *session);
bool session_lost(const struct session *session);
// Take what has come, at most `most` things, without waiting. Whether more may be there already.
bool session_take(struct session *session, int most);

bool session_declare_exchange(struct session *session, const json_t *request, amqp_pool_t *pool,
                              struct failure *failure);
bool session_declare_queue(struct session *session, const json_t *request, amqp_pool_t *pool,
                           struct failure *failure);
bool session_bind(struct session *session, const json_t *request, amqp_pool_t *pool, struct failure *failure);

struct publication {
    amqp_bytes_t exchange, routing_key, body;
    bool mandatory;
    amqp_basic_properties_t properties;
};
// The broker's word on a publication; a message that was returned is acked too. The caller frees `text`.
struct outcome {
    bool acked, returned;
    int code;
    amqp_bytes_t text;
};
bool session_publish(struct session *session, const struct publication *publication, struct failure *failure);
bool session_confirm(struct session *session, const struct publication *publication, struct outcome *outcome,
                     struct failure *failure);

bool session_consume(struct session *session, const json_t *request, amqp_pool_t *pool,
                     struct failure *failure);
bool session_cancel(struct session *session, amqp_bytes_t queue, struct failure *failure);
// A message of the queue as its event, NULL if there is none.
bool session_get(struct session *session, amqp_bytes_t queue, json_t **delivery, struct failure *failure);

bool session_ack(struct session *session, uint64_t tag, bool multiple, struct failure *failure);
bool session_nack(struct session *session, uint64_t tag, bool multiple, bool requeue,
                  struct failure *failure);
bool session_reject(struct session *session, uint64_t tag, bool requeue, struct failure *failure);

#endif
