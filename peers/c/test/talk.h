// A peer in this process, asked line by line, and what it writes.
#ifndef TALK_H
#define TALK_H

#include "peer.h"

struct talk {
    struct schema *requests, *lines;
    struct output output;
    struct peer peer;
    int pipe[2];
    char *text; // what it wrote since the last talk_expect
};

void talk_start(struct talk *talk);
enum answered talk_ask(struct talk *talk, const char *line);
void talk_connect(struct talk *talk, const char *url);
// Take what comes from the broker until `count` lines were written in all, or nothing comes for long.
void talk_wait(struct talk *talk, int count);
// Whether the lines are those, each ended by a newline; one that ends in "..." is compared up to there.
bool talk_wrote(struct talk *talk, const char *want);
void talk_end(struct talk *talk);

#endif
