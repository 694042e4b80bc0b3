// Consuming, getting and settling.
#include "link.h"
#include "text.h"
#include "values.h"

#include <stdio.h>
#include <stdlib.h>

struct consumer *consumer_by_tag(struct session *session, amqp_bytes_t tag) {
    struct consumer *one = session->consumers;
    while (one != NULL && !same_bytes(one->tag, tag))
        one = one->next;
    return one;
}

static struct consumer *consumer_by_queue(struct session *session, amqp_bytes_t queue) {
    struct consumer *one = session->consumers;
    while (one != NULL && !same_bytes(one->queue, queue))
        one = one->next;
    return one;
}

static struct consumer *add_consumer(struct session *session, amqp_bytes_t queue) {
    char tag[32];
    snprintf(tag, sizeof tag, "consumer-%d", ++session->started);
    struct consumer *made = malloc(sizeof *made);
    made->tag = amqp_bytes_malloc_dup(amqp_cstring_bytes(tag));
    made->queue = amqp_bytes_malloc_dup(queue);
    made->next = session->consumers;
    session->consumers = made;
    return made;
}

void forget_consumer(struct session *session, struct consumer *consumer) {
    struct consumer **place = &session->consumers;
    while (*place != consumer)
        place = &(*place)->next;
    *place = consumer->next;
    amqp_bytes_free(consumer->tag);
    amqp_bytes_free(consumer->queue);
    free(consumer);
}

// Ask for a prefetch count where it differs from what holds for the channel.
static bool prefetch(struct session *session, int count, struct failure *failure) {
    const bool global = false;
    if (count == session->prefetch)
        return true;
    amqp_basic_qos(session->connection, THE_CHANNEL, 0, (uint16_t)count, global);
    if (!reply_is_good(session, amqp_get_rpc_reply(session->connection), failure))
        return false;
    session->prefetch = count;
    return true;
}

bool session_consume(struct session *session, const json_t *request, amqp_pool_t *pool,
                     struct failure *failure) {
    const bool no_local = false;
    amqp_table_t arguments;
    amqp_bytes_t queue;
    if (!text_read(json_object_get(request, "queue"), pool, &queue, failure) ||
        !table_read(json_object_get(json_object_get(request, "arguments"), "value"), pool, &arguments,
                    failure) ||
        !is_usable(session, failure) ||
        !prefetch(session, (int)json_integer_value(json_object_get(request, "prefetch")), failure))
        return false;
    struct consumer *made = add_consumer(session, queue);
    amqp_basic_consume(session->connection, THE_CHANNEL, queue, made->tag, no_local,
                       json_is_true(json_object_get(request, "no_ack")),
                       json_is_true(json_object_get(request, "exclusive")), arguments);
    if (reply_is_good(session, amqp_get_rpc_reply(session->connection), failure))
        return true;
    forget_consumer(session, made);
    return false;
}

bool session_cancel(struct session *session, amqp_bytes_t queue, struct failure *failure) {
    const struct timeval now = {0, 0};
    if (!is_usable(session, failure))
        return false;
    struct consumer *consumer = consumer_by_queue(session, queue);
    if (consumer == NULL)
        return fail(failure, BUG, "there is no consumer of that queue");
    amqp_basic_cancel(session->connection, THE_CHANNEL, consumer->tag);
    if (!reply_is_good(session, amqp_get_rpc_reply(session->connection), failure))
        return false;
    // What came before the answer waits in the library, and is told before ours.
    while (amqp_frames_enqueued(session->connection))
        if (take_one(session, &now) == LOST) {
            *failure = session->loss;
            return false;
        }
    if ((consumer = consumer_by_queue(session, queue)) != NULL) // the broker may have cancelled it meanwhile
        forget_consumer(session, consumer);
    return true;
}

// The library queues what comes before the answer to get, and reads a message from the front of that queue:
// while deliveries are in it they must be taken first.
static amqp_rpc_reply_t read_message(struct session *session, amqp_message_t *message) {
    const struct timeval now = {0, 0};
    for (;;) {
        amqp_rpc_reply_t reply = amqp_read_message(session->connection, THE_CHANNEL, message, 0);
        bool unexpected = reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
                          reply.library_error == AMQP_STATUS_UNEXPECTED_STATE;
        if (!unexpected || take_one(session, &now) != SOMETHING)
            return reply;
    }
}

// The answer to get lies in buffers of the library that taking a delivery gives back, so it is copied.
static amqp_basic_get_ok_t copy_of(const amqp_basic_get_ok_t *got) {
    amqp_basic_get_ok_t copy = *got;
    copy.exchange = amqp_bytes_malloc_dup(got->exchange);
    copy.routing_key = amqp_bytes_malloc_dup(got->routing_key);
    return copy;
}

bool session_get(struct session *session, amqp_bytes_t queue, json_t **delivery, struct failure *failure) {
    const bool no_ack = false;
    *delivery = NULL;
    if (!is_usable(session, failure))
        return false;
    amqp_rpc_reply_t reply = amqp_basic_get(session->connection, THE_CHANNEL, queue, no_ack);
    if (!reply_is_good(session, reply, failure))
        return false;
    if (reply.reply.id != AMQP_BASIC_GET_OK_METHOD)
        return true;
    amqp_basic_get_ok_t got = copy_of(reply.reply.decoded);
    amqp_message_t message;
    bool good = reply_is_good(session, read_message(session, &message), failure);
    if (good) {
        *delivery =
            delivery_write(queue, got.delivery_tag, got.redelivered, got.exchange, got.routing_key, &message);
        amqp_destroy_message(&message);
    }
    amqp_bytes_free(got.exchange);
    amqp_bytes_free(got.routing_key);
    return good;
}

bool session_ack(struct session *session, uint64_t tag, bool multiple, struct failure *failure) {
    return is_usable(session, failure) &&
           status_is_good(session, amqp_basic_ack(session->connection, THE_CHANNEL, tag, multiple), failure);
}

bool session_nack(struct session *session, uint64_t tag, bool multiple, bool requeue,
                  struct failure *failure) {
    return is_usable(session, failure) &&
           status_is_good(session, amqp_basic_nack(session->connection, THE_CHANNEL, tag, multiple, requeue),
                          failure);
}

bool session_reject(struct session *session, uint64_t tag, bool requeue, struct failure *failure) {
    return is_usable(session, failure) &&
           status_is_good(session, amqp_basic_reject(session->connection, THE_CHANNEL, tag, requeue),
                          failure);
}
