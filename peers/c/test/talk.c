#include "talk.h"

#include "test.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct schema *load(const char *name) {
    char path[4096], fault[4400];
    snprintf(path, sizeof path, "%s/schema/%s", contract, name);
    struct schema *schema = schema_load(path, fault, sizeof fault);
    if (schema == NULL) {
        puts(fault);
        exit(1);
    }
    return schema;
}

void talk_start(struct talk *talk) {
    *talk =
        (struct talk){.requests = load("peer-request.schema.json"), .lines = load("peer-line.schema.json")};
    if (pipe(talk->pipe) != 0)
        exit(1);
    talk->output = (struct output){.lines = talk->lines, .file = talk->pipe[1]};
    talk->peer = (struct peer){.requests = talk->requests, .output = &talk->output};
    talk->text = strdup("");
}

static int lines_in(const char *text) {
    int count = 0;
    for (; *text != 0; text++)
        count += *text == '\n';
    return count;
}

// Move what lies in the pipe to `text`.
static void gather(struct talk *talk) {
    char buffer[65537];
    struct pollfd file = {talk->pipe[0], POLLIN, 0};
    output_flush(&talk->output);
    while (poll(&file, 1, 0) > 0) {
        ssize_t count = read(talk->pipe[0], buffer, sizeof buffer - 1);
        if (count <= 0)
            return;
        buffer[count] = 0;
        talk->text = realloc(talk->text, strlen(talk->text) + (size_t)count + 1);
        strcat(talk->text, buffer);
    }
}

enum answered talk_ask(struct talk *talk, const char *line) {
    char fault[400];
    enum answered answered = peer_answer(&talk->peer, line, strlen(line), fault, sizeof fault);
    gather(talk);
    return answered;
}

void talk_connect(struct talk *talk, const char *url) {
    char line[200];
    snprintf(line, sizeof line, "{\"op\":\"connect\",\"id\":1,\"url\":\"%s\"}", url);
    talk_ask(talk, line);
}

static bool online(const struct talk *talk) {
    return talk->peer.session != NULL && !session_lost(talk->peer.session);
}

void talk_wait(struct talk *talk, int count) {
    const int patience = 10000; // milliseconds
    for (bool quiet = false; !quiet && online(talk) && lines_in(talk->text) < count;) {
        bool more = session_take(talk->peer.session, 1);
        if (!more && online(talk)) {
            struct pollfd file = {session_socket(talk->peer.session), POLLIN, 0};
            quiet = poll(&file, 1, patience) == 0;
        }
        gather(talk);
    }
}

bool talk_wrote(struct talk *talk, const char *want) {
    const char *got = talk->text;
    bool same = true;
    while (same && *want != 0) {
        size_t length = strcspn(want, "\n"),
               dots = length >= 3 && memcmp(want + length - 3, "...", 3) == 0 ? 3 : 0;
        same = strncmp(got, want, length - dots) == 0 && (dots > 0 || got[length] == '\n');
        got += strcspn(got, "\n") + (same ? 1 : 0);
        want += length + 1;
    }
    same = same && *got == 0;
    if (!same)
        printf("it wrote\n%s", talk->text);
    talk->text[0] = 0;
    return same;
}

void talk_end(struct talk *talk) {
    peer_disconnect(&talk->peer);
    free(talk->output.buffer);
    free(talk->text);
    schema_free(talk->requests);
    schema_free(talk->lines);
    close(talk->pipe[0]);
    close(talk->pipe[1]);
}
