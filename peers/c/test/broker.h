// A broker for one connection, in a thread of its own: just enough AMQP 0-9-1, written without the library.
#ifndef BROKER_H
#define BROKER_H

#include <stddef.h>

// What a queue has: `count` messages with that property list (flags and values) and body, and what the broker
// does to its consumer after them.
struct offer {
    const char *queue;
    int count;
    const char *properties;
    size_t properties_length;
    const char *body;
    enum { NOTHING_MORE, CANCELS, CLOSES_CHANNEL, CLOSES_CONNECTION, HANGS_UP } then;
};

// What it does with a message is told by the routing key: "return", "nack", "channel", "connection" or any
// other. A declare of the queue or exchange "refused" closes the channel with 406.
struct broker;
struct broker *broker_start(const struct offer *offers, size_t count);
const char *broker_url(const struct broker *broker);
// Wait for the client to leave, and give the methods of class basic that a consumer sent: "ID
// ARGUMENTS-IN-HEX;". The caller frees it.
char *broker_end(struct broker *broker);

#endif
