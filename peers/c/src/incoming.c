// What comes unasked: deliveries, the broker's words on publications, cancels and closes.
#include "link.h"
#include "message.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool same_bytes(amqp_bytes_t one, amqp_bytes_t other) {
    return one.len == other.len && (one.len == 0 || memcmp(one.bytes, other.bytes, one.len) == 0);
}

json_t *delivery_write(amqp_bytes_t queue, uint64_t tag, bool redelivered, amqp_bytes_t exchange,
                       amqp_bytes_t routing_key, const amqp_message_t *message) {
    return json_pack("{s:s,s:o,s:I,s:b,s:o,s:o,s:o,s:o}", "type", "delivery", "queue", text_write(queue),
                     "delivery_tag", (json_int_t)tag, "redelivered", redelivered, "exchange",
                     text_write(exchange), "routing_key", text_write(routing_key), "properties",
                     properties_write(&message->properties), "body", body_write(message->body));
}

static void tell_delivery(struct session *session, const amqp_envelope_t *envelope) {
    const struct consumer *consumer = consumer_by_tag(session, envelope->consumer_tag);
    if (consumer == NULL) // the broker broke its word: it has none of that name
        return;
    output_line(session->output,
                delivery_write(consumer->queue, envelope->delivery_tag, envelope->redelivered,
                               envelope->exchange, envelope->routing_key, &envelope->message));
}

// The library raised while it handed a message over, and does not say whose. With one consumer there is no
// doubt.
static void tell_undecodable(struct session *session, int status) {
    const struct consumer *only = session->consumers;
    if (only == NULL || only->next != NULL) {
        fprintf(stderr, "rabbitmq-c peer: a message of nobody knows which queue: %s\n",
                amqp_error_string2(status));
        return;
    }
    output_line(session->output, json_pack("{s:s,s:o,s:s}", "type", "undecodable", "queue",
                                           text_write(only->queue), "message", amqp_error_string2(status)));
}

// What the library could not take. Unless the connection is done for, it goes on with the next message.
static enum taken not_taken(struct session *session, int status) {
    if (status == AMQP_STATUS_BAD_AMQP_DATA || !is_about_connection(status))
        tell_undecodable(session, status);
    if (!is_about_connection(status))
        return SOMETHING;
    lose(session, CONNECTION, 0, amqp_error_string2(status), (int)strlen(amqp_error_string2(status)));
    return LOST;
}

static enum taken take_returned(struct session *session, const amqp_basic_return_t *returned) {
    amqp_bytes_free(session->word.text);
    session->word.returned = true;
    session->word.code = returned->reply_code;
    session->word.text = amqp_bytes_malloc_dup(returned->reply_text);
    amqp_message_t message;
    struct failure failure;
    if (!reply_is_good(session, amqp_read_message(session->connection, THE_CHANNEL, &message, 0), &failure))
        return LOST;
    amqp_destroy_message(&message);
    return SOMETHING;
}

static void take_cancel(struct session *session, const amqp_basic_cancel_t *cancel) {
    struct consumer *consumer = consumer_by_tag(session, cancel->consumer_tag);
    if (!cancel->nowait) {
        amqp_basic_cancel_ok_t answer = {cancel->consumer_tag};
        amqp_send_method(session->connection, THE_CHANNEL, AMQP_BASIC_CANCEL_OK_METHOD, &answer);
    }
    if (consumer == NULL)
        return;
    output_line(session->output,
                json_pack("{s:s,s:o}", "type", "cancelled", "queue", text_write(consumer->queue)));
    forget_consumer(session, consumer);
}

static enum taken take_method(struct session *session, amqp_method_t method) {
    switch (method.id) {
    case AMQP_BASIC_ACK_METHOD: {
        const amqp_basic_ack_t *ack = method.decoded;
        settle(session, ack->delivery_tag, ack->multiple, true);
        return SOMETHING;
    }
    case AMQP_BASIC_NACK_METHOD: {
        const amqp_basic_nack_t *nack = method.decoded;
        settle(session, nack->delivery_tag, nack->multiple, false);
        return SOMETHING;
    }
    case AMQP_BASIC_RETURN_METHOD:
        return take_returned(session, method.decoded);
    case AMQP_BASIC_CANCEL_METHOD:
        take_cancel(session, method.decoded);
        return SOMETHING;
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
        lose_by_method(session, method);
        return LOST;
    default:
        fprintf(stderr, "rabbitmq-c peer: passed over %s\n", amqp_method_name(method.id));
        return SOMETHING;
    }
}

static enum taken take_frame(struct session *session) {
    const struct timeval now = {0, 0};
    amqp_frame_t frame;
    struct failure failure;
    int status = amqp_simple_wait_frame_noblock(session->connection, &frame, &now);
    if (!status_is_good(session, status, &failure))
        return LOST;
    return frame.frame_type == AMQP_FRAME_METHOD ? take_method(session, frame.payload.method) : SOMETHING;
}

enum taken take_one(struct session *session, const struct timeval *patience) {
    if (session->lost)
        return LOST;
    amqp_envelope_t envelope;
    struct failure failure;
    amqp_maybe_release_buffers(session->connection);
    amqp_rpc_reply_t reply = amqp_consume_message(session->connection, &envelope, patience, 0);
    if (reply.reply_type == AMQP_RESPONSE_NORMAL) {
        tell_delivery(session, &envelope);
        amqp_destroy_envelope(&envelope);
        return SOMETHING;
    }
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        if (reply.library_error == AMQP_STATUS_TIMEOUT)
            return NOTHING;
        if (reply.library_error == AMQP_STATUS_UNEXPECTED_STATE)
            return take_frame(session); // by the library's manual: something other than a delivery
        return not_taken(session, reply.library_error);
    }
    reply_is_good(session, reply, &failure);
    return LOST;
}

bool session_take(struct session *session, int most) {
    const struct timeval now = {0, 0};
    for (int count = 0; count < most; count++) {
        switch (take_one(session, &now)) {
        case NOTHING:
            return false;
        case LOST:
            output_closed(session->output, &session->loss);
            return false;
        case SOMETHING:
            break;
        }
    }
    return true;
}
