// Standard output: lines, each checked against the contract, joined into few writes.
#ifndef OUTPUT_H
#define OUTPUT_H

#include "failure.h"
#include "schema.h"

#include <jansson.h>

struct output {
    const struct schema *lines;
    int file;
    char *buffer;
    size_t length, room;
};

// Takes `line`, to be written with the next flush or when much has gathered. A line that breaks the contract,
// and a pipe that is gone, end the process: there is nobody to tell.
void output_line(struct output *output, json_t *line);
void output_flush(struct output *output);

void output_ok(struct output *output, json_int_t id);
void output_failure(struct output *output, json_int_t id, const struct failure *failure);
void output_closed(struct output *output, const struct failure *loss);

#endif
