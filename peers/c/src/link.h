// The parts of a session, for the modules that share it: session.c (the connection), incoming.c (what comes
// unasked), publish.c and consume.c.
#ifndef LINK_H
#define LINK_H

#include "session.h"

enum { THE_CHANNEL = 1, ANSWER_SECONDS = 10 };

struct consumer {
    amqp_bytes_t tag, queue;
    struct consumer *next;
};

struct session {
    amqp_connection_state_t connection;
    struct output *output;

    bool lost;
    struct failure loss; // why, if lost

    int prefetch;
    int started; // consumers so far
    struct consumer *consumers;

    bool confirming;
    uint64_t published; // since then: the last delivery tag
    uint64_t *unsettled;
    size_t unsettled_count, unsettled_room;
    struct outcome word; // on the last that was settled, and what was returned before it
};

// Tell a failure of the library's from the news that channel or connection are gone. The latter is
// remembered.
bool reply_is_good(struct session *session, amqp_rpc_reply_t reply, struct failure *failure);
bool status_is_good(struct session *session, int status, struct failure *failure);
// Whether a status of the library's is of a connection that is done for.
bool is_about_connection(int status);
// Whether there is a channel to ask anything of.
bool is_usable(const struct session *session, struct failure *failure);

// Remember why channel or connection are gone, from the method that closed it, and answer that.
void lose_by_method(struct session *session, amqp_method_t method);
void lose(struct session *session, enum scope scope, int code, const char *message, int length);

enum taken { NOTHING, SOMETHING, LOST };
// Take one thing that has come, or comes within `patience`. A loss is told by the caller.
enum taken take_one(struct session *session, const struct timeval *patience);

struct consumer *consumer_by_tag(struct session *session, amqp_bytes_t tag);
void forget_consumer(struct session *session, struct consumer *consumer);
void settle(struct session *session, uint64_t tag, bool multiple, bool acked);

json_t *delivery_write(amqp_bytes_t queue, uint64_t tag, bool redelivered, amqp_bytes_t exchange,
                       amqp_bytes_t routing_key, const amqp_message_t *message);
bool same_bytes(amqp_bytes_t one, amqp_bytes_t other);

#endif
