#include "broker.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct broker {
    const struct offer *offers;
    size_t count;
    int listener, socket;
    pthread_t thread;
    char url[64];
    char asked[4096];
    bool confirming;
    uint64_t tag;
    char key[256];
};

struct octets {
    unsigned char at[70000];
    size_t length;
};

static void put(struct octets *octets, const void *from, size_t count) {
    memcpy(octets->at + octets->length, from, count);
    octets->length += count;
}

static void put_number(struct octets *octets, uint64_t number, int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8)
        octets->at[octets->length++] = (unsigned char)(number >> shift);
}

static void put_text(struct octets *octets, const char *text, int size) {
    put_number(octets, strlen(text), size);
    put(octets, text, strlen(text));
}

// A client that is gone is met at the next read.
static void send_frame(struct broker *broker, int kind, int channel, const struct octets *payload) {
    struct octets frame = {.length = 0};
    put_number(&frame, (uint64_t)kind, 1);
    put_number(&frame, (uint64_t)channel, 2);
    put_number(&frame, payload->length, 4);
    put(&frame, payload->at, payload->length);
    put_number(&frame, 0xce, 1);
    send(broker->socket, frame.at, frame.length, MSG_NOSIGNAL);
}

static struct octets method(int class, int id) {
    struct octets made = {.length = 0};
    put_number(&made, (uint64_t) class, 2);
    put_number(&made, (uint64_t)id, 2);
    return made;
}

static void send_method(struct broker *broker, int channel, const struct octets *payload) {
    send_frame(broker, 1, channel, payload);
}

static void send_close(struct broker *broker, int channel, int code, const char *text) {
    struct octets close = method(channel == 0 ? 10 : 20, channel == 0 ? 50 : 40);
    put_number(&close, (uint64_t)code, 2);
    put_text(&close, text, 1);
    put_number(&close, 0, 4);
    send_method(broker, channel, &close);
}

static void send_content(struct broker *broker, const struct octets *lead, const struct offer *offer) {
    struct octets header = {.length = 0}, body = {.length = 0};
    size_t length = strlen(offer->body);
    put_number(&header, 60, 2);
    put_number(&header, 0, 2);
    put_number(&header, length, 8);
    put(&header, offer->properties, offer->properties_length);
    send_method(broker, 1, lead);
    send_frame(broker, 2, 1, &header);
    put(&body, offer->body, length);
    if (length > 0)
        send_frame(broker, 3, 1, &body);
}

static const struct offer *offer_of(const struct broker *broker, const char *queue) {
    for (size_t i = 0; i < broker->count; i++)
        if (strcmp(broker->offers[i].queue, queue) == 0)
            return &broker->offers[i];
    return NULL;
}

static void get_text(const unsigned char *from, char *text) {
    memcpy(text, from + 1, from[0]);
    text[from[0]] = 0;
}

static bool deliver(struct broker *broker, const char *queue, const char *consumer) {
    const struct offer *offer = offer_of(broker, queue);
    for (int i = 0; offer != NULL && i < offer->count; i++) {
        struct octets lead = method(60, 60);
        put_text(&lead, consumer, 1);
        put_number(&lead, (uint64_t)(i + 1), 8);
        put_number(&lead, 1, 1);
        put_text(&lead, "x", 1);
        put_text(&lead, "k", 1);
        send_content(broker, &lead, offer);
    }
    struct octets cancel = method(60, 30);
    put_text(&cancel, consumer, 1);
    put_number(&cancel, 1, 1);
    switch (offer == NULL ? NOTHING_MORE : offer->then) {
    case CANCELS:
        send_method(broker, 1, &cancel);
        return true;
    case CLOSES_CHANNEL:
        send_close(broker, 1, 406, "PRECONDITION_FAILED");
        return true;
    case CLOSES_CONNECTION:
        send_close(broker, 0, 541, "INTERNAL_ERROR");
        return true;
    default:
        return offer == NULL || offer->then != HANGS_UP;
    }
}

// Answer what only a consumer sends; false hangs up.
static bool consumer_method(struct broker *broker, int id, const unsigned char *arguments) {
    char queue[256], consumer[256];
    struct octets answer = method(60, id + 1);
    switch (id) {
    case 10: // qos
        send_method(broker, 1, &answer);
        return true;
    case 20: // consume
        get_text(arguments + 2, queue);
        get_text(arguments + 3 + strlen(queue), consumer);
        put_text(&answer, consumer, 1);
        send_method(broker, 1, &answer);
        return deliver(broker, queue, consumer);
    case 30: // cancel
        get_text(arguments, consumer);
        put_text(&answer, consumer, 1);
        send_method(broker, 1, &answer);
        return true;
    case 70: { // get
        get_text(arguments + 2, queue);
        const struct offer *offer = offer_of(broker, queue);
        struct octets lead = method(60, offer == NULL ? 72 : 71);
        if (offer == NULL) {
            put_text(&lead, "", 1);
            send_method(broker, 1, &lead);
            return true;
        }
        put_number(&lead, 1, 8);
        put_number(&lead, 0, 1);
        put_text(&lead, "x", 1);
        put_text(&lead, "k", 1);
        put_number(&lead, 0, 4);
        send_content(broker, &lead, offer);
        return true;
    }
    default:
        return true;
    }
}

static void declared(struct broker *broker, int class, int id, const unsigned char *arguments) {
    char name[256];
    struct octets answer = method(class, id + 1);
    get_text(arguments + 2, name);
    if (strcmp(name, "refused") == 0) {
        send_close(broker, 1, 406, "PRECONDITION_FAILED");
        return;
    }
    if (class == 50 && id == 10) {
        put_text(&answer, name, 1);
        put_number(&answer, 0, 8);
    }
    send_method(broker, 1, &answer);
}

// What becomes of a message whose header has come.
static void settle_it(struct broker *broker) {
    static const struct offer returned = {"", 1, "\0\0", 2, "", NOTHING_MORE};
    struct octets returns = method(60, 50), word = method(60, strcmp(broker->key, "nack") == 0 ? 120 : 80);
    broker->tag++;
    if (strcmp(broker->key, "channel") == 0) {
        send_close(broker, 1, 404, "NOT_FOUND");
        return;
    }
    if (strcmp(broker->key, "connection") == 0) {
        send_close(broker, 0, 541, "INTERNAL_ERROR");
        return;
    }
    if (strcmp(broker->key, "return") == 0) {
        put_number(&returns, 312, 2);
        put_text(&returns, "NO_ROUTE", 1);
        put_text(&returns, "", 1);
        put_text(&returns, broker->key, 1);
        send_content(broker, &returns, &returned);
    }
    put_number(&word, broker->tag, 8);
    put_number(&word, 0, 1);
    if (broker->confirming)
        send_method(broker, 1, &word);
}

static void note(struct broker *broker, int id, const unsigned char *arguments, size_t count) {
    char *end = broker->asked + strlen(broker->asked);
    end += sprintf(end, "%d ", id);
    for (size_t i = 0; i < count; i++)
        end += sprintf(end, "%02x", arguments[i]);
    strcpy(end, ";");
}

static bool answer(struct broker *broker, const unsigned char *payload, size_t length) {
    int class = payload[0] << 8 | payload[1], id = payload[2] << 8 | payload[3];
    const unsigned char *arguments = payload + 4;
    struct octets made = method(class, id + 1);
    switch (class << 16 | id) {
    case 10 << 16 | 11: // start-ok
        made = method(10, 30);
        put_number(&made, 10, 2);
        put_number(&made, 131072, 4);
        put_number(&made, 0, 2);
        send_method(broker, 0, &made);
        return true;
    case 10 << 16 | 40: // open
        put_number(&made, 0, 1);
        send_method(broker, 0, &made);
        return true;
    case 10 << 16 | 50: // close
        send_method(broker, 0, &made);
        return false;
    case 20 << 16 | 10: // channel.open
        put_number(&made, 0, 4);
        send_method(broker, 1, &made);
        return true;
    case 40 << 16 | 10: // exchange.declare, queue.declare, queue.bind
    case 50 << 16 | 10:
    case 50 << 16 | 20:
        declared(broker, class, id, arguments);
        return true;
    case 85 << 16 | 10: // confirm.select
        broker->confirming = true;
        broker->tag = 0;
        send_method(broker, 1, &made);
        return true;
    case 60 << 16 | 40: // publish
        get_text(arguments + 3 + arguments[2], broker->key);
        return true;
    default:
        if (class != 60)
            return true;
        note(broker, id, arguments, length - 4);
        return consumer_method(broker, id, arguments);
    }
}

static bool read_all(int socket, void *into, size_t count) {
    return recv(socket, into, count, MSG_WAITALL) == (ssize_t)count;
}

static void *converse(void *data) {
    struct broker *broker = data;
    unsigned char lead[8];
    static unsigned char payload[1 << 20];
    struct octets start = method(10, 10);
    put_number(&start, 9, 2);
    put_number(&start, 0, 4);
    put_text(&start, "PLAIN", 4);
    put_text(&start, "en_US", 4);
    broker->socket = accept(broker->listener, NULL, NULL);
    bool on = broker->socket >= 0 && read_all(broker->socket, lead, 8); // the protocol header
    if (on)
        send_method(broker, 0, &start);
    while (on && read_all(broker->socket, lead, 7)) {
        size_t length = (size_t)lead[3] << 24 | (size_t)lead[4] << 16 | (size_t)lead[5] << 8 | lead[6];
        on = length < sizeof payload && read_all(broker->socket, payload, length + 1);
        if (on && lead[0] == 1)
            on = answer(broker, payload, length);
        else if (on && lead[0] == 2)
            settle_it(broker);
    }
    close(broker->socket);
    return NULL;
}

struct broker *broker_start(const struct offer *offers, size_t count) {
    struct broker *broker = calloc(1, sizeof *broker);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    broker->offers = offers;
    broker->count = count;
    broker->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(broker->listener, (struct sockaddr *)&address, size) != 0 || listen(broker->listener, 1) != 0 ||
        getsockname(broker->listener, (struct sockaddr *)&address, &size) != 0) {
        perror("the fake broker");
        exit(1);
    }
    snprintf(broker->url, sizeof broker->url, "amqp://guest:guest@127.0.0.1:%d/%%2f",
             ntohs(address.sin_port));
    pthread_create(&broker->thread, NULL, converse, broker);
    return broker;
}

const char *broker_url(const struct broker *broker) { return broker->url; }

char *broker_end(struct broker *broker) {
    pthread_join(broker->thread, NULL);
    close(broker->listener);
    char *asked = strdup(broker->asked);
    free(broker);
    return asked;
}
