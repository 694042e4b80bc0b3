// The peer of rabbitmq-c: `program peer --schema FOLDER` obeys the suite's peer protocol on its standard
// streams, `program version` says which release of the library is linked.
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FINE = 0, FAILED = 1, USAGE = 2, CHUNK = 1 << 16, IN_A_ROW = 256 };

// What was read of standard input and is not answered yet.
struct input {
    char *buffer;
    size_t length, room;
    bool over;
};

static void read_more(struct input *input) {
    if (input->length + CHUNK > input->room) {
        input->room = (input->length + CHUNK) * 2;
        input->buffer = realloc(input->buffer, input->room);
    }
    ssize_t count = read(STDIN_FILENO, input->buffer + input->length, CHUNK);
    if (count > 0)
        input->length += (size_t)count;
    else if (count == 0 || errno != EINTR)
        input->over = true;
}

// Answer all lines that are whole, and keep the rest.
static enum answered answer_lines(struct peer *peer, struct input *input, char *fault, size_t size) {
    enum answered answered = ANSWERED;
    char *start = input->buffer, *end = start + input->length, *stop;
    while (answered == ANSWERED && start < end &&
           (stop = memchr(start, '\n', (size_t)(end - start))) != NULL) {
        answered = peer_answer(peer, start, (size_t)(stop - start), fault, size);
        start = stop + 1;
    }
    input->length = (size_t)(end - start);
    if (input->length > 0)
        memmove(input->buffer, start, input->length);
    return answered;
}

// Wait until there is something to read on either side, or not at all.
static void wait_for(const struct peer *peer, struct input *input, bool at_once) {
    bool online = peer->session != NULL && !session_lost(peer->session);
    struct pollfd files[2] = {{STDIN_FILENO, POLLIN, 0},
                              {online ? session_socket(peer->session) : -1, POLLIN, 0}};
    if (poll(files, 2, at_once ? 0 : -1) > 0 && files[0].revents != 0)
        read_more(input);
}

// Serve until close, or the end of the input.
static int serve(struct peer *peer) {
    struct input input = {0};
    char fault[400] = "";
    enum answered answered = ANSWERED;
    while (!input.over) {
        bool more = false;
        if (peer->session != NULL && !session_lost(peer->session))
            more = session_take(peer->session, IN_A_ROW);
        output_flush(peer->output);
        wait_for(peer, &input, more);
        if ((answered = answer_lines(peer, &input, fault, sizeof fault)) != ANSWERED)
            break;
    }
    if (answered == ANSWERED && input.length > 0) {
        answered = BROKEN;
        strcpy(fault, "it ended within a line");
    }
    peer_disconnect(peer);
    output_flush(peer->output);
    free(input.buffer);
    if (answered == BROKEN)
        fprintf(stderr, "rabbitmq-c peer: standard input: %s\n", fault);
    return answered == BROKEN ? FAILED : FINE;
}

static struct schema *load(const char *folder, const char *name) {
    char path[4096], fault[4400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    struct schema *schema = schema_load(path, fault, sizeof fault);
    if (schema == NULL)
        fprintf(stderr, "rabbitmq-c peer: %s\n", fault);
    return schema;
}

static int run_peer(const char *folder) {
    struct schema *requests = load(folder, "peer-request.schema.json");
    struct schema *lines = load(folder, "peer-line.schema.json");
    int status = FAILED;
    if (requests != NULL && lines != NULL) {
        struct output output = {.lines = lines, .file = STDOUT_FILENO};
        struct peer peer = {.requests = requests, .output = &output};
        status = serve(&peer);
        free(output.buffer);
    }
    if (requests != NULL)
        schema_free(requests);
    if (lines != NULL)
        schema_free(lines);
    return status;
}

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "version") == 0) {
        puts(amqp_version());
        return FINE;
    }
    if (count == 4 && strcmp(words[1], "peer") == 0 && strcmp(words[2], "--schema") == 0)
        return run_peer(words[3]);
    fprintf(stderr, "usage: %s peer --schema FOLDER | version\n", words[0]);
    return USAGE;
}
