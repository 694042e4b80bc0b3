#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MUCH = 1 << 16, ADAPTER_FAILED = 70 };

static int append(const char *text, size_t length, void *data) {
    struct output *output = data;
    if (output->length + length > output->room) {
        output->room = (output->length + length) * 2;
        output->buffer = realloc(output->buffer, output->room);
    }
    memcpy(output->buffer + output->length, text, length);
    output->length += length;
    return 0;
}

void output_line(struct output *output, json_t *line) {
    char fault[400];
    if (!schema_check(output->lines, line, fault, sizeof fault)) {
        char *text = json_dumps(line, JSON_COMPACT);
        fprintf(stderr, "rabbitmq-c peer: it broke the contract with %s: %s\n",
                text != NULL ? text : "no JSON", fault);
        exit(ADAPTER_FAILED);
    }
    json_dump_callback(line, append, output, JSON_COMPACT);
    append("\n", 1, output);
    json_decref(line);
    if (output->length >= MUCH)
        output_flush(output);
}

void output_flush(struct output *output) {
    for (size_t done = 0; done < output->length;) {
        ssize_t count = write(output->file, output->buffer + done, output->length - done);
        if (count < 0 && errno != EINTR) {
            fprintf(stderr, "rabbitmq-c peer: standard output: %s\n", strerror(errno));
            exit(ADAPTER_FAILED);
        }
        done += count > 0 ? (size_t)count : 0;
    }
    output->length = 0;
}

void output_ok(struct output *output, json_int_t id) {
    output_line(output, json_pack("{s:s,s:I}", "type", "ok", "id", id));
}

// The text of a failure may quote octets that are no UTF-8; they are shown as question marks.
static json_t *message_of(const struct failure *failure) {
    json_t *message = json_string(failure->message);
    if (message != NULL)
        return message;
    char text[sizeof failure->message];
    size_t i = 0;
    for (; failure->message[i] != 0; i++)
        text[i] = (unsigned char)failure->message[i] < 0x80 ? failure->message[i] : '?';
    text[i] = 0;
    return json_string(text);
}

static void add_loss(json_t *line, const struct failure *failure) {
    if (failure->code != 0)
        json_object_set_new(line, "code", json_integer(failure->code));
    if (failure->scope != NO_SCOPE)
        json_object_set_new(line, "scope", json_string(scope_name(failure->scope)));
}

void output_failure(struct output *output, json_int_t id, const struct failure *failure) {
    json_t *line = json_pack("{s:s,s:I,s:s,s:o}", "type", "error", "id", id, "kind", kind_name(failure->kind),
                             "message", message_of(failure));
    if (failure->what[0] != 0)
        json_object_set_new(line, "what", json_string(failure->what));
    add_loss(line, failure);
    output_line(output, line);
}

void output_closed(struct output *output, const struct failure *loss) {
    json_t *line = json_pack("{s:s,s:o}", "type", "closed", "message", message_of(loss));
    add_loss(line, loss);
    output_line(output, line);
}
